import type { RandomAccessFile } from '../files/random-access.ts';
import { StoredFile } from '../files/stored-file.ts';
import { isRemote } from './remote-path.ts';

/**
 * Opens a file by its path, or an object by its address (`https://…`, `http://…`, `s3://BUCKET/KEY`).
 *
 * @throws CemError `FILE_OPEN`; of addresses `REMOTE_RANGES`, `REMOTE_PACKAGE`; UsageError `REMOTE_ADDRESS`
 */
export async function openRandomAccess(path: string): Promise<RandomAccessFile> {
  if (!isRemote(path)) return StoredFile.open(path);
  const { openRemoteFile } = await import('./open-remote-file.ts');
  return openRemoteFile(path);
}

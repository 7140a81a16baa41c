import { isCemError } from '../errors.ts';
import { windowsOf } from '../files/random-access.ts';
import { openRandomAccess } from './open-random-access.ts';

/**
 * The text of a small object, in UTF-8; undefined where there is no such object.
 *
 * @throws as `openRandomAccess`, and as reading does
 */
export async function readRemoteText(address: string): Promise<string | undefined> {
  let file: Awaited<ReturnType<typeof openRandomAccess>>;
  try {
    file = await openRandomAccess(address);
  } catch (error) {
    if (isCemError(error, 'FILE_OPEN') && error.details['missing'] === true) return undefined;
    throw error;
  }
  try {
    const windows: Uint8Array[] = [];
    for await (const window of windowsOf(file)) windows.push(window);
    return Buffer.concat(windows).toString('utf8');
  } finally {
    await file.close();
  }
}

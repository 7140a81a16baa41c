import { isCemError } from '../errors.ts';
import { windowsOf } from '../files/random-access.ts';
import { openRandomAccess } from './open-random-access.ts';

/**
 * The text of a small object, in UTF-8; undefined where there is no such object.
 *
 * @throws as `openRandomAccess`, and as reading does
 */
export async function readRemoteText(address: string): Promise<string | undefined> {
  return (await readRemoteBytes(address))?.toString('utf8');
}

/**
 * The bytes of a small object; undefined where there is no such object.
 *
 * @throws as `readRemoteText`
 */
export async function readRemoteBytes(address: string): Promise<Buffer | undefined> {
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
    return Buffer.concat(windows);
  } finally {
    await file.close();
  }
}

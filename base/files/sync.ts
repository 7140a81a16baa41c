import { copyFile, open } from 'node:fs/promises';

/** Makes a rename or a new file in this folder last through a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  await syncPath(path, 'r');
}

/** Copies a file so that the copy lasts through a loss of power. */
export async function copySynced(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await syncPath(to, 'r+');
}

async function syncPath(path: string, flags: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { access } from 'node:fs/promises';

/** Whether something stands under this path that can be reached: a file, a folder, or a link to one. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file of the books of Debian that `scripts/books.sh` fetches, by its place in the package; undefined, and a line that says so, where it is not there. */
export function bookFile(path: string): string | undefined {
  const fetched = fileURLToPath(new URL(`../../.cache/books/${path}`, import.meta.url));
  const found = [fetched, `/${path}`].find(existsSync);
  if (found === undefined) console.log(`skipped: ${path} (scripts/books.sh fetches it)`);
  return found;
}

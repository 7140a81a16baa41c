import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** Real text that every checkout has after `npm ci`: the installed packages' README files, in one order on every machine. */
export function readmes(): Uint8Array[] {
  return readdirSync(MODULES)
    .sort()
    .map((name) => join(MODULES, name, 'README.md'))
    .filter((path) => existsSync(path))
    .map((path) => new Uint8Array(readFileSync(path)));
}

/** Passages of so many bytes, one after the other, from as few files as are needed. Borders of characters do not matter to what reads bytes. */
export function readmePassages(count: number, bytes: number): Uint8Array[] {
  const passages: Uint8Array[] = [];
  for (const file of readmes()) {
    for (let from = 0; from + bytes <= file.length; from += bytes) {
      passages.push(file.subarray(from, from + bytes));
      if (passages.length === count) return passages;
    }
  }
  return passages;
}

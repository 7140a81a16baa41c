import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files of a folder at a step, by name: some stay, some change, some come and go. */
export function filesAt(step: number): Map<string, string> {
  const files = new Map<string, string>();
  for (let number = 0; number < 6; number++) {
    const period = number + 2;
    // File n is away in every (n + 2)th step, and changes every second one of its own.
    if (step % period === 1) continue;
    const version = number === 0 ? 0 : Math.floor(step / period);
    files.set(`page-${number}.html`, page(number, version));
  }
  return files;
}

function page(number: number, version: number): string {
  const sentences = Array.from({ length: 3 + number }, (_, place) => `<p>${wordsOf(number, version, place)}</p>`);
  return `<!doctype html><html lang="en"><head><title>Page ${number}</title></head><body><main><h1>Page ${number}</h1>${sentences.join('')}</main></body></html>`;
}

const WORDS = 'anchor beacon cargo derrick engine ferry gangway harbour island jetty keel lantern mast navigator oar pilot'.split(
  ' ',
);

/** A sentence of words that depend on all three numbers. */
export function wordsOf(number: number, version: number, place: number): string {
  const words = Array.from(
    { length: 8 },
    (_, word) => WORDS[(7 * number + 3 * version + 5 * place + word * (place + 1)) % WORDS.length],
  );
  return `Sentence ${place} in version ${version}: ${words.join(' ')}.`;
}

/** Brings a folder to a step's files. */
export async function writeFilesOf(step: number, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const wanted = filesAt(step);
  for (const name of await readdir(folder)) if (!wanted.has(name)) await rm(join(folder, name));
  for (const [name, text] of wanted) await writeFile(join(folder, name), text);
}

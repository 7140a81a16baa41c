import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files of a folder at a step, by name: some stay, some change, some come and go. @param pictured whether some show a picture of their own, which changes with them */
export function filesAt(step: number, pictured = false): Map<string, string> {
  const files = new Map<string, string>();
  for (let number = 0; number < 6; number++) {
    const period = number + 2;
    // File n is away in every (n + 2)th step, and changes every second one of its own.
    if (step % period === 1) continue;
    const version = number === 0 ? 0 : Math.floor(step / period);
    files.set(`page-${number}.html`, page(number, version, pictured && number % 2 === 0));
  }
  return files;
}

function page(number: number, version: number, pictured: boolean): string {
  const sentences = Array.from({ length: 3 + number }, (_, place) => `<p>${wordsOf(number, version, place)}</p>`);
  return `<!doctype html><html lang="en"><head><title>Page ${number}</title></head><body><main><h1>Page ${number}</h1>${sentences.join('')}${pictured ? picture(number, version) : ''}</main></body></html>`;
}

/** A drawing that no other page and version has, with its caption. */
function picture(number: number, version: number): string {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="90"><rect width="120" height="90" fill="#fff"/><rect x="${5 + version}" y="${5 + number}" width="40" height="60" fill="#246"/></svg>`;
  return `<img src="data:image/svg+xml,${encodeURIComponent(drawing)}" alt="a box"><p>Figure ${number + 1}: a box in version ${version}</p>`;
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
export async function writeFilesOf(step: number, folder: string, pictured = false): Promise<void> {
  await mkdir(folder, { recursive: true });
  const wanted = filesAt(step, pictured);
  for (const name of await readdir(folder)) if (!wanted.has(name)) await rm(join(folder, name));
  for (const [name, text] of wanted) await writeFile(join(folder, name), text);
}

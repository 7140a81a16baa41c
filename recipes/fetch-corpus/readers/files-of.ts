import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Files below a folder whose path from there matches, as paths from there, in a fixed order. */
export async function filesOf(folder: string, matching: RegExp): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((path) => matching.test(path)).sort();
}

/** A file's text; one whose name ends on .gz or .dz is decompressed. */
export async function readText(folder: string, path: string): Promise<string> {
  return (await readBytes(folder, path)).toString('utf8');
}

/** A file's bytes; those of one whose name ends on .gz or .dz are decompressed. */
export async function readBytes(folder: string, path: string): Promise<Buffer> {
  const bytes = await readFile(join(folder, path));
  return /\.[gd]z$/.test(path) ? gunzipSync(bytes) : bytes;
}

/** Text with white space of any kind as one space. */
export function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

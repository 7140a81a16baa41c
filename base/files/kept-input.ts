import { createWriteStream, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../bytes.ts';
import { CemError } from '../errors.ts';
import { removeLeftTemporaries, temporaryName } from './temporary-name.ts';

const PURPOSE = 'cem-input';
/** Folders of what is kept now. */
const folders = new Set<string>();

/** A stream that was kept, so that it can be read more than once. */
export interface KeptInput {
  /** A file with what the stream gave, compressed if the stream was. */
  readonly path: string;
  /** Takes `path` away. */
  remove(): Promise<void>;
}

/**
 * Keeps what a stream of JSONL gives (also gzip or zstd) in a temporary file: packing reads its corpus twice. The file's place is the system's folder for
 * temporary files; what a process that was killed left there goes when the next one keeps something.
 *
 * @throws CemError `INPUT_KEEP` when it cannot be written
 */
export async function keepInput(stream: Readable): Promise<KeptInput> {
  await removeLeftTemporaries(tmpdir(), PURPOSE);
  const folder = join(tmpdir(), temporaryName(PURPOSE));
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    folders.delete(folder);
  };
  try {
    folders.add(folder);
    await mkdir(folder, { mode: 0o700 });
    const path = join(folder, 'standard-input.jsonl');
    await pipeline(stream, createWriteStream(path));
    return { path, remove };
  } catch (cause) {
    await remove();
    throw new CemError('INPUT_KEEP', `the input could not be kept in ${folder}: ${messageOf(cause)}; name a file instead`, {
      details: { folder },
      cause,
    });
  }
}

/** Takes away at once whatever this process keeps: for handlers of signals, which end it. */
export function removeKeptInputs(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

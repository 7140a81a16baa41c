import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CemError, messageOf, UsageError, writeFileAtomically } from '../../base/index.ts';
import type { LongEmbedSetResult } from './long-embed-result.ts';
import type { LongEmbedSet } from './read-long-embed.ts';

interface KeptSet {
  readonly request: unknown;
  /** SHA-256 of the set's files. */
  readonly data: string;
  readonly result: LongEmbedSetResult;
}

/** Results of sets in a folder, a file each, so that a run that was killed measures none of them twice. */
export class KeptSets {
  readonly #folder: string;
  readonly #request: unknown;

  /** @param request all that a result depends on but the set itself: checkpoint, teacher, packing; as JSON */
  constructor(folder: string, request: Readonly<Record<string, unknown>>) {
    this.#folder = folder;
    this.#request = JSON.parse(JSON.stringify(request));
  }

  /**
   * The result of a set, where it was measured.
   *
   * @throws UsageError `LONG_EMBED_OTHER` when it was measured of something else; CemError `LONG_EMBED_KEPT` when its file is no JSON
   */
  async read(set: LongEmbedSet): Promise<LongEmbedSetResult | undefined> {
    const path = this.#pathOf(set);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const { request, data, result } = parseKept(text, path);
    if (isDeepStrictEqual(request, this.#request) && data === (await digestOf(set.folder))) return result;
    throw new UsageError(
      'LONG_EMBED_OTHER',
      `${path} was measured with another checkpoint, teacher, dictionary or data; give each measurement an --output of its own`,
      { details: { path } },
    );
  }

  async write(set: LongEmbedSet, result: LongEmbedSetResult): Promise<void> {
    const kept: KeptSet = { request: this.#request as KeptSet['request'], data: await digestOf(set.folder), result };
    await mkdir(this.#folder, { recursive: true });
    await writeFileAtomically(this.#pathOf(set), Buffer.from(`${JSON.stringify(kept, null, 2)}\n`, 'utf8'));
  }

  #pathOf({ task, length }: LongEmbedSet): string {
    return join(this.#folder, length === undefined ? `${task.name}.json` : `${task.name}-${length}.json`);
  }
}

function parseKept(text: string, path: string): KeptSet {
  try {
    return JSON.parse(text) as KeptSet;
  } catch (cause) {
    throw new CemError('LONG_EMBED_KEPT', `${path} is no JSON (${messageOf(cause)}): delete it, and the set is measured again`, {
      details: { path },
      cause,
    });
  }
}

/** SHA-256 of the names and the bytes of a folder's files. */
async function digestOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const path of paths.sort()) {
    hash.update(`${path.slice(folder.length)}\0`);
    for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(piece as Buffer);
  }
  return hash.digest('hex');
}

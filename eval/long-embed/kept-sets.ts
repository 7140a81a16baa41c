import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type JsonMeaning, readJsonFile, UsageError, writeFileAtomically } from '../../base/index.ts';
import type { LongEmbedSetResult } from './long-embed-result.ts';
import type { LongEmbedSet } from './read-long-embed.ts';

const MEANING: JsonMeaning = {
  code: 'LONG_EMBED_KEPT',
  what: 'the result of a set',
  remedy: 'delete it, and the set is measured again',
};
/** Files that we wrote ourselves: what they hold is compared with what is asked, and not looked through. */
const keptSchema = z.custom<KeptSet>((value) => typeof value === 'object' && value !== null);

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
   * @throws UsageError `LONG_EMBED_OTHER` when it was measured of something else; FormatError `LONG_EMBED_KEPT` when its file is no JSON
   */
  async read(set: LongEmbedSet): Promise<LongEmbedSetResult | undefined> {
    const path = this.#pathOf(set);
    const kept = await readJsonFile(path, keptSchema, MEANING);
    if (kept === undefined) return undefined;
    const { request, data, result } = kept;
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

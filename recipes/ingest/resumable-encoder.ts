import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { ByteSpan } from '../../base/index.ts';
import { addUnread, type ChunkEncoder, type ChunkVectors, TeacherCache, type Unread } from '../../encoders/index.ts';

/**
 * An encoder whose vectors are kept on disk as they come, so that an ingestion that was killed does not encode again what it had: the database knows nothing of it, since it takes all or
 * nothing. The same cache serves teachers; what stands there for a text is here a digest of dictionary, frame and span.
 */
export class ResumableEncoder implements ChunkEncoder, AsyncDisposable {
  readonly dimension: number;
  readonly #encoder: ChunkEncoder;
  readonly #cache: TeacherCache;
  readonly #folder: string;

  private constructor(encoder: ChunkEncoder, cache: TeacherCache, folder: string) {
    this.dimension = encoder.dimension;
    this.#encoder = encoder;
    this.#cache = cache;
    this.#folder = folder;
  }

  /** @param checkpoint content hash of the encoder's checkpoint: another one's vectors are others */
  static async open(folder: string, encoder: ChunkEncoder, checkpoint: string): Promise<ResumableEncoder> {
    const description = { id: 'cem', revision: checkpoint, dimension: encoder.dimension, settings: {} };
    return new ResumableEncoder(encoder, await TeacherCache.open(folder, description), folder);
  }

  async encodeChunks(
    frames: readonly Uint8Array[],
    dictionary: Uint8Array,
    passages?: readonly (readonly ByteSpan[] | undefined)[],
  ): Promise<ChunkVectors> {
    const base = createHash('sha256').update(dictionary).digest();
    const keys = frames.map((frame, place) => keysOf(base, frame, passages?.[place]));
    let unread: Unread | undefined;
    const vectors = await this.#cache.getOrCompute(keys.flat(), 'document', async (some) => {
      const wanted = new Map(some.map((key, row) => [key, row]));
      const places = [...keys.keys()].filter((place) => keys[place]!.some((key) => wanted.has(key)));
      const made = await this.#encoder.encodeChunks(
        places.map((place) => frames[place]!),
        dictionary,
        passages && places.map((place) => passages[place]),
      );
      unread = addUnread(unread, made.unread);
      const data = new Float32Array(some.length * this.dimension);
      for (const [row, key] of places.flatMap((place) => keys[place]!).entries()) {
        const target = wanted.get(key);
        if (target === undefined) continue;
        data.set(made.data.subarray(row * this.dimension, (row + 1) * this.dimension), target * this.dimension);
      }
      return { rows: some.length, dimension: this.dimension, data };
    });
    return { ...vectors, ...(unread && { unread }) };
  }

  /** Removes what is kept: it is in the database. */
  async forget(): Promise<void> {
    await this.#cache.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cache.close();
  }
}

/** One for each passage. */
function keysOf(dictionary: Uint8Array, frame: Uint8Array, spans: readonly ByteSpan[] | undefined): string[] {
  const chunk = createHash('sha256').update(dictionary).update(frame).digest('hex');
  return spans === undefined ? [chunk] : spans.map(({ start, end }) => `${chunk} ${start} ${end}`);
}

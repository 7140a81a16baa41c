import { createHash } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { CemError, cacheFolder, messageOf, type OnProgress } from '../../base/index.ts';
import type { EncoderDescription, TextEmbedder, Vectors } from '../encoder.ts';
import type { TeacherConfig } from '../teacher-config.ts';
import { cacheFolderName, cacheIdentity, claimCacheFolder } from './cache-identity.ts';
import { CacheSegment, KEY_BYTES, type StoredVector, segmentOf } from './cache-segment.ts';
import type { LabelBlock } from './label-file.ts';
import { createVectorCodec, type Precision, type VectorCodec } from './vector-codec.ts';

/** Texts that are computed, then written, in one go: what a kill loses at most. */
const TEXTS_A_BATCH = 256;

/** Neighbouring vectors are read together, up to this many at once, over gaps of unwanted ones up to the second number. */
const VECTORS_A_READ = 1024;
const GAP = 8;

/** Which of the model's two ways of embedding a text: they differ by prompt. */
export type TextKind = 'document' | 'query';

/** Calls the teacher: [texts.length, dimension]. */
export type Embed = (texts: readonly string[]) => Promise<Vectors>;

/** Folder of the caches of all teachers, unless the caller names another. */
export function teacherCacheFolder(): string {
  return join(cacheFolder(), 'teachers');
}

/** What a teacher's vectors are cached as, by its configuration (`teacher.cache`). */
export function cachePrecision(teacher: TeacherConfig): Precision {
  return (teacher.kind === 'transformers' ? teacher.cache : undefined) ?? 'fp32';
}

/**
 * Vectors of one teacher on disk, so that no text is embedded twice, in this run or another. Each teacher (id, revision, dimension, settings, precision) has a
 * folder of its own below the cache folder, with an `identity.json` that says whose it is and the segments that `cache-segment.ts` describes. Any number
 * of processes may use it at once; each sees what the others had written when it opened it.
 *
 * What `getOrCompute` returns is what is stored, bit for bit, also when it was computed just now: a run and its repetition see the same targets.
 */
export class TeacherCache {
  readonly description: EncoderDescription;
  readonly precision: Precision;
  /** Where this teacher's vectors lie. */
  readonly folder: string;
  readonly #codec: VectorCodec;
  readonly #entries = new Map<string, StoredVector>();
  readonly #segments: CacheSegment[] = [];
  #own: CacheSegment | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, description: EncoderDescription, precision: Precision) {
    this.folder = folder;
    this.description = description;
    this.precision = precision;
    this.#codec = createVectorCodec(precision, description.dimension);
  }

  /**
   * @param folder of all teachers' caches, see `teacherCacheFolder`
   * @param options.precision fp16 halves the files and rounds each number by up to 0.05%; the default is fp32
   *
   * Throws FormatError `TEACHER_CACHE_DAMAGED` when `identity.json` is not what it should be, CemError `TEACHER_CACHE_FOLDER` when the folder cannot be made or read.
   * Damaged vectors are no error: they count as absent.
   */
  static async open(
    folder: string,
    description: EncoderDescription,
    options: { precision?: Precision } = {},
  ): Promise<TeacherCache> {
    const precision = options.precision ?? 'fp32';
    const identity = cacheIdentity(description, precision);
    const own = join(folder, cacheFolderName(identity));
    const cache = new TeacherCache(own, description, precision);
    try {
      await mkdir(own, { recursive: true });
      await claimCacheFolder(own, identity);
      await cache.#openSegments();
    } catch (error) {
      await cache.close();
      throw error instanceof CemError ? error : folderError(own, error);
    }
    return cache;
  }

  /** Vectors that are at hand. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether a text's vector is at hand. It may turn out damaged when it is read. */
  has(text: string, kind: TextKind): boolean {
    return this.#entries.has(keyOf(text, kind));
  }

  /**
   * The texts' vectors in order: [texts.length, dimension]. Those that are not on disk come from `embed`, once for each distinct text, near lengths together, and are
   * written after every batch. Calls on one cache run one after the other.
   *
   * Throws CemError `TEACHER_CACHE_SHAPE` when `embed` gives other rows or dimensions than asked, `TEACHER_NOT_FINITE` when a vector holds NaN or infinity, and
   * `TEACHER_CACHE_FOLDER` when writing fails, and whatever `embed` throws; what was written before stays.
   */
  getOrCompute(texts: readonly string[], kind: TextKind, embed: Embed, onProgress?: OnProgress): Promise<Vectors> {
    const result = this.#queue.then(() => this.#getOrCompute(texts, kind, embed, onProgress));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** All vectors that are at hand, as they lie on disk; damaged ones are left out. Not while others are computed. */
  async *labels(): AsyncGenerator<LabelBlock> {
    const { dimension } = this.description;
    const order = new Map(this.#segments.map((segment, i) => [segment, i]));
    const keys = [...this.#entries]
      .sort(([, a], [, b]) => order.get(a.segment)! - order.get(b.segment)! || a.row - b.row)
      .map(([key]) => key);
    for (let start = 0; start < keys.length; start += VECTORS_A_READ) {
      const some = keys.slice(start, start + VECTORS_A_READ);
      const found: string[] = [];
      const vectors = new Float32Array(some.length * dimension);
      const deliver = (key: string, source: Buffer, position: number): void => {
        this.#codec.decode(source, position, vectors.subarray(found.length * dimension, (found.length + 1) * dimension));
        found.push(key);
      };
      await this.#readInto(some, deliver, () => undefined);
      yield { keys: found, vectors: vectors.subarray(0, found.length * dimension) };
    }
  }

  /**
   * Adds vectors by their texts' keys; those that are at hand stay.
   *
   * @returns how many were added
   * @throws CemError `TEACHER_NOT_FINITE`, `TEACHER_CACHE_FOLDER`
   */
  addLabels({ keys, vectors }: LabelBlock): Promise<number> {
    const { dimension } = this.description;
    const result = this.#queue.then(async () => {
      const rows = new Map<string, number>();
      keys.forEach((key, row) => {
        if (!this.#entries.has(key)) rows.set(key, row);
      });
      if (rows.size === 0) return 0;
      const data = new Float32Array(rows.size * dimension);
      [...rows.values()].forEach((row, i) => {
        data.set(vectors.subarray(row * dimension, (row + 1) * dimension), i * dimension);
      });
      await this.#append([...rows.keys()], this.#encode({ rows: rows.size, dimension, data }, rows.size));
      return rows.size;
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.#queue;
    const segments = this.#segments.splice(0);
    this.#entries.clear();
    this.#own = undefined;
    for (const segment of segments) await segment.close();
  }

  async #getOrCompute(texts: readonly string[], kind: TextKind, embed: Embed, onProgress?: OnProgress): Promise<Vectors> {
    const { dimension } = this.description;
    const data = new Float32Array(texts.length * dimension);
    const rowsOf = new Map<string, number[]>();
    texts.forEach((text, row) => {
      const key = keyOf(text, kind);
      const rows = rowsOf.get(key);
      if (rows === undefined) rowsOf.set(key, [row]);
      else rows.push(row);
    });
    let done = 0;
    const deliver = (key: string, source: Buffer, position: number): void => {
      const rows = rowsOf.get(key)!;
      const vector = data.subarray(rows[0]! * dimension, (rows[0]! + 1) * dimension);
      this.#codec.decode(source, position, vector);
      for (const row of rows.slice(1)) data.set(vector, row * dimension);
      done += rows.length;
    };
    await this.#readInto([...rowsOf.keys()], deliver, () => onProgress?.(done, texts.length));
    const missing = [...rowsOf]
      .filter(([key]) => !this.#entries.has(key))
      .map(([key, rows]) => ({ key, text: texts[rows[0]!]! }));
    missing.sort((a, b) => b.text.length - a.text.length);
    for (let start = 0; start < missing.length; start += TEXTS_A_BATCH) {
      const batch = missing.slice(start, start + TEXTS_A_BATCH);
      const stored = this.#encode(await embed(batch.map(({ text }) => text)), batch.length);
      await this.#append(
        batch.map(({ key }) => key),
        stored,
      );
      batch.forEach(({ key }, i) => {
        deliver(key, stored, i * this.#codec.bytesPerVector);
      });
      onProgress?.(done, texts.length);
    }
    return { rows: texts.length, dimension, data };
  }

  /** Reads the vectors of those keys that are at hand; of what turns out damaged it reads the spare, or forgets it. */
  async #readInto(
    keys: readonly string[],
    deliver: (key: string, source: Buffer, position: number) => void,
    onRead: () => void,
  ): Promise<void> {
    const { bytesPerVector } = this.#codec;
    const damaged: string[] = [];
    const wanted = keys.flatMap((key) => {
      const stored = this.#entries.get(key);
      return stored === undefined ? [] : [{ key, ...stored }];
    });
    const order = new Map(this.#segments.map((segment, i) => [segment, i]));
    wanted.sort((a, b) => order.get(a.segment)! - order.get(b.segment)! || a.row - b.row);
    for (let start = 0; start < wanted.length; ) {
      const { segment, row } = wanted[start]!;
      const joins = (item: StoredVector | undefined, before: number) =>
        item?.segment === segment && item.row - before <= GAP && item.row < row + VECTORS_A_READ;
      let end = start + 1;
      while (joins(wanted[end], wanted[end - 1]!.row)) end++;
      const bytes = await segment.read(row, wanted[end - 1]!.row - row + 1);
      for (const item of wanted.slice(start, end)) {
        const position = (item.row - row) * bytesPerVector;
        if (crc32(bytes.subarray(position, position + bytesPerVector)) === item.checksum) deliver(item.key, bytes, position);
        else damaged.push(item.key);
      }
      onRead();
      start = end;
    }
    if (damaged.length === 0) return;
    for (const key of damaged) {
      const spare = this.#entries.get(key)?.spare;
      if (spare === undefined) this.#entries.delete(key);
      else this.#entries.set(key, spare);
    }
    await this.#readInto(damaged, deliver, onRead);
  }

  #encode(vectors: Vectors, rows: number): Buffer {
    const { dimension } = this.description;
    if (vectors.rows !== rows || vectors.dimension !== dimension || vectors.data.length !== rows * dimension) {
      throw new CemError(
        'TEACHER_CACHE_SHAPE',
        `The teacher ${this.description.id} was asked for ${rows} vectors of ${dimension} dimensions and gave ${vectors.rows} of ${vectors.dimension}. Nothing of this batch was kept; the teacher is at fault.`,
        { details: { rows, dimension, gotRows: vectors.rows, gotDimension: vectors.dimension } },
      );
    }
    if (!vectors.data.every(Number.isFinite)) {
      throw new CemError(
        'TEACHER_NOT_FINITE',
        `The teacher ${this.description.id} gave a vector that holds NaN or infinity. Nothing of this batch was kept; try another dtype of the model.`,
      );
    }
    const stored = Buffer.alloc(rows * this.#codec.bytesPerVector);
    for (let row = 0; row < rows; row++) {
      this.#codec.encode(vectors.data.subarray(row * dimension, (row + 1) * dimension), stored, row * this.#codec.bytesPerVector);
    }
    return stored;
  }

  async #append(keys: readonly string[], stored: Buffer): Promise<void> {
    try {
      if (this.#own === undefined) {
        this.#own = await CacheSegment.create(this.folder, this.#codec.bytesPerVector);
        this.#segments.push(this.#own);
      }
      const added = await this.#own.append(keys, stored);
      added.forEach((entry, i) => {
        this.#entries.set(keys[i]!, entry);
      });
    } catch (error) {
      throw folderError(this.folder, error);
    }
  }

  async #openSegments(): Promise<void> {
    const names = (await readdir(this.folder)).map(segmentOf).filter((name) => name !== undefined);
    for (const name of names.sort()) {
      const segment = await CacheSegment.open(this.folder, name, this.#codec.bytesPerVector, (key, stored) => {
        const spare = this.#entries.get(key);
        this.#entries.set(key, spare === undefined ? stored : { ...stored, spare });
      });
      this.#segments.push(segment);
    }
  }
}

/** The same teacher, but what it has embedded before comes from the cache. Closing the cache is left to whoever opened it. */
export function cachedTeacher(embedder: TextEmbedder, cache: TeacherCache): TextEmbedder {
  return {
    description: embedder.description,
    embedDocuments: (texts, onProgress) =>
      cache.getOrCompute(texts, 'document', (missing) => embedder.embedDocuments(missing), onProgress),
    embedQueries: (texts, onProgress) =>
      cache.getOrCompute(texts, 'query', (missing) => embedder.embedQueries(missing), onProgress),
    dispose: () => embedder.dispose(),
  };
}

function folderError(folder: string, cause: unknown): CemError {
  const reason = messageOf(cause);
  return new CemError(
    'TEACHER_CACHE_FOLDER',
    `The teacher's cache ${folder} cannot be used: ${reason}. Make room or rights there, or name another folder in CEM_CACHE.`,
    { details: { folder }, cause },
  );
}

/** The first 16 bytes of a sha-256, one character a byte. */
function keyOf(text: string, kind: TextKind): string {
  return createHash('sha256').update(`${kind}\0${text}`).digest().toString('latin1', 0, KEY_BYTES);
}

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, cacheFolder, messageOf, type OnProgress, writeFileAtomically } from '../../base/index.ts';
import type { EncoderDescription } from '../encoder.ts';
import type { TokenEncoder, TokenVectors } from '../groups/token-encoder.ts';
import { decodeTokenRecord, encodeTokenRecord, type TokenPrecision } from './token-record.ts';
import { type RecordPlace, TOKEN_KEY_BYTES, TokenSegment, tokenSegmentOf } from './token-segment.ts';

/** Texts that are computed, then written, in one go: what a kill loses at most. */
const TEXTS_A_BATCH = 64;
const FORMAT_VERSION = 1;

export interface TokenCacheOptions {
  /** Of the caches of all encoders; `tokens` below the cache folder (`CEM_CACHE`) unless given. */
  readonly folder?: string | undefined;
  readonly precision?: TokenPrecision | undefined;
  /** Bytes that the encoder's files may take; what comes after is computed and not kept. */
  readonly limit?: number | undefined;
}

type Role = 'query' | 'document';

/**
 * A token encoder whose vectors are computed once and kept on disk, each encoder's (id, revision, settings, precision) in a folder of its own. What it gives is what is stored,
 * also when it was computed just now, so that a run and its repetition see the same. Any number of processes may use a folder at once; each sees what lay there when it opened it.
 */
export class CachedTokenEncoder implements TokenEncoder {
  readonly description: EncoderDescription;
  readonly tokenDimension: number;
  /** Where this encoder's vectors lie. */
  readonly folder: string;
  readonly #encoder: TokenEncoder;
  readonly #precision: TokenPrecision;
  readonly #limit: number;
  readonly #places = new Map<string, RecordPlace>();
  readonly #segments: TokenSegment[] = [];
  #own: TokenSegment | undefined;
  #bytes = 0;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(encoder: TokenEncoder, folder: string, precision: TokenPrecision, limit: number) {
    this.#encoder = encoder;
    this.description = encoder.description;
    this.tokenDimension = encoder.tokenDimension;
    this.folder = folder;
    this.#precision = precision;
    this.#limit = limit;
  }

  /**
   * Takes the encoder over: it is disposed of with the cache.
   *
   * @throws CemError `TOKEN_CACHE_FOLDER` where the folder cannot be made or read
   */
  static async open(encoder: TokenEncoder, options: TokenCacheOptions = {}): Promise<CachedTokenEncoder> {
    const { precision = 'float16', limit = Number.POSITIVE_INFINITY } = options;
    const { id, revision, dimension, settings } = encoder.description;
    const identity = `${JSON.stringify({ format: 'cem-token-cache', version: FORMAT_VERSION, precision, id, revision, dimension, tokenDimension: encoder.tokenDimension, settings }, null, 2)}\n`;
    const digest = createHash('sha256').update(identity).digest('hex').slice(0, 16);
    const folder = join(
      options.folder ?? join(cacheFolder(), 'tokens'),
      `${id.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80)}-${digest}`,
    );
    const cache = new CachedTokenEncoder(encoder, folder, precision, limit);
    try {
      await mkdir(folder, { recursive: true });
      const path = join(folder, 'identity.json');
      const found = await readFile(path, 'utf8').catch(() => undefined);
      if (found !== identity) await writeFileAtomically(path, Buffer.from(identity));
      await cache.#openSegments();
      return cache;
    } catch (error) {
      await cache.dispose();
      throw folderError(folder, error);
    }
  }

  /** Texts whose vectors are at hand. */
  get size(): number {
    return this.#places.size;
  }

  encodeQueryTokens(texts: readonly string[], onProgress?: OnProgress): Promise<TokenVectors[]> {
    return this.#inTurn('query', texts, onProgress);
  }

  encodeDocumentTokens(texts: readonly string[], onProgress?: OnProgress): Promise<TokenVectors[]> {
    return this.#inTurn('document', texts, onProgress);
  }

  async dispose(): Promise<void> {
    await this.#queue;
    this.#places.clear();
    for (const segment of this.#segments.splice(0)) await segment.close();
    await this.#encoder.dispose();
  }

  #inTurn(role: Role, texts: readonly string[], onProgress?: OnProgress): Promise<TokenVectors[]> {
    const result = this.#queue.then(() => this.#getOrCompute(role, texts, onProgress));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #getOrCompute(role: Role, texts: readonly string[], onProgress?: OnProgress): Promise<TokenVectors[]> {
    const found = new Map<string, TokenVectors>();
    const missing = new Map<string, string>();
    for (const text of new Set(texts)) {
      const stored = await this.#read(keyOf(role, text));
      if (stored === undefined) missing.set(text, keyOf(role, text));
      else found.set(text, stored);
    }
    // Near lengths together: the encoder pads less.
    const ordered = [...missing.keys()].sort((a, b) => b.length - a.length);
    for (let start = 0; start < ordered.length; start += TEXTS_A_BATCH) {
      const batch = ordered.slice(start, start + TEXTS_A_BATCH);
      const vectors =
        role === 'query' ? await this.#encoder.encodeQueryTokens(batch) : await this.#encoder.encodeDocumentTokens(batch);
      const records = vectors.map((one) => encodeTokenRecord(one, this.#precision));
      records.forEach((record, index) => {
        found.set(batch[index]!, decodeTokenRecord(record, this.#precision));
      });
      await this.#append(
        batch.map((text) => missing.get(text)!),
        records,
      );
      onProgress?.(found.size, texts.length);
    }
    return texts.map((text) => found.get(text)!);
  }

  /** Undefined where it is not at hand, or damaged. */
  async #read(key: string): Promise<TokenVectors | undefined> {
    const place = this.#places.get(key);
    const record = place && (await place.segment.read(place));
    if (record === undefined) this.#places.delete(key);
    return record && decodeTokenRecord(record, this.#precision);
  }

  async #append(keys: readonly string[], records: readonly Buffer[]): Promise<void> {
    const bytes = records.reduce((sum, { length }) => sum + length, 0);
    if (this.#bytes + bytes > this.#limit) return;
    try {
      if (this.#own === undefined) {
        this.#own = await TokenSegment.create(this.folder);
        this.#segments.push(this.#own);
      }
      const places = await this.#own.append(keys, records);
      places.forEach((place, index) => {
        this.#places.set(keys[index]!, place);
      });
      this.#bytes += bytes;
    } catch (error) {
      throw folderError(this.folder, error);
    }
  }

  async #openSegments(): Promise<void> {
    const names = (await readdir(this.folder)).map(tokenSegmentOf).filter((name) => name !== undefined);
    for (const name of names.sort()) {
      const segment = await TokenSegment.open(this.folder, name, (key, place) => {
        this.#places.set(key, place);
        this.#bytes += place.bytes;
      });
      this.#segments.push(segment);
    }
  }
}

/** The first 16 bytes of a sha-256, one character a byte. */
function keyOf(role: Role, text: string): string {
  return createHash('sha256').update(`${role}\0${text}`).digest().toString('latin1', 0, TOKEN_KEY_BYTES);
}

function folderError(folder: string, cause: unknown): CemError {
  return new CemError(
    'TOKEN_CACHE_FOLDER',
    `The cache of token vectors ${folder} cannot be used: ${messageOf(cause)}. Make room or rights there, or name another folder in CEM_CACHE.`,
    { details: { folder }, cause },
  );
}

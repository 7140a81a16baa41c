import assert from 'node:assert/strict';
import type { OnProgress } from '../../base/index.ts';
import type { CorpusVectors, Encoder, EncoderDescription, Vectors } from '../../encoders/index.ts';
import { type VectorContent, vectorKey } from './vector-key.ts';
import type { LoggedVectors, VectorLog } from './vector-log.ts';

/** Documents that are encoded between two appends to the log: what a kill costs at most. */
const BATCH_DOCUMENTS = 256;
const BATCH_CONTENT_BYTES = 512 * 1024;

/** Where vectors are kept, and what each document's vectors are made of. */
export interface KeptVectors {
  readonly log: VectorLog;
  contentOf(id: string): Promise<VectorContent>;
}

interface Item {
  readonly id: string;
  readonly key: string;
  readonly bytes: number;
}

/**
 * An encoder whose work on documents is measured, and with a log done once only: documents whose vectors the log has are not encoded again, and their time is the
 * time that it took then.
 */
export class MeteredEncoder implements Encoder {
  readonly #encoder: Encoder;
  readonly #kept: KeptVectors | undefined;
  #seconds = 0;
  #rows = 0;

  constructor(encoder: Encoder, kept?: KeptVectors) {
    this.#encoder = encoder;
    this.#kept = kept;
  }

  get description(): EncoderDescription {
    return this.#encoder.description;
  }

  /** What it took to encode all documents asked so far. */
  get documentSeconds(): number {
    return this.#seconds;
  }

  /** Vectors of all documents asked so far. */
  get rows(): number {
    return this.#rows;
  }

  encodeQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#encoder.encodeQueries(texts, onProgress);
  }

  async encodeCorpus(ids: readonly string[], onProgress?: OnProgress): Promise<CorpusVectors> {
    if (this.#kept !== undefined) return this.#encodeKept(ids, this.#kept, onProgress);
    const start = performance.now();
    const vectors = await this.#encoder.encodeCorpus(ids, onProgress);
    this.#seconds += (performance.now() - start) / 1000;
    this.#rows += vectors.rows;
    return vectors;
  }

  async #encodeKept(ids: readonly string[], { log, contentOf }: KeptVectors, onProgress?: OnProgress): Promise<CorpusVectors> {
    const items: Item[] = [];
    for (const id of ids) {
      const content = await contentOf(id);
      items.push({ id, key: vectorKey('document', this.description, content), bytes: sum(content.map(({ length }) => length)) });
    }
    const missing = [...new Map(items.filter(({ key }) => !log.has(key)).map((item) => [item.key, item])).values()];
    let done = ids.length - missing.length;
    for (const batch of inBatches(missing)) {
      onProgress?.(done, ids.length);
      await log.append(await this.#encodeBatch(batch));
      done += batch.length;
    }
    onProgress?.(ids.length, ids.length);
    return this.#assemble(await Promise.all(items.map(({ key }) => log.read(key))));
  }

  /** Encodes documents and cuts the rows of each out of the result; its share of the time goes by its rows. */
  async #encodeBatch(batch: readonly Item[]): Promise<[key: string, vectors: LoggedVectors][]> {
    const { dimension } = this.description;
    const start = performance.now();
    const vectors = await this.#encoder.encodeCorpus(batch.map(({ id }) => id));
    const seconds = (performance.now() - start) / 1000;
    assert.equal(vectors.owners.length, vectors.rows);
    let row = 0;
    return batch.map(({ key }, owner) => {
      const first = row;
      while (row < vectors.rows && vectors.owners[row] === owner) row++;
      const data = vectors.data.slice(first * dimension, row * dimension);
      return [key, { rows: row - first, dimension, data, seconds: (seconds * (row - first)) / Math.max(1, vectors.rows) }];
    });
  }

  #assemble(documents: readonly LoggedVectors[]): CorpusVectors {
    const { dimension } = this.description;
    const rows = sum(documents.map((document) => document.rows));
    const data = new Float32Array(rows * dimension); // [rows, dimension]
    const owners = new Int32Array(rows);
    let row = 0;
    documents.forEach((document, owner) => {
      data.set(document.data, row * dimension);
      owners.fill(owner, row, row + document.rows);
      row += document.rows;
    });
    this.#seconds += sum(documents.map(({ seconds }) => seconds));
    this.#rows += rows;
    return { rows, dimension, data, owners };
  }
}

function* inBatches(items: readonly Item[]): Generator<Item[]> {
  let batch: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    if (batch.length === BATCH_DOCUMENTS || (batch.length > 0 && bytes + item.bytes > BATCH_CONTENT_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += item.bytes;
  }
  if (batch.length > 0) yield batch;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

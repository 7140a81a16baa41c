import { type Dictionary, readDictionary } from '../zpkg/dictionary.ts';
import { parseFrame } from '../zpkg/frame.ts';
import { tf } from './backend/tf.ts';
import type { ModelConfig } from './config.ts';
import type { OnProgress, Vectors } from './encoders/encoder.ts';
import { buildGraph, initializeWeights } from './graph.ts';
import { HashTables } from './hash-tables.ts';
import { NgramHash } from './ngram-hash.ts';
import { DictionaryRows, symbolRows } from './rope.ts';
import { batchChunks, type EncodedChunk, encodeChunk, type SymbolBatch } from './symbol-batch.ts';

/** A batch for encoding holds at most this many padded symbols, so that memory does not grow with the number of chunks. */
const SYMBOLS_PER_ENCODING_BATCH = 16_384;

/**
 * Largest decompressed size of a chunk that is encoded, in bytes. Containers allow more, but encoding takes time and memory for every byte that a chunk stands for: a small hostile
 * frame must not take seconds and gigabytes. Chunks of the default size hold at most 256 KiB.
 */
const LARGEST_ENCODED_CONTENT = 4 * 1024 * 1024;

/** A container's dictionary as the encoder uses it: parsed for the frames, hashed for the rope. */
export interface PreparedDictionary {
  readonly dictionary: Dictionary | undefined;
  readonly rows: DictionaryRows;
}

/**
 * CEM: from a compressed chunk to its vector. The whole forward path in the order in which it happens:
 * frame -> LZ symbols -> rope -> table rows (`encode`), rows -> symbol embeddings (`tables.embed`), embeddings -> patches -> transformer -> vector (`graph`).
 * Training and indexing use this same object.
 */
export class CemModel {
  readonly config: ModelConfig;
  readonly dimension: number;
  readonly graph: tf.LayersModel;
  readonly tables: HashTables;
  readonly hash: NgramHash;
  readonly #dictionaries = new WeakMap<Uint8Array, PreparedDictionary>();

  constructor(config: ModelConfig, dimension: number, graph: tf.LayersModel, tables: HashTables) {
    this.config = config;
    this.dimension = dimension;
    this.graph = graph;
    this.tables = tables;
    this.hash = new NgramHash(config.tables.sizes, config.tables.rows, config.tables.hashFunction);
  }

  /** A new model whose weights depend on the seed alone. */
  static create(config: ModelConfig, dimension: number, seed: number): CemModel {
    const graph = buildGraph(config, dimension);
    initializeWeights(graph, seed);
    const tables = new HashTables(config.local.dimension, config.tables.sizes.length, config.tables.rows);
    tables.randomize(seed);
    return new CemModel(config, dimension, graph, tables);
  }

  /** Any container's dictionary will do: it belongs to the container, not to the model. Prepared once for each array. */
  prepareDictionary(bytes: Uint8Array): PreparedDictionary {
    const known = this.#dictionaries.get(bytes);
    if (known) return known;
    const usesDictionary = this.config.input === 'symbols' && bytes.length > 0;
    const dictionary = usesDictionary ? readDictionary(bytes) : undefined;
    const prepared = { dictionary, rows: new DictionaryRows(dictionary?.content ?? new Uint8Array(0), this.hash) };
    this.#dictionaries.set(bytes, prepared);
    return prepared;
  }

  /** Table rows of one compressed chunk; nothing is decompressed. Throws FormatError on a malformed frame, `FRAME_TOO_LARGE` above 4 MiB of content. */
  encode(frame: Uint8Array, dictionary: PreparedDictionary): EncodedChunk {
    const symbols =
      this.config.input === 'bytes'
        ? bytesAsSymbols(frame)
        : parseFrame(frame, dictionary.dictionary, { maximumSize: LARGEST_ENCODED_CONTENT });
    const rope = symbolRows(symbols, dictionary.rows, this.hash);
    return encodeChunk(rope, dictionary.rows.ids, this.config.tables.sizes.length, this.config.maximumSymbols);
  }

  /** Chunks side by side, padded to what patches and attention windows divide. */
  batch(chunks: readonly EncodedChunk[]): SymbolBatch {
    return batchChunks(chunks, (longest) => this.#paddedSymbols(longest));
  }

  /**
   * @param symbols [batch, symbols, local dimension]: `tables.embed(batch)` as a tensor
   * @returns [batch, dimension], L2-normalised; the caller owns it
   */
  apply(symbols: tf.Tensor3D, batch: SymbolBatch): tf.Tensor2D {
    return tf.tidy(() => {
      const shape: [number, number] = [batch.size, batch.symbols];
      return this.graph.apply([
        symbols,
        tf.tensor2d(batch.lengths, shape),
        tf.tensor2d(batch.kinds, shape, 'int32'),
      ]) as tf.Tensor2D;
    });
  }

  /**
   * Vectors of compressed chunks, in their order.
   *
   * @param dictionary the dictionary section of the container that holds them (empty: none)
   */
  async encodeChunks(frames: readonly Uint8Array[], dictionary: Uint8Array, onProgress?: OnProgress): Promise<Vectors> {
    const prepared = this.prepareDictionary(dictionary);
    const encoded = frames.map((frame) => this.encode(frame, prepared));
    const order = encoded.map((_, index) => index).sort((a, b) => encoded[a]!.count - encoded[b]!.count);
    const data = new Float32Array(frames.length * this.dimension);
    let next = 0;
    while (next < order.length) {
      const members: number[] = [];
      while (next < order.length) {
        const padded = this.#paddedSymbols(encoded[order[next]!]!.count);
        if (members.length > 0 && (members.length + 1) * padded > SYMBOLS_PER_ENCODING_BATCH) break;
        members.push(order[next++]!);
      }
      const vectors = await this.#embedBatch(this.batch(members.map((index) => encoded[index]!)));
      members.forEach((index, row) => {
        data.set(vectors.subarray(row * this.dimension, (row + 1) * this.dimension), index * this.dimension);
      });
      onProgress?.(next, order.length);
    }
    return { rows: frames.length, dimension: this.dimension, data };
  }

  async #embedBatch(batch: SymbolBatch): Promise<Float32Array> {
    const vectors = tf.tidy(() => {
      const symbols = tf.tensor3d(this.tables.embed(batch), [batch.size, batch.symbols, this.config.local.dimension]);
      return this.apply(symbols, batch);
    });
    try {
      return (await vectors.data()) as Float32Array;
    } finally {
      vectors.dispose();
    }
  }

  #paddedSymbols(longest: number): number {
    const { patchSize, local } = this.config;
    const patched = Math.max(1, Math.ceil(longest / patchSize)) * patchSize;
    if (patched <= 2 * local.window) return patched;
    const multiple = leastCommonMultiple(patchSize, local.window);
    return Math.ceil(longest / multiple) * multiple;
  }

  dispose(): void {
    this.graph.dispose();
  }
}

/** The `bytes` input: every byte of the frame is a literal, whatever it encodes. */
function bytesAsSymbols(frame: Uint8Array) {
  return {
    count: frame.length,
    lengths: new Uint32Array(frame.length).fill(1),
    offsets: new Uint32Array(frame.length),
    literals: frame,
    size: frame.length,
    blockStarts: new Uint32Array(1),
  };
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

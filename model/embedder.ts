import { type Dictionary, readDictionary } from '../zpkg/dictionary.ts';
import { UsageError } from '../zpkg/errors.ts';
import { type FrameSymbols, parseFrame } from '../zpkg/frame.ts';
import { tf } from './backend/tf.ts';
import { type ModelConfig, ngramTables, patchingOf } from './config.ts';
import type { OnProgress, Vectors } from './encoders/encoder.ts';
import { buildGraph, graphInputs, initializeWeights } from './graph.ts';
import { HashTables } from './hash-tables.ts';
import { truncateVectors } from './matryoshka.ts';
import { NgramHash } from './ngram-hash.ts';
import { createPatcher } from './patching/create-patcher.ts';
import { frameBorders } from './patching/frame-borders.ts';
import type { Patcher } from './patching/patcher.ts';
import { DictionaryRows, symbolRows } from './rope.ts';
import { batchChunks, type EncodedChunk, encodeChunk, type SymbolBatch } from './symbol-batch.ts';

/** A batch for encoding holds at most this many padded symbols, so that memory does not grow with the number of chunks. */
const SYMBOLS_PER_ENCODING_BATCH = 16_384;

/**
 * Largest decompressed size of a chunk that is encoded, in bytes. Containers allow more, but encoding takes time and memory for every byte that a chunk stands for: a small hostile
 * frame must not take seconds and gigabytes. Chunks of the default size hold at most 256 KiB.
 */
const LARGEST_ENCODED_CONTENT = 4 * 1024 * 1024;

const NO_BYTES = new Uint8Array(0);
/** The first symbol begins a block, no other does. */
const NO_BORDERS = new Uint32Array(1);

/** A container's dictionary as the encoder uses it: parsed for the frames, hashed for the rope. */
export interface PreparedDictionary {
  readonly dictionary: Dictionary | undefined;
  /** One for each hash function. */
  readonly rows: readonly DictionaryRows[];
}

/**
 * CEM: from a compressed chunk to its vector. The whole forward path in the order in which it happens:
 * frame -> LZ symbols -> rope -> table rows and patch borders (`encode`), rows -> symbol embeddings (`tables.embed`), embeddings -> patches -> transformer -> vector (`graph`).
 * Training and indexing use this same object. A model with the input `text`, which only experiments have, is given texts (`encodeText`) and refuses frames.
 */
export class CemModel {
  readonly config: ModelConfig;
  readonly dimension: number;
  readonly graph: tf.LayersModel;
  readonly tables: HashTables;
  /** At least one. */
  readonly hashes: readonly NgramHash[];
  #entropyPatcher: Patcher | undefined;
  readonly #dictionaries = new WeakMap<Uint8Array, PreparedDictionary>();

  /** @throws UsageError `MATRYOSHKA_TOO_LONG` when a listed dimension is longer than the model's own */
  constructor(config: ModelConfig, dimension: number, graph: tf.LayersModel, tables: HashTables) {
    const longest = config.matryoshka?.at(-1) ?? 0;
    if (longest > dimension) {
      throw new UsageError(
        'MATRYOSHKA_TOO_LONG',
        `model.matryoshka lists ${longest}, vectors have ${dimension} numbers (the teacher's); list none that is longer`,
        { details: { longest, dimension } },
      );
    }
    this.config = config;
    this.dimension = dimension;
    this.graph = graph;
    this.tables = tables;
    const { sizes, rows, hashFunction, hashFunctions = 1 } = config.tables;
    this.hashes = Array.from({ length: hashFunctions }, (_, index) => new NgramHash(sizes, rows, hashFunction + index));
  }

  /** A new model whose weights depend on the seed alone. */
  static create(config: ModelConfig, dimension: number, seed: number): CemModel {
    const graph = buildGraph(config, dimension);
    initializeWeights(graph, seed);
    const tables = new HashTables(config.local.dimension, ngramTables(config), config.tables.rows);
    tables.randomize(seed);
    return new CemModel(config, dimension, graph, tables);
  }

  /** Entropy patching asks a language model, which is not part of this one: it must be given before the first text is encoded. */
  useEntropyPatcher(patcher: Patcher): void {
    this.#entropyPatcher = patcher;
  }

  /** Any container's dictionary will do: it belongs to the container, not to the model. Prepared once for each array. */
  prepareDictionary(bytes: Uint8Array): PreparedDictionary {
    const known = this.#dictionaries.get(bytes);
    if (known) return known;
    const usesDictionary = this.config.input === 'symbols' && bytes.length > 0;
    const dictionary = usesDictionary ? readDictionary(bytes) : undefined;
    const content = dictionary?.content ?? NO_BYTES;
    const prepared = { dictionary, rows: this.hashes.map((hash) => new DictionaryRows(content, hash)) };
    this.#dictionaries.set(bytes, prepared);
    return prepared;
  }

  /**
   * Table rows and patches of one compressed chunk; nothing is decompressed.
   *
   * @throws FormatError on a malformed frame, `FRAME_TOO_LARGE` above 4 MiB of content; UsageError `TEXT_MODEL_READS_NO_FRAMES`
   */
  encode(frame: Uint8Array, dictionary: PreparedDictionary): EncodedChunk {
    if (this.config.input === 'text') {
      throw new UsageError(
        'TEXT_MODEL_READS_NO_FRAMES',
        'this model was trained on text (model.input: text, for experiments only) and reads no compressed chunks; index and search with a model whose input is symbols or bytes',
      );
    }
    if (this.config.input === 'bytes') {
      const blockStarts = patchingOf(this.config).kind === 'frame' ? frameBorders(frame) : NO_BORDERS;
      return this.#encodeSymbols(bytesAsSymbols(frame, blockStarts), dictionary.rows);
    }
    const symbols = parseFrame(frame, dictionary.dictionary, { maximumSize: LARGEST_ENCODED_CONTENT });
    return this.#encodeSymbols(symbols, dictionary.rows);
  }

  /** To be awaited before `encodeText` of these texts: entropy patching asks its language model about them; otherwise it does nothing. */
  async prepareTexts(texts: readonly Uint8Array[]): Promise<void> {
    await this.#entropyPatcher?.prepare?.(texts);
  }

  /**
   * Table rows and patches of a text, for models with the input `text`: every byte is a literal.
   *
   * @param text UTF-8
   * @throws UsageError `MODEL_READS_FRAMES` on any other model; CemError `PATCHING_NO_ENTROPY_MODEL` with entropy patching before `useEntropyPatcher`, `PATCHING_UNPREPARED`
   * before `prepareTexts`
   */
  encodeText(text: Uint8Array): EncodedChunk {
    if (this.config.input !== 'text') {
      throw new UsageError(
        'MODEL_READS_FRAMES',
        `this model reads compressed chunks (model.input: ${this.config.input}), never their text; give it frames`,
      );
    }
    return this.#encodeSymbols(bytesAsSymbols(text, NO_BORDERS), this.prepareDictionary(NO_BYTES).rows, text);
  }

  #encodeSymbols(symbols: FrameSymbols, dictionaries: readonly DictionaryRows[], text?: Uint8Array): EncodedChunk {
    const { maximumSymbols, tables } = this.config;
    const [first, ...others] = this.hashes.map((hash, index) => {
      const dictionary = dictionaries[index]!;
      return encodeChunk(symbolRows(symbols, dictionary, hash), dictionary.ids, tables.sizes.length, maximumSymbols);
    });
    // Hash functions differ in the rows of n-grams alone.
    const chunk = { ...first!, rows: [...first!.rows, ...others.flatMap(({ rows }) => rows.slice(1))] };
    const patching = patchingOf(this.config);
    // The graph counts static patches itself.
    if (patching.kind === 'static') return chunk;
    const { count, lengths } = chunk;
    const { blockStarts } = symbols;
    const patcher = createPatcher(patching, this.config.patchSize, this.#entropyPatcher);
    const patchStarts = patcher.boundaries({ count, lengths, blockStarts, ...(text ? { text: text.subarray(0, count) } : {}) });
    return { ...chunk, patchStarts };
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
    return tf.tidy(() => this.graph.apply(graphInputs(symbols, batch)) as tf.Tensor2D);
  }

  /**
   * Vectors of compressed chunks, in their order.
   *
   * @param dictionary the dictionary section of the container that holds them (empty: none)
   * @param dimension the model's own, or one of `model.matryoshka`: vectors are cut to it and normalised again
   * @throws what `encode` throws; UsageError `DIMENSION_NOT_TRAINED`
   */
  async encodeChunks(
    frames: readonly Uint8Array[],
    dictionary: Uint8Array,
    onProgress?: OnProgress,
    dimension = this.dimension,
  ): Promise<Vectors> {
    this.#checkDimension(dimension);
    const prepared = this.prepareDictionary(dictionary);
    return this.#embed(
      frames.map((frame) => this.encode(frame, prepared)),
      dimension,
      onProgress,
    );
  }

  /** The same of texts, for models with the input `text`. */
  async encodeTexts(texts: readonly Uint8Array[], onProgress?: OnProgress, dimension = this.dimension): Promise<Vectors> {
    this.#checkDimension(dimension);
    await this.prepareTexts(texts);
    return this.#embed(
      texts.map((text) => this.encodeText(text)),
      dimension,
      onProgress,
    );
  }

  #checkDimension(dimension: number): void {
    const trained = [...(this.config.matryoshka ?? []), this.dimension];
    if (trained.includes(dimension)) return;
    throw new UsageError(
      'DIMENSION_NOT_TRAINED',
      `this model was not trained for vectors of ${dimension} numbers; it has ${trained.join(', ')} (model.matryoshka)`,
      { details: { dimension, trained } },
    );
  }

  async #embed(encoded: readonly EncodedChunk[], dimension: number, onProgress?: OnProgress): Promise<Vectors> {
    const order = encoded.map((_, index) => index).sort((a, b) => encoded[a]!.count - encoded[b]!.count);
    const data = new Float32Array(encoded.length * this.dimension);
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
    return truncateVectors({ rows: encoded.length, dimension: this.dimension, data }, dimension);
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
    const { local } = this.config;
    const patchSize = patchingOf(this.config).kind === 'static' ? this.config.patchSize : 1;
    const patched = Math.max(1, Math.ceil(longest / patchSize)) * patchSize;
    if (patched <= 2 * local.window) return patched;
    const multiple = leastCommonMultiple(patchSize, local.window);
    return Math.ceil(longest / multiple) * multiple;
  }

  dispose(): void {
    this.graph.dispose();
    this.tables.dispose();
  }
}

/** The inputs `bytes` and `text`: every byte is a literal, whatever it encodes. */
function bytesAsSymbols(bytes: Uint8Array, blockStarts: Uint32Array): FrameSymbols {
  return {
    count: bytes.length,
    lengths: new Uint32Array(bytes.length).fill(1),
    offsets: new Uint32Array(bytes.length),
    literals: bytes,
    size: bytes.length,
    blockStarts,
  };
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

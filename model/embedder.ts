import assert from 'node:assert/strict';
import { type ByteSpan, type OnProgress, UsageError } from '../base/index.ts';
import { addUnread, type ChunkVectors, type PatchVectors, type Unread, type Vectors } from '../encoders/index.ts';
import { type ModelConfig, ngramTables } from './config.ts';
import { encodingBatches } from './encoding-batches.ts';
import { buildGraph, graphInputs, initializeWeights } from './graph.ts';
import { truncateVectors } from './matryoshka.ts';
import { PatchGraph } from './patch-graph.ts';
import type { Patcher } from './patching/patcher.ts';
import type { EncodedChunk, SymbolBatch } from './symbols/symbol-batch.ts';
import { type PreparedDictionary, SymbolReader } from './symbols/symbol-reader.ts';
import { HashTables } from './tables/hash-tables.ts';
import { tf } from './tf.ts';

export type { PreparedDictionary };

/** Passages of long chunks are encoded in groups of about so many bytes of text, since each byte takes some 30 bytes of memory until its vector is there. */
const BYTES_PER_GROUP = 4 * 1024 * 1024;

export interface EncodingOptions {
  readonly onProgress?: OnProgress;
  /** The model's own unless given, or one of `model.matryoshka`: vectors are cut to it and normalised again. */
  readonly dimension?: number;
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
  readonly #reader: SymbolReader;
  #patches: PatchGraph | undefined;

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
    this.#reader = new SymbolReader(config);
  }

  /** A new model whose weights depend on the seed alone. */
  static create(config: ModelConfig, dimension: number, seed: number): CemModel {
    const graph = buildGraph(config, dimension);
    initializeWeights(graph, seed);
    const tables = new HashTables(config.local.dimension, ngramTables(config), config.tables.rows);
    tables.randomize(seed);
    return new CemModel(config, dimension, graph, tables);
  }

  /** See `SymbolReader.useEntropyPatcher`. */
  useEntropyPatcher(patcher: Patcher): void {
    this.#reader.useEntropyPatcher(patcher);
  }

  /** See `SymbolReader.prepareDictionary`. */
  prepareDictionary(bytes: Uint8Array): PreparedDictionary {
    return this.#reader.prepareDictionary(bytes);
  }

  /** Table rows and patches of one compressed chunk; nothing is decompressed. Errors: see `SymbolReader.encode`. */
  encode(frame: Uint8Array, dictionary: PreparedDictionary): EncodedChunk {
    return this.#reader.encode(frame, dictionary);
  }

  /** The same of passages of it, each as if it stood alone. Errors: see `SymbolReader.encodePassages`. */
  encodePassages(frame: Uint8Array, dictionary: PreparedDictionary, spans: readonly ByteSpan[]): EncodedChunk[] {
    return this.#reader.encodePassages(frame, dictionary, spans);
  }

  /** See `SymbolReader.prepareTexts`. */
  async prepareTexts(texts: readonly Uint8Array[]): Promise<void> {
    await this.#reader.prepareTexts(texts);
  }

  /** Table rows and patches of a text, for models with the input `text`. Errors: see `SymbolReader.encodeText`. */
  encodeText(text: Uint8Array): EncodedChunk {
    return this.#reader.encodeText(text);
  }

  /** Chunks side by side, padded to what patches and attention windows divide. */
  batch(chunks: readonly EncodedChunk[]): SymbolBatch {
    return this.#reader.batch(chunks);
  }

  /** See `SymbolReader.paddedSymbols`. */
  paddedSymbols(longest: number): number {
    return this.#reader.paddedSymbols(longest);
  }

  /**
   * @param symbols [batch, symbols, local dimension]: `tables.embed(batch)` as a tensor
   * @returns [batch, dimension], L2-normalised; the caller owns it
   */
  apply(symbols: tf.Tensor3D, batch: SymbolBatch): tf.Tensor2D {
    return tf.tidy(() => this.graph.apply(graphInputs(symbols, batch)) as tf.Tensor2D);
  }

  /**
   * Vectors of compressed chunks or their passages, in the order of the frames and of each frame's passages.
   *
   * @param dictionary the dictionary section of the container that holds them (empty: none)
   * @param passages [frames] spans of each frame's content; without them, or where one is undefined, a frame is its own one passage
   * @throws what `encode` and `encodePassages` throw; UsageError `DIMENSION_NOT_TRAINED`
   */
  async encodeChunks(
    frames: readonly Uint8Array[],
    dictionary: Uint8Array,
    passages?: readonly (readonly ByteSpan[] | undefined)[],
    { onProgress, dimension = this.dimension }: EncodingOptions = {},
  ): Promise<ChunkVectors> {
    this.#checkDimension(dimension);
    const prepared = this.prepareDictionary(dictionary);
    if (passages === undefined) {
      const encoded = frames.map((frame) => this.encode(frame, prepared));
      const unread = unreadOf(encoded);
      return { ...(await this.#embed(encoded, dimension, onProgress)), ...(unread && { unread }) };
    }
    assert(passages.length === frames.length, `passages of ${passages.length} chunks, of ${frames.length} frames`);
    const rows = passages.reduce((sum, spans) => sum + (spans?.length ?? 1), 0);
    const data = new Float32Array(rows * dimension);
    let unread: Unread | undefined;
    let done = 0;
    for (let frame = 0; frame < frames.length; ) {
      const encoded: EncodedChunk[] = [];
      for (let bytes = 0; frame < frames.length && bytes < BYTES_PER_GROUP; frame++) {
        const spans = passages[frame];
        const own = spans ? this.encodePassages(frames[frame]!, prepared, spans) : [this.encode(frames[frame]!, prepared)];
        for (const chunk of own) {
          bytes += chunk.rows[0]!.length;
          encoded.push(chunk);
        }
      }
      const before = done;
      const vectors = await this.#embed(encoded, dimension, (some) => onProgress?.(before + some, rows));
      data.set(vectors.data, done * dimension);
      unread = addUnread(unread, unreadOf(encoded));
      done += encoded.length;
    }
    return { rows, dimension, data, ...(unread && { unread }) };
  }

  /**
   * The patches of compressed chunks or their passages, whose vectors are in the space of the passages' own; nothing is decompressed. A passage of no symbols has one patch of zeros. Give few at a time: all are held.
   *
   * @param passages as `encodeChunks` takes them
   * @throws what `encode` and `encodePassages` throw
   */
  async encodePatches(
    frames: readonly Uint8Array[],
    dictionary: Uint8Array,
    passages?: readonly (readonly ByteSpan[] | undefined)[],
  ): Promise<PatchVectors[]> {
    const prepared = this.prepareDictionary(dictionary);
    const encoded = frames.flatMap((frame, place) => {
      const spans = passages?.[place];
      return spans ? this.encodePassages(frame, prepared, spans) : [this.encode(frame, prepared)];
    });
    this.#patches ??= new PatchGraph(this.graph, this.config);
    const found: PatchVectors[] = new Array(encoded.length);
    for (const members of encodingBatches(encoded, (longest) => this.paddedSymbols(longest))) {
      const chunks = members.map((index) => encoded[index]!);
      const batch = this.batch(chunks);
      const vectors = await this.#patches.apply(this.tables.embed(batch), batch, chunks);
      members.forEach((index, place) => {
        found[index] = vectors[place]!;
      });
    }
    return found;
  }

  /** Vectors of texts, for models with the input `text`, as `encodeChunks` gives them. */
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
    const data = new Float32Array(encoded.length * this.dimension);
    let done = 0;
    for (const members of encodingBatches(encoded, (longest) => this.paddedSymbols(longest))) {
      const vectors = await this.#embedBatch(this.batch(members.map((index) => encoded[index]!)));
      members.forEach((index, row) => {
        data.set(vectors.subarray(row * this.dimension, (row + 1) * this.dimension), index * this.dimension);
      });
      done += members.length;
      onProgress?.(done, encoded.length);
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

  dispose(): void {
    this.graph.dispose();
    this.tables.dispose();
  }
}

function unreadOf(encoded: readonly EncodedChunk[]): Unread | undefined {
  let unread: Unread | undefined;
  for (const { leftOut } of encoded) if (leftOut) unread = addUnread(unread, { passages: 1, ...leftOut });
  return unread;
}

import type { CemModel, PreparedDictionary } from '../model/embedder.ts';
import { RandomNumbers } from '../model/random.ts';
import type { SymbolBatch } from '../model/symbol-batch.ts';
import { createCompressor } from '../zpkg/index.ts';
import { type EncodeFrames, encodeHere } from './batch-encoding.ts';
import { BatchOrder } from './batch-order.ts';
import { type HardNegativeOptions, hardNegatives } from './hard-negatives.ts';
import type { TrainingBatch } from './training-batch.ts';

/** Training texts of one kind: compressed frames and the teacher's vectors for them. */
export interface TrainingTexts {
  readonly count: number;
  /** [count] compressed bytes: what an item roughly costs. */
  readonly sizes: ArrayLike<number>;
  frame(index: number): Promise<Uint8Array>;
  /** What a frame was made of: for models with the input `text`, which only experiments have. */
  text(index: number): string;
  /** [count, dimension] the teacher's vectors. */
  readonly targets: Float32Array;
}

/** Short texts, each compressed by itself with the corpus' dictionary and kept in memory as one run of bytes. */
export function compressTexts(
  texts: readonly string[],
  dictionary: Uint8Array,
  level: number,
  onProgress: (done: number, total: number) => void,
): Omit<TrainingTexts, 'count' | 'targets'> {
  const compressor = createCompressor({ level, dictionary });
  const frames = texts.map((text, index) => {
    if (index % 1000 === 0) onProgress(index, texts.length);
    return compressor.compress(Buffer.from(text, 'utf8'));
  });
  return {
    sizes: Uint32Array.from(frames, (frame) => frame.length),
    frame: async (index) => frames[index]!,
    text: (index) => texts[index]!,
  };
}

/**
 * Leaves out the texts that the teacher has no vector for (LSA gives zeros for a text without a known word): there is nothing to learn from them.
 */
export function withTargets(texts: Omit<TrainingTexts, 'count'>, dimension: number): TrainingTexts {
  const kept: number[] = [];
  for (let index = 0; index < texts.sizes.length; index++) {
    const target = texts.targets.subarray(index * dimension, (index + 1) * dimension);
    if (target.some((value) => value !== 0)) kept.push(index);
  }
  const targets = new Float32Array(kept.length * dimension);
  kept.forEach((index, place) => {
    targets.set(texts.targets.subarray(index * dimension, (index + 1) * dimension), place * dimension);
  });
  return {
    count: kept.length,
    sizes: Uint32Array.from(kept, (index) => texts.sizes[index]!),
    frame: (place) => texts.frame(kept[place]!),
    text: (place) => texts.text(kept[place]!),
    targets,
  };
}

export interface GranularityOptions {
  readonly batchSize: number;
  readonly weight: number;
  readonly windowBatches: number;
  readonly seed: number;
  /** `pool`: how many texts are drawn anew for each batch to choose its negatives from. Absent: no negatives beyond the batch. */
  readonly hardNegatives?: HardNegativeOptions & { readonly pool: number };
}

/** One granularity's batches in their order. */
export class Granularity {
  readonly name: string;
  readonly #options: GranularityOptions;
  readonly #texts: TrainingTexts;
  readonly #order: BatchOrder;

  constructor(name: string, texts: TrainingTexts, options: GranularityOptions) {
    this.name = name;
    this.#options = options;
    this.#texts = texts;
    this.#order = new BatchOrder(texts.sizes, { ...options, name });
  }

  /** Passes over the texts that this many batches make. */
  epochs(batches: number): number {
    return batches / this.#order.batchesPerEpoch;
  }

  /**
   * A batch by its number, counted from 0 through all epochs.
   *
   * @param encodeFrames where the frames are encoded; on this thread by default
   */
  async batch(
    number: number,
    model: CemModel,
    dictionary: PreparedDictionary,
    encodeFrames: EncodeFrames = encodeHere(model),
  ): Promise<TrainingBatch> {
    const items = this.#order.batch(number);
    const targets = this.#targetsOf(items, model.dimension);
    const symbols = await this.#encode(items, model, dictionary, encodeFrames);
    const negatives = await this.#negatives(number, items, targets, model.dimension);
    return {
      name: this.name,
      weight: this.#options.weight,
      symbols,
      targets,
      ...(negatives && { negatives }),
    };
  }

  /** The texts of a batch, for looking at. */
  texts(number: number): string[] {
    return Array.from(this.#order.batch(number), (item) => this.#texts.text(item));
  }

  async #encode(
    items: Int32Array,
    model: CemModel,
    dictionary: PreparedDictionary,
    encodeFrames: EncodeFrames,
  ): Promise<SymbolBatch> {
    if (model.config.input === 'text') {
      const texts = Array.from(items, (item) => Buffer.from(this.#texts.text(item), 'utf8'));
      await model.prepareTexts(texts);
      return model.batch(texts.map((text) => model.encodeText(text)));
    }
    const frames = await Promise.all(Array.from(items, (item) => this.#texts.frame(item)));
    return encodeFrames(frames.map((frame) => ({ frame, dictionary })));
  }

  /** [items, dimension] */
  #targetsOf(items: Int32Array, dimension: number): Float32Array {
    const targets = new Float32Array(items.length * dimension);
    items.forEach((item, row) => {
      targets.set(this.#texts.targets.subarray(item * dimension, (item + 1) * dimension), row * dimension);
    });
    return targets;
  }

  /** [negatives, dimension] the hard ones among texts that are drawn for this batch and are not in it. */
  async #negatives(
    number: number,
    items: Int32Array,
    targets: Float32Array,
    dimension: number,
  ): Promise<Float32Array | undefined> {
    const { hardNegatives: wanted, seed } = this.#options;
    if (!wanted) return undefined;
    const random = new RandomNumbers(seed, `negatives/${this.name}/${number}`);
    const taken = new Set(items);
    const pool = new Set<number>();
    for (let draw = 0; draw < wanted.pool; draw++) {
      const item = random.integer(this.#texts.count);
      if (!taken.has(item)) pool.add(item);
    }
    const candidates = Int32Array.from(pool);
    if (candidates.length === 0) return undefined;
    const places = await hardNegatives(targets, this.#targetsOf(candidates, dimension), dimension, wanted);
    return places.length === 0
      ? undefined
      : this.#targetsOf(
          Int32Array.from(places, (place) => candidates[place]!),
          dimension,
        );
  }
}

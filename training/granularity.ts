import type { CemModel, PreparedDictionary } from '../model/embedder.ts';
import { createCompressor } from '../zpkg/index.ts';
import { BatchOrder } from './batch-order.ts';
import type { TrainingBatch } from './step.ts';

/** Training texts of one kind: compressed frames and the teacher's vectors for them. */
export interface TrainingTexts {
  readonly count: number;
  /** [count] compressed bytes: what an item roughly costs. */
  readonly sizes: ArrayLike<number>;
  frame(index: number): Promise<Uint8Array>;
  /** [count, dimension] the teacher's vectors. */
  readonly targets: Float32Array;
}

/** Short texts, each compressed by itself with the corpus' dictionary and kept in memory as one run of bytes. */
export function compressTexts(
  texts: readonly string[],
  dictionary: Uint8Array,
  level: number,
  onProgress: (done: number, total: number) => void,
): { sizes: Uint32Array; frame(index: number): Promise<Uint8Array> } {
  const compressor = createCompressor({ level, dictionary });
  const frames = texts.map((text, index) => {
    if (index % 1000 === 0) onProgress(index, texts.length);
    return compressor.compress(Buffer.from(text, 'utf8'));
  });
  return { sizes: Uint32Array.from(frames, (frame) => frame.length), frame: async (index) => frames[index]! };
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
    targets,
  };
}

/** One granularity's batches in their order. */
export class Granularity {
  readonly name: string;
  readonly #weight: number;
  readonly #texts: TrainingTexts;
  readonly #order: BatchOrder;

  constructor(
    name: string,
    texts: TrainingTexts,
    options: { batchSize: number; weight: number; windowBatches: number; seed: number },
  ) {
    this.name = name;
    this.#weight = options.weight;
    this.#texts = texts;
    this.#order = new BatchOrder(texts.sizes, { ...options, name });
  }

  /** Passes over the texts that this many steps make. */
  epochs(steps: number): number {
    return steps / this.#order.batchesPerEpoch;
  }

  /** The batch of a step, counted from 0. */
  async batch(step: number, model: CemModel, dictionary: PreparedDictionary): Promise<TrainingBatch> {
    const items = this.#order.batch(step);
    const { dimension } = model;
    const targets = new Float32Array(items.length * dimension);
    items.forEach((item, row) => {
      targets.set(this.#texts.targets.subarray(item * dimension, (item + 1) * dimension), row * dimension);
    });
    const frames = await Promise.all(Array.from(items, (item) => this.#texts.frame(item)));
    return {
      name: this.name,
      weight: this.#weight,
      symbols: model.batch(frames.map((frame) => model.encode(frame, dictionary))),
      targets,
    };
  }
}

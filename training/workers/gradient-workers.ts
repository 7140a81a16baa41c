import { UsageError } from '../../base/index.ts';
import type { CemModel } from '../../model/index.ts';
import { tf } from '../../model/index.ts';
import type { SymbolBatch } from '../../model/symbols/index.ts';
import { cutSymbolBatch, splitSymbolBatch, type TrainingBatch } from '../batches/training-batch.ts';
import { lossGradient } from '../gradients/gradient-caching.ts';
import type { BatchGradients, GradientConfig } from '../gradients/gradients.ts';
import type { LossConfig } from '../losses/config.ts';
import { DenseGradient } from '../optimizers/dense-gradient.ts';
import { GradientThread, sharedFloats } from './gradient-thread.ts';

/** Backends whose threads have one core each: `wasm` in a thread, and `cpu`. */
const ONE_CORE_BACKENDS: readonly string[] = ['wasm', 'cpu'];

/** Texts of one batch that a thread embeds together. */
interface Piece {
  /** Number of the batch. */
  readonly batch: number;
  /** The first of them. */
  readonly from: number;
  readonly symbols: SymbolBatch;
}

/** What a thread does for one step. */
interface Share {
  readonly thread: GradientThread;
  readonly pieces: readonly Piece[];
  /** [texts of all pieces, dimension] its vectors, then the gradient for them. */
  readonly exchange: Float32Array;
}

/**
 * @param workers as the configuration has it
 * @throws UsageError `TRAINING_WORKERS_BACKEND` when the backend uses all cores (or a GPU) by itself
 */
export function checkWorkers(workers: number | undefined, backend: string): void {
  if (workers === undefined || workers === 1 || ONE_CORE_BACKENDS.includes(backend)) return;
  throw new UsageError(
    'TRAINING_WORKERS_BACKEND',
    `training.workers is ${workers}, and the backend ${backend} uses all cores by itself; leave training.workers out, or choose --backend wasm`,
    { details: { workers, backend } },
  );
}

/**
 * Threads that compute gradients beside each other, each with a backend and a graph of its own: for backends that compute on one core, or would share out single operations. Each embeds a share of every batch; this thread
 * computes the losses over the whole batches, so that in-batch losses see all of them, sends their gradient back through the threads, and adds up the weights' gradients in the
 * order of the threads. The result is that of one thread up to rounding, and the same each time.
 *
 * Tables stay with this thread, which sums their rows for all: threads get the embeddings of symbols and return the gradient for them. Weights lie in shared memory.
 */
export class GradientWorkers {
  readonly #model: CemModel;
  /** [weights] in the order of the graph's trainable weights. */
  readonly #weights: Float32Array;
  readonly #threads: readonly GradientThread[];
  /** Why a step was not finished: threads may still be in the middle of it. */
  #failure: { readonly error: unknown } | undefined;

  private constructor(model: CemModel, count: number, recompute: boolean) {
    this.#model = model;
    const { trainableWeights } = model.graph;
    this.#weights = sharedFloats(trainableWeights.reduce((sum, { shape }) => sum + tf.util.sizeFromShape(shape as number[]), 0));
    const data = {
      backend: tf.getBackend(),
      model: model.config,
      dimension: model.dimension,
      recompute,
      weights: this.#weights,
    };
    this.#threads = Array.from({ length: count }, () => new GradientThread(data));
  }

  /**
   * @returns undefined when the configuration asks for one worker or says nothing: the main thread computes
   * @throws UsageError `TRAINING_WORKERS_BACKEND`; CemError `TRAINING_WORKER` when a thread does not start
   */
  static async start(
    model: CemModel,
    { workers = 1, recompute = false }: { readonly workers?: number | undefined; readonly recompute?: boolean | undefined },
  ): Promise<GradientWorkers | undefined> {
    checkWorkers(workers, tf.getBackend());
    if (workers === 1) return undefined;
    const started = new GradientWorkers(model, workers, recompute);
    try {
      await Promise.all(started.#threads.map((thread) => thread.ready()));
    } catch (error) {
      await started.close();
      throw error;
    }
    return started;
  }

  /**
   * What `wholeGradients` and `cachedGradients` give.
   *
   * @throws CemError `TRAINING_WORKER` when a thread ended; nothing more can be computed then
   */
  async gradients(
    batches: readonly TrainingBatch[],
    { loss: lossConfig, gradientCaching }: GradientConfig,
  ): Promise<BatchGradients> {
    if (this.#failure) throw this.#failure.error;
    try {
      return await this.#gradients(batches, lossConfig, gradientCaching?.microBatch);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** Ends the threads, whatever they are doing. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #gradients(
    batches: readonly TrainingBatch[],
    lossConfig: LossConfig,
    microBatch: number | undefined,
  ): Promise<BatchGradients> {
    await this.#publishWeights();
    const shares = this.#divide(batches, microBatch);
    await Promise.all(shares.map((share) => this.#start(share, microBatch !== undefined)));
    const { loss, terms } = await this.#exchange(shares, batches, lossConfig);
    const symbolGradients = await Promise.all(shares.map(({ thread }) => thread.finish()));
    return {
      dense: new DenseGradient([tf.tensor1d(sumOf(shares.map(({ thread }) => thread.gradient)))]),
      loss,
      terms,
      symbolBatches: shares.flatMap(({ pieces }) => pieces.map(({ symbols }) => symbols)),
      symbolGradients: symbolGradients.flat(),
    };
  }

  async #publishWeights(): Promise<void> {
    let from = 0;
    for (const weight of this.#model.graph.trainableWeights) {
      const values = (await weight.read().data()) as Float32Array;
      this.#weights.set(values, from);
      from += values.length;
    }
  }

  /** Gives each thread neighbouring texts of every batch, as many as the others; threads for which there is none are left out. */
  #divide(batches: readonly TrainingBatch[], microBatch: number | undefined): Share[] {
    const count = this.#threads.length;
    return this.#threads.flatMap((thread, number) => {
      const pieces = batches.flatMap(({ symbols: whole }, index): Piece[] => {
        const [from, to] = [Math.floor((number * whole.size) / count), Math.floor(((number + 1) * whole.size) / count)];
        if (from === to) return [];
        const share = cutSymbolBatch(whole, from, to);
        const parts = microBatch ? splitSymbolBatch(share, microBatch) : [share];
        let first = from;
        return parts.map((symbols) => {
          const piece = { batch: index, from: first, symbols };
          first += symbols.size;
          return piece;
        });
      });
      if (pieces.length === 0) return [];
      const texts = pieces.reduce((sum, { symbols }) => sum + symbols.size, 0);
      return [{ thread, pieces, exchange: sharedFloats(texts * this.#model.dimension) }];
    });
  }

  // Async: what it throws must not leave the promises of shares that have started without anyone who waits for them.
  async #start({ thread, pieces, exchange }: Share, caching: boolean): Promise<void> {
    await thread.start({
      exchange,
      caching,
      pieces: pieces.map(({ symbols }) => ({
        batch: { ...symbols, places: new Int32Array(0), starts: new Int32Array(0), rows: [] },
        embeddings: this.#model.tables.embed(symbols) as Float32Array<ArrayBuffer>,
      })),
    });
  }

  /** Takes the vectors of all shares and puts the gradient of the loss for them in their place. */
  async #exchange(
    shares: readonly Share[],
    batches: readonly TrainingBatch[],
    lossConfig: LossConfig,
  ): Promise<Pick<BatchGradients, 'loss' | 'terms'>> {
    const { dimension } = this.#model;
    /** For each piece of a batch its part of that batch's vectors and of its share's exchange, [size, dimension] both. */
    const partsOf = (index: number, vectors: Float32Array): { whole: Float32Array; part: Float32Array }[] =>
      shares.flatMap(({ pieces, exchange }) => {
        let row = 0;
        return pieces.flatMap(({ batch, from, symbols: { size } }) => {
          const part = exchange.subarray(row * dimension, (row + size) * dimension);
          row += size;
          return batch === index ? [{ whole: vectors.subarray(from * dimension, (from + size) * dimension), part }] : [];
        });
      });
    let loss = 0;
    const terms: Record<string, number> = {};
    for (const [index, batch] of batches.entries()) {
      const vectors = new Float32Array(batch.symbols.size * dimension);
      for (const { whole, part } of partsOf(index, vectors)) whole.set(part);
      const student = tf.tensor2d(vectors, [batch.symbols.size, dimension]);
      const outer = await lossGradient(student, batch, this.#model, lossConfig).finally(() => student.dispose());
      for (const { whole, part } of partsOf(index, outer.gradient)) part.set(whole);
      loss += batch.weight * outer.loss;
      for (const [name, value] of Object.entries(outer.terms)) terms[`${batch.name}/${name}`] = value;
    }
    return { loss, terms };
  }
}

/** The sum of arrays of one length, added in their order. */
function sumOf([first, ...others]: readonly Float32Array[]): Float32Array {
  const sum = first!.slice();
  for (const values of others) for (let i = 0; i < sum.length; i++) sum[i]! += values[i]!;
  return sum;
}

/**
 * A thread that embeds a share of each batch and sends the loss's gradient back through it. Started by `GradientWorkers`.
 *
 * The gradient of in-batch losses is known when all threads have embedded their share. This thread waits for it inside the forward pass, so that tape and activations stay
 * and nothing is computed twice; with gradient caching it embeds twice and keeps no more than a piece. It has nothing else to do: everything in it is synchronous.
 */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../base/index.ts';
import { parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { buildGraph, graphInputs, setRecompute, tf } from '../../model/index.ts';
import type { GradientAnswer, GradientJob, GradientPiece, GradientThreadData } from './gradient-messages.ts';

const port = parentPort;
assert(port !== null, 'this module is started as a thread');
const { backend, model, dimension, recompute, weights, gradient, signal } = workerData as GradientThreadData;

await selectBackend(parseBackendRequest(backend));
const graph = buildGraph(model, dimension);
setRecompute(graph, recompute);
const variables = graph.trainableWeights;

function answer(message: GradientAnswer, memory: ArrayBuffer[] = []): void {
  port!.postMessage(message, memory);
}

function readWeights(): void {
  let from = 0;
  for (const variable of variables) {
    const shape = variable.shape as number[];
    const size = tf.util.sizeFromShape(shape);
    const values = tf.tensor(weights.slice(from, from + size), shape);
    variable.write(values);
    values.dispose();
    from += size;
  }
  assert.equal(from, weights.length, 'the graph has the weights of the main thread');
}

/** @returns [size, symbols, local dimension] */
function symbolsOf({ batch, embeddings }: GradientPiece): tf.Tensor3D {
  return tf.tensor3d(embeddings, [batch.size, batch.symbols, model.local.dimension]);
}

/** @returns [size, dimension] */
function vectorsOf(symbols: tf.Tensor3D, { batch }: GradientPiece): tf.Tensor2D {
  return tf.tidy(() => graph.apply(graphInputs(symbols, batch)) as tf.Tensor2D);
}

/** Tells the main thread that the vectors are there and waits until it has put the gradient for them in their place. */
function exchangeForGradients(): void {
  answer('vectors');
  Atomics.wait(signal, 0, 0);
  Atomics.store(signal, 0, 0);
}

function run({ pieces, exchange, caching }: GradientJob): Float32Array<ArrayBuffer>[] {
  readWeights();
  gradient.fill(0);
  const ends: number[] = [];
  for (const { batch } of pieces) ends.push((ends.at(-1) ?? 0) + batch.size * dimension);
  /** The piece's part of `exchange`, [size, dimension]. */
  const partOf = (index: number): Float32Array => exchange.subarray(ends[index - 1] ?? 0, ends[index]!);
  const upstreamOf = (index: number): tf.Tensor2D => tf.tensor2d(partOf(index).slice(), [pieces[index]!.batch.size, dimension]);
  // Not returned from `tidy`, which would look for tensors in each of its numbers.
  const symbolGradients: Float32Array<ArrayBuffer>[] = [];
  /** Adds those of the weights to what the main thread reads; behind them are those of symbols. */
  const takeGradients = (gradients: readonly tf.Tensor[]): void => {
    let from = 0;
    variables.forEach((_, index) => {
      const values = gradients[index]!.dataSync();
      for (let i = 0; i < values.length; i++) gradient[from + i]! += values[i]!;
      from += values.length;
    });
    // Copies, since they go to another thread, and a backend may hand out memory of its own.
    for (const symbols of gradients.slice(variables.length))
      symbolGradients.push(symbols.dataSync().slice() as Float32Array<ArrayBuffer>);
  };
  const variablesAnd = (symbols: readonly tf.Tensor[]) => [...variables.map((variable) => variable.read()), ...symbols];

  if (caching) {
    pieces.forEach((piece, index) => {
      tf.tidy(() => {
        partOf(index).set(vectorsOf(symbolsOf(piece), piece).dataSync());
      });
    });
    exchangeForGradients();
    pieces.forEach((piece, index) => {
      tf.tidy(() => {
        const symbols = symbolsOf(piece);
        const forward = () => vectorsOf(symbols, piece);
        takeGradients(tf.engine().gradients(forward, variablesAnd([symbols]), upstreamOf(index)).grads);
      });
    });
    return symbolGradients;
  }
  tf.tidy(() => {
    const symbols = pieces.map(symbolsOf);
    const forward = () => {
      const vectors = pieces.map((piece, index) => vectorsOf(symbols[index]!, piece));
      vectors.forEach((values, index) => {
        partOf(index).set(values.dataSync());
      });
      exchangeForGradients();
      // The gradient of the sum of products with constants is those constants.
      return tf.addN(vectors.map((values, index) => tf.sum(tf.mul(values, upstreamOf(index))))) as tf.Scalar;
    };
    takeGradients(tf.engine().gradients(forward, variablesAnd(symbols)).grads);
  });
  return symbolGradients;
}

port.on('message', (job: GradientJob) => {
  try {
    const symbolGradients = run(job);
    answer(
      { symbolGradients },
      symbolGradients.map(({ buffer }) => buffer),
    );
  } catch (error) {
    answer({ failure: messageOf(error) });
  }
});
port.on('messageerror', (cause: Error) => answer({ failure: `a job cannot be read: ${cause.message}` }));
answer('ready');

import assert from 'node:assert/strict';
import { partNames, tf, toNamedOrder, toVariableOrder } from '../../model/index.ts';
import { DenseGradient } from './dense-gradient.ts';
import type { DenseOptimizer } from './dense-optimizer.ts';
import { type StateArrays, stateArray } from './state-arrays.ts';
import { type DecayOptions, decayOf, groupWeights, type WeightGroup } from './weight-groups.ts';

export interface AdafactorOptions extends DecayOptions {
  /** The second moments of step t decay by 1 - t^-decayExponent. */
  readonly decayExponent: number;
  /** Largest root mean square of a weight's update before the learning rate. */
  readonly clipThreshold: number;
  /** Whether the learning rate of a weight is multiplied by the root mean square of its numbers. */
  readonly relativeStep: boolean;
}

/** Epsilon 1 of the paper (algorithm 4): what is added to squared gradients. */
export const SQUARE_EPSILON = 1e-30;
/** Epsilon 2: the least that a relative step takes a weight's root mean square for. */
export const LEAST_SCALE = 1e-3;

/** Running means of squared gradients: of matrices side by side by row [rows, matrices] and by column [matrices, columns], of a vector its squares themselves. */
const MOMENTS = ['rows', 'columns', 'squares'] as const;
type Moments = ReadonlyMap<(typeof MOMENTS)[number], tf.Tensor>;
type OwnMoments = Map<(typeof MOMENTS)[number], tf.Tensor>;

interface AdafactorWeight {
  readonly weight: tf.LayerVariable;
  /** The weight by itself. */
  readonly group: WeightGroup;
  /** [rows, matrices, columns], or [size] of a vector. */
  readonly shape: readonly number[];
  readonly decay: number;
  readonly moments: OwnMoments;
}

/**
 * Adafactor (Shazeer and Stern 2018, algorithms 4 and 5) without first moments: of a matrix's squared gradients only the means of its rows and of its columns are kept, so that the
 * state of a model is about a thousandth of AdamW's. The update of a weight is divided by its root mean square where that is above `clipThreshold`. Learning rates are the schedule's
 * and not the paper's 1 / sqrt(t); `relativeStep` multiplies them by the weight's own root mean square (section 8). Decay is decoupled, and for the weights that AdamW decays.
 * The matrices of a variable that holds several (`namedWeights`) are handled each by itself.
 */
export class Adafactor implements DenseOptimizer {
  readonly #options: AdafactorOptions;
  readonly #weights: readonly AdafactorWeight[];

  constructor(weights: readonly tf.LayerVariable[], options: AdafactorOptions) {
    this.#options = options;
    this.#weights = groupWeights(weights, 0).map((group) => {
      const [weight] = group.weights as [tf.LayerVariable];
      const shape = adafactorShape(weight);
      return { weight, group, shape, decay: decayOf(weight, options), moments: zeroMoments(shape) };
    });
  }

  flatten(gradients: readonly tf.Tensor[]): DenseGradient {
    // Each weight is updated by itself: a vector of all gradients would be a copy as large as the model, and one that has to lie in one piece.
    return new DenseGradient(gradients);
  }

  /** @param step from 1 on, for the decay of the second moments */
  apply(gradient: DenseGradient, learningRate: number, scale: number, step: number): void {
    const { decayExponent, clipThreshold, relativeStep } = this.#options;
    const renewal = step ** -decayExponent;
    for (const { weight, group, shape, decay, moments } of this.#weights) {
      // What is between is as large as the weight, and given back as soon as it is used.
      tf.tidy(() => {
        const values = weight.read().reshape([...shape]);
        const direction = tf.tidy(() => {
          const scaled = tf.mul(gradient.parts(group)[0]!, scale).reshape([...shape]);
          renew(moments, scaled, renewal);
          return divideByRoots(scaled, moments);
        });
        const update = tf.tidy(() => {
          const clipped = tf.div(direction, tf.maximum(tf.div(rootMeanSquare(direction), clipThreshold), 1));
          return relativeStep ? tf.mul(clipped, tf.maximum(rootMeanSquare(values), LEAST_SCALE)) : clipped;
        });
        direction.dispose();
        const step = tf.tidy(() => tf.mul(decay === 0 ? update : tf.add(update, tf.mul(values, decay)), learningRate));
        update.dispose();
        weight.write(tf.sub(values, step).reshape(weight.shape as number[]));
      });
    }
  }

  /** `dense/rows` and `dense/columns` of all matrices, `dense/squares` of all vectors, in the order of the weights; only those that there are. */
  async arrays(): Promise<StateArrays> {
    const arrays = new Map<string, Float32Array>();
    for (const { name, members, length } of this.#kinds()) {
      const all = new Float32Array(length);
      let at = 0;
      for (const { moments, variable } of members) {
        const values = (await moments.get(name)!.data()) as Float32Array;
        all.set(name === 'rows' ? toNamedOrder(variable, values) : values, at);
        at += values.length;
      }
      arrays.set(`dense/${name}`, all);
    }
    return arrays;
  }

  restore(arrays: StateArrays): void {
    for (const { name, members, length } of this.#kinds()) {
      const all = stateArray(arrays, `dense/${name}`, length);
      let at = 0;
      for (const { moments, variable } of members) {
        const before = moments.get(name)!;
        const values = all.slice(at, at + before.size);
        moments.set(name, tf.tensor(name === 'rows' ? toVariableOrder(variable, values) : values, before.shape));
        at += before.size;
        before.dispose();
      }
    }
  }

  /** The kinds of moments that there are, each with those that have it, how their rows lie, and how many numbers they are. */
  #kinds(): {
    name: (typeof MOMENTS)[number];
    members: { moments: OwnMoments; variable: { originalName: string; shape: number[] } }[];
    length: number;
  }[] {
    return MOMENTS.map((name) => {
      const members = this.#weights
        .filter(({ moments }) => moments.has(name))
        .map(({ moments, weight, shape }) => ({
          moments,
          variable: { originalName: weight.originalName, shape: shape.slice(0, 2) },
        }));
      return { name, members, length: members.reduce((sum, { moments }) => sum + moments.get(name)!.size, 0) };
    }).filter(({ members }) => members.length > 0);
  }

  dispose(): void {
    for (const { moments } of this.#weights) tf.dispose([...moments.values()]);
  }
}

/** A weight's shape with its matrices apart: [rows, matrices, columns], or [size] of a vector. */
export function adafactorShape({ originalName, shape }: tf.LayerVariable): number[] {
  const [rows, columns] = shape as [number, number];
  if (shape.length === 1) return [rows];
  assert(shape.length === 2, `weights are matrices or vectors, got one of shape [${shape.join(', ')}]`);
  const matrices = partNames(originalName).length;
  return [rows, matrices, columns / matrices];
}

function zeroMoments(shape: readonly number[]): OwnMoments {
  const [rows, matrices, columns] = shape as [number, number, number];
  if (shape.length === 1) return new Map([['squares', tf.zeros([rows])]]);
  return new Map([
    ['rows', tf.zeros([rows, matrices])],
    ['columns', tf.zeros([matrices, columns])],
  ]);
}

/**
 * Blends the squares of a gradient into the moments: `renewal` of them, and 1 - `renewal` of what was there.
 *
 * @param gradient [rows, matrices, columns] or [size]
 */
function renew(moments: OwnMoments, gradient: tf.Tensor, renewal: number): void {
  tf.tidy(() => {
    const squares = tf.add(tf.square(gradient), SQUARE_EPSILON);
    for (const [name, before] of moments) {
      const seen = name === 'squares' ? squares : tf.mean(squares, name === 'rows' ? 2 : 0);
      moments.set(name, tf.keep(tf.add(tf.mul(before, 1 - renewal), tf.mul(seen, renewal))));
      before.dispose();
    }
  });
}

/** The gradient over the root of the second moments, which of a matrix are rows * columns / mean(rows), each factor by itself: products of small squares would be zero. */
export function divideByRoots(gradient: tf.Tensor, moments: Moments): tf.Tensor {
  const squares = moments.get('squares');
  if (squares) return tf.mul(gradient, tf.rsqrt(squares));
  const [rows, columns] = [moments.get('rows')!, moments.get('columns')!];
  const rowFactors = tf.rsqrt(tf.div(rows, tf.mean(rows, 0, true))).expandDims(2); // [rows, matrices, 1]
  return tf.mul(tf.mul(gradient, rowFactors), tf.rsqrt(columns));
}

/** Root mean square of each matrix [1, matrices, 1], or of a vector [1]. */
export function rootMeanSquare(values: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.sqrt(tf.mean(tf.square(values), values.rank === 1 ? 0 : [0, 2], true)));
}

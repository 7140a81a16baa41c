import { tf } from '../../model/index.ts';
import {
  type AdafactorOptions,
  adafactorShape,
  divideByRoots,
  LEAST_SCALE,
  rootMeanSquare,
  SQUARE_EPSILON,
} from '../optimizers/adafactor.ts';
import { type DenseRule, type DenseStep, type MomentKind, type Moments, ownOrder } from './dense-rule.ts';

/** `Adafactor` of ../optimizers. */
export class AdafactorRule implements DenseRule {
  readonly kinds: readonly MomentKind[];
  readonly #shapes: readonly (readonly number[])[];
  readonly #decays: readonly number[];
  readonly #options: AdafactorOptions;

  constructor(weights: readonly tf.LayerVariable[], decays: readonly number[], options: AdafactorOptions) {
    this.#options = options;
    this.#decays = decays;
    this.#shapes = weights.map(adafactorShape);
    const matrices = weights.flatMap(({ originalName }, index) => {
      const [rows, parts, columns] = this.#shapes[index] as [number, number, number];
      return this.#shapes[index]!.length === 1 ? [] : [{ originalName, rows, parts, columns }];
    });
    const vectors = this.#shapes.filter((shape) => shape.length === 1);
    this.kinds = [
      {
        name: 'rows',
        members: matrices.map(({ originalName, rows, parts }) => ({
          shape: [rows, parts],
          order: { originalName, shape: [rows, parts] },
        })),
      },
      {
        name: 'columns',
        members: matrices.map(({ parts, columns }) => ({ shape: [parts, columns], order: ownOrder([parts, columns]) })),
      },
      { name: 'squares', members: vectors.map((shape) => ({ shape, order: ownOrder(shape) })) },
    ].filter(({ members }) => members.length > 0);
  }

  numbers(step: number): number[] {
    const renewal = step ** -this.#options.decayExponent;
    return [1 - renewal, renewal];
  }

  update(weights: readonly tf.Tensor[], gradients: readonly tf.Tensor[], moments: Moments, { rate, scale, numbers }: DenseStep) {
    const [kept, renewal] = numbers as [tf.Scalar, tf.Scalar];
    const next: Record<string, tf.Tensor[]> = Object.fromEntries(this.kinds.map(({ name }) => [name, []]));
    const blend = (name: string, seen: tf.Tensor): tf.Tensor => {
      const before = moments[name]![next[name]!.length]!;
      const blended = tf.add(tf.mul(before, kept), tf.mul(seen, renewal));
      next[name]!.push(blended);
      return blended;
    };
    const { clipThreshold, relativeStep } = this.#options;
    const changed = weights.map((weight, index) => {
      const shape = [...this.#shapes[index]!];
      const values = weight.reshape(shape);
      const scaled = tf.mul(gradients[index]!, scale).reshape(shape);
      const squares = tf.add(tf.square(scaled), SQUARE_EPSILON);
      const renewed =
        shape.length === 1
          ? new Map([['squares', blend('squares', squares)] as const])
          : new Map([
              ['rows', blend('rows', tf.mean(squares, 2))],
              ['columns', blend('columns', tf.mean(squares, 0))],
            ] as const);
      const direction = divideByRoots(scaled, renewed);
      const clipped = tf.div(direction, tf.maximum(tf.div(rootMeanSquare(direction), clipThreshold), 1));
      const update = relativeStep ? tf.mul(clipped, tf.maximum(rootMeanSquare(values), LEAST_SCALE)) : clipped;
      const decay = this.#decays[index]!;
      const step = tf.mul(decay === 0 ? update : tf.add(update, tf.mul(values, decay)), rate);
      return tf.sub(values, step).reshape(weight.shape);
    });
    return { weights: changed, moments: next };
  }
}

import { tf, toNamedOrder, toVariableOrder } from '../../model/index.ts';
import { type StateArrays, stateArray } from '../optimizers/state-arrays.ts';

/** What an optimiser keeps of weights: tensors by name, one for each of the weights that have it. */
export type Moments = Readonly<Record<string, readonly tf.Tensor[]>>;

/** What decides how the numbers of a variable lie in files (`toNamedOrder`). */
type Order = Pick<tf.LayerVariable, 'originalName' | 'shape'>;

/** One of the things that an optimiser keeps. */
export interface MomentKind {
  /** As checkpoints name it, behind `dense/`. */
  readonly name: string;
  readonly members: readonly { readonly shape: readonly number[]; readonly order: Order }[];
}

/** Numbers of one step, all of them tensors: they change from step to step, and a program does not. */
export interface DenseStep {
  readonly rate: tf.Scalar;
  /** What gradients are multiplied by first (clipping). */
  readonly scale: tf.Scalar;
  /** Those of `numbers`. */
  readonly numbers: readonly tf.Scalar[];
}

/** How an optimiser of dense weights changes them, as a pure function of tensors; its state is that of the optimiser of the same name in ../optimizers. */
export interface DenseRule {
  readonly kinds: readonly MomentKind[];
  /** What a step has besides its rate. @param step from 1 on */
  numbers(step: number): number[];
  /** The caller's tidy holds what is made. @param gradients shaped like the weights */
  update(
    weights: readonly tf.Tensor[],
    gradients: readonly tf.Tensor[],
    moments: Moments,
    step: DenseStep,
  ): { weights: tf.Tensor[]; moments: Moments };
}

/** A kind of moment that has a number for each number of the weights. */
export function likeWeights(name: string, weights: readonly tf.LayerVariable[]): MomentKind {
  return { name, members: weights.map((weight) => ({ shape: weight.shape as number[], order: weight })) };
}

/** A direction with the weight's decay in it. */
export function decayed(direction: tf.Tensor, weight: tf.Tensor, decay: number): tf.Tensor {
  return decay === 0 ? direction : tf.add(direction, tf.mul(weight, decay));
}

/** Zeros; the caller owns them. */
export function zeroMoments(kinds: readonly MomentKind[]): Moments {
  return Object.fromEntries(kinds.map(({ name, members }) => [name, members.map(({ shape }) => tf.zeros([...shape]))]));
}

/** `dense/<name>` of each kind: the numbers of all weights in the order of files. */
export async function momentArrays(kinds: readonly MomentKind[], moments: Moments): Promise<StateArrays> {
  const arrays = new Map<string, Float32Array>();
  for (const { name, members } of kinds) {
    const all = new Float32Array(members.reduce((sum, { shape }) => sum + tf.util.sizeFromShape([...shape]), 0));
    let at = 0;
    for (const [index, { order }] of members.entries()) {
      const values = (await moments[name]![index]!.data()) as Float32Array;
      all.set(toNamedOrder(order, values), at);
      at += values.length;
    }
    arrays.set(`dense/${name}`, all);
  }
  return arrays;
}

/**
 * What `momentArrays` gave; the caller owns it.
 *
 * @throws CemError `CHECKPOINT_SHAPE`
 */
export function restoreMoments(kinds: readonly MomentKind[], arrays: StateArrays): Moments {
  const sizes = kinds.map(({ members }) => members.map(({ shape }) => tf.util.sizeFromShape([...shape])));
  // All are looked at before a tensor is made: what throws leaves nothing behind.
  const found = kinds.map(({ name }, kind) =>
    stateArray(
      arrays,
      `dense/${name}`,
      sizes[kind]!.reduce((sum, size) => sum + size, 0),
    ),
  );
  return Object.fromEntries(
    kinds.map(({ name, members }, kind) => {
      let at = 0;
      const tensors = members.map(({ shape, order }, index) => {
        const values = found[kind]!.slice(at, at + sizes[kind]![index]!);
        at += values.length;
        return tf.tensor(toVariableOrder(order, values), [...shape]);
      });
      return [name, tensors];
    }),
  );
}

/** An order for what lies in files as it lies in memory. */
export function ownOrder(shape: readonly number[]): Order {
  return { originalName: '', shape: [...shape] };
}

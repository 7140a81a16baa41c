import { tf } from '../../model/index.ts';
import type { TableOptimizerKind } from '../optimizers/create-table-optimizer.ts';

/** What an optimiser keeps of one table, by name: [rows + 1, dimension] or [rows + 1]. */
export type RowMoments = Readonly<Record<string, tf.Tensor>>;

/** Numbers of one step, all of them tensors. */
interface RowStep {
  readonly rate: tf.Scalar;
  /** What gradients are multiplied by first (clipping). */
  readonly scale: tf.Scalar;
  /** Those of `numbers`. */
  readonly numbers: readonly tf.Scalar[];
}

/** How an optimiser of tables changes the rows that a step touches, as a pure function of tensors; its state is that of the optimiser of the same name in ../optimizers. */
export interface TableRule {
  /** Names of what it keeps, as checkpoints name it behind `tables/<number>/`, and whether a row has `dimension` numbers of it or one. */
  readonly kinds: readonly { readonly name: string; readonly perRow: boolean }[];
  /** What a step has besides its rate. @param step from 1 on */
  numbers(step: number): number[];
  /**
   * The caller's tidy holds what is made.
   *
   * @param moments of the touched rows: [touched, dimension] or [touched]
   * @param gradient [touched, dimension]
   * @returns what is taken off the rows, and their new moments
   */
  update(moments: RowMoments, gradient: tf.Tensor, step: RowStep): { change: tf.Tensor; moments: RowMoments };
}

/** The rule that a configuration names. */
export function createTableRule(
  kind: TableOptimizerKind,
  options: { readonly beta1: number; readonly beta2: number; readonly epsilon: number },
): TableRule {
  return kind === 'adam' ? adamRule(options) : adagradRule(options);
}

/** `RowSparseAdam` of ../optimizers. */
function adamRule({ beta1, beta2, epsilon }: Parameters<typeof createTableRule>[1]): TableRule {
  return {
    kinds: [
      { name: 'first', perRow: false },
      { name: 'second', perRow: false },
    ],
    numbers: (step) => [1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step)],
    update: (moments, gradient, { rate, scale, numbers }) => {
      const [firstCorrection, secondCorrection] = numbers as [tf.Scalar, tf.Scalar];
      const scaled = tf.mul(gradient, scale);
      const first = tf.add(tf.mul(moments['first']!, beta1), tf.mul(scaled, 1 - beta1));
      const second = tf.add(tf.mul(moments['second']!, beta2), tf.mul(tf.square(scaled), 1 - beta2));
      const root = tf.sqrt(tf.mul(second, secondCorrection));
      const change = tf.div(tf.mul(first, tf.mul(rate, firstCorrection)), tf.add(root, epsilon));
      return { change, moments: { first, second } };
    },
  };
}

/** `RowwiseAdagrad` of ../optimizers. */
function adagradRule({ epsilon }: { readonly epsilon: number }): TableRule {
  return {
    kinds: [{ name: 'squares', perRow: true }],
    numbers: () => [],
    update: (moments, gradient, { rate, scale }) => {
      const scaled = tf.mul(gradient, scale);
      const squares = tf.add(moments['squares']!, tf.mean(tf.square(scaled), 1)); // [touched]
      const factor = tf.expandDims(tf.div(rate, tf.add(tf.sqrt(squares), epsilon)), 1);
      return { change: tf.mul(scaled, factor), moments: { squares } };
    },
  };
}

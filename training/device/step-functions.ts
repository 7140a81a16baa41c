import { type CemModel, graphInputTensors, symbolSums, tf } from '../../model/index.ts';
import { combinedLoss } from '../losses/combined.ts';
import type { LossConfig } from '../losses/config.ts';
import type { DenseRule, Moments } from './dense-rule.ts';
import type { LentWeights } from './lent-weights.ts';
import type { BatchInputs, BatchTargets, PartInputs } from './step-inputs.ts';
import type { RowMoments, TableRule } from './table-rules.ts';

/** Everything that steps change. */
export interface StepState {
  /** Shaped like the graph's variables. */
  readonly weights: readonly tf.Tensor[];
  readonly moments: Moments;
  /** [rows + 1, dimension] each; the last row is named by padding alone, and stays zero. */
  readonly tables: readonly tf.Tensor2D[];
  readonly rowMoments: readonly RowMoments[];
  /** Moving averages of weights and of tables, where there are some: of a table's row the average of the step before it was last touched. */
  readonly averages?: { readonly weights: readonly tf.Tensor[]; readonly tables: readonly tf.Tensor2D[] };
}

/** Gradients, or the sums of those of some groups or pieces. */
export interface Gradients {
  /** Shaped like the weights. */
  readonly weights: readonly tf.Tensor[];
  /** For each table [touched, dimension]. */
  readonly rows: readonly tf.Tensor[];
}

/** What a step has besides state and batches: numbers, which go in as tensors. */
export interface StepNumbers {
  /** [numbers] see `stepNumbers`. */
  readonly numbers: tf.Tensor1D;
  /** For each table [touched, 1] what the steps since a row was last touched have left of its average; absent without averages. */
  readonly kept?: readonly tf.Tensor2D[];
}

/** What is the same in every step: no input of programs. */
export interface StepSetting {
  readonly model: CemModel;
  readonly lent: LentWeights;
  readonly loss: LossConfig;
  readonly dense: DenseRule;
  readonly table: TableRule;
  readonly clipNorm: number;
  /** Groups whose mean gradient a step takes. */
  readonly groups: number;
  /** Devices that compute a step together. */
  readonly devices: number;
  /** Each granularity's name and the weight of its loss, in the order of the batches. */
  batches: readonly { readonly name: string; readonly weight: number }[];
  /** Names of each batch's loss terms, which the functions here write down when they are called or traced. */
  readonly terms: string[][];
}

/** [texts, dimension] vectors of texts. @param touched for each table [touched, dimension] */
export function embedPart(
  { model, lent }: StepSetting,
  weights: readonly tf.Tensor[],
  touched: readonly tf.Tensor[],
  part: PartInputs,
): tf.Tensor2D {
  const symbols = symbolSums(touched, part.rows, part.places, part.lengths);
  return lent.reading(weights, () => model.graph.apply(graphInputTensors(symbols, part)) as tf.Tensor2D);
}

/**
 * A batch's weighted loss and its terms, unweighted, whose names go into the setting.
 *
 * @param student [texts, dimension]
 */
function lossOf(
  { model, loss, batches, terms }: StepSetting,
  student: tf.Tensor2D,
  { targets, negatives, negativesMask }: BatchTargets,
  index: number,
): { weighted: tf.Scalar; terms: tf.Scalar[] } {
  const { name, weight } = batches[index]!;
  const sum = combinedLoss({ student, teacher: targets, negatives, negativesMask }, loss, model.config.matryoshka);
  terms[index] = Object.keys(sum.terms).map((term) => `${name}/${term}`);
  return { weighted: tf.mul(sum.total, weight), terms: Object.values(sum.terms) };
}

/** For each table [touched, dimension] the rows that a step touches. */
export function touchedRows(tables: readonly tf.Tensor2D[], rows: readonly tf.Tensor1D[]): tf.Tensor[] {
  return tables.map((table, index) => tf.gather(table, rows[index]!));
}

/** The gradients of one group of whole batches in one pass. Values: the weighted loss, then the terms of all batches. */
export function groupGradients(
  setting: StepSetting,
  weights: readonly tf.Tensor[],
  touched: readonly tf.Tensor[],
  batches: readonly BatchInputs[],
): { gradients: Gradients; values: tf.Tensor1D } {
  const kept: tf.Scalar[] = [];
  const loss = () => {
    let total: tf.Scalar = tf.scalar(0);
    batches.forEach((batch, index) => {
      const part = lossOf(setting, embedPart(setting, weights, touched, batch.parts[0]!), batch, index);
      kept.push(...part.terms.map((term) => tf.keep(term)));
      total = tf.add(total, part.weighted);
    });
    return total;
  };
  const { value, grads } = tf.engine().gradients(loss, [...weights, ...touched]);
  const values = tf.stack([value, ...kept]) as tf.Tensor1D;
  tf.dispose(kept);
  return { gradients: { weights: grads.slice(0, weights.length), rows: grads.slice(weights.length) }, values };
}

/**
 * The gradient of a batch's weighted loss for its vectors, [texts of the part, dimension] of each part. Values: the weighted loss, then the batch's terms.
 *
 * @param students vectors of each part
 */
export function vectorGradients(
  setting: StepSetting,
  students: readonly tf.Tensor2D[],
  targets: BatchTargets,
  index: number,
): { upstream: tf.Tensor2D[]; values: tf.Tensor1D } {
  const kept: tf.Scalar[] = [];
  const loss = () => {
    const part = lossOf(setting, tf.concat([...students]) as tf.Tensor2D, targets, index);
    kept.push(...part.terms.map((term) => tf.keep(term)));
    return part.weighted;
  };
  const { value, grads } = tf.engine().gradients(loss, [...students]);
  const values = tf.stack([value, ...kept]) as tf.Tensor1D;
  tf.dispose(kept);
  return { upstream: grads as tf.Tensor2D[], values };
}

/** What the gradient for a part's vectors is for weights and rows. */
export function partGradients(
  setting: StepSetting,
  weights: readonly tf.Tensor[],
  touched: readonly tf.Tensor[],
  part: PartInputs,
  upstream: tf.Tensor2D,
): Gradients {
  const embed = () => embedPart(setting, weights, touched, part);
  const { grads } = tf.engine().gradients(embed, [...weights, ...touched], upstream);
  return { weights: grads.slice(0, weights.length), rows: grads.slice(weights.length) };
}

export function addGradients(a: Gradients, b: Gradients): Gradients {
  const sums = (of: keyof Gradients) => a[of].map((gradient, index) => tf.add(gradient, b[of][index]!));
  return { weights: sums('weights'), rows: sums('rows') };
}

/** Rates and corrections of a step. */
interface RatesOfStep {
  readonly denseRate: number;
  readonly tablesRate: number;
  /** Decay of the averages; whatever it is without them. */
  readonly decay: number;
  /** From 1 on. */
  readonly step: number;
}

/** [numbers] what `updated` reads, in its order. */
export function stepNumbers(
  { dense, table }: Pick<StepSetting, 'dense' | 'table'>,
  { denseRate, tablesRate, decay, step }: RatesOfStep,
): number[] {
  return [denseRate, tablesRate, decay, 1 - decay, ...dense.numbers(step), ...table.numbers(step)];
}

/**
 * The state after a step, and what is to be known of it: loss and terms as means over the groups, and last the global norm of the mean gradient.
 *
 * @param sums over all groups
 * @param values of each group, of all of its batches or one by one
 */
export function updated(
  { dense, table, clipNorm, groups }: StepSetting,
  state: StepState,
  rows: readonly tf.Tensor1D[],
  sums: Gradients,
  values: readonly (readonly tf.Tensor1D[])[],
  { numbers, kept }: StepNumbers,
): { state: StepState; report: tf.Tensor1D } {
  const scalars = tf.split(numbers, numbers.size).map((number) => number.reshape([]) as tf.Scalar);
  const [denseRate, tablesRate, decay, rest, ...others] = scalars as [tf.Scalar, tf.Scalar, tf.Scalar, tf.Scalar];
  const denseNumbers = others.slice(0, dense.numbers(1).length);
  const rowNumbers = others.slice(denseNumbers.length);
  const squares = tf.addN([...sums.weights, ...sums.rows].map((gradient) => tf.sum(tf.square(gradient))));
  const norm = tf.div(tf.sqrt(squares), groups) as tf.Scalar;
  const scale = tf.div(tf.minimum(tf.div(clipNorm, norm), 1), groups) as tf.Scalar;

  const changed = dense.update(state.weights, sums.weights, state.moments, { rate: denseRate, scale, numbers: denseNumbers });
  const tables: tf.Tensor2D[] = [];
  const averages: tf.Tensor2D[] = [];
  const rowMoments = state.rowMoments.map((moments, index): RowMoments => {
    const before = state.tables[index]!;
    const own = rows[index]!;
    const places = tf.expandDims(own, 1) as tf.Tensor2D;
    const scatter = (whole: tf.Tensor, parts: tf.Tensor) => tf.tensorScatterUpdate(whole, places, parts);
    const values = tf.gather(before, own);
    const touched = Object.fromEntries(Object.entries(moments).map(([name, whole]) => [name, tf.gather(whole, own)]));
    const step = { rate: tablesRate, scale, numbers: rowNumbers };
    const { change, moments: renewed } = table.update(touched, sums.rows[index]!, step);
    tables.push(scatter(before, tf.sub(values, change)) as tf.Tensor2D);
    const average = state.averages?.tables[index];
    if (average && kept) {
      const upToDate = tf.add(values, tf.mul(kept[index]!, tf.sub(tf.gather(average, own), values)));
      averages.push(scatter(average, upToDate) as tf.Tensor2D);
    }
    return Object.fromEntries(Object.entries(moments).map(([name, whole]) => [name, scatter(whole, renewed[name]!)]));
  });
  const { averages: averaged } = state;
  const next: StepState = {
    weights: changed.weights,
    moments: changed.moments,
    tables,
    rowMoments,
    ...(averaged && {
      averages: {
        weights: averaged.weights.map((average, index) => tf.add(tf.mul(average, decay), tf.mul(changed.weights[index]!, rest))),
        tables: averages,
      },
    }),
  };
  const report = tf.concat([tf.div(tf.addN(values.map(valuesOfGroup)), groups), norm.reshape([1])]) as tf.Tensor1D;
  return { state: next, report };
}

/** The loss and all terms of a group. */
function valuesOfGroup(parts: readonly tf.Tensor1D[]): tf.Tensor1D {
  const losses = parts.map((part) => tf.slice1d(part, 0, 1));
  return tf.concat([tf.addN(losses), ...parts.map((part) => tf.slice1d(part, 1, part.size - 1))]) as tf.Tensor1D;
}

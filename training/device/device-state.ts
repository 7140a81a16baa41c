import { type CemModel, tf } from '../../model/index.ts';
import type { HashTables } from '../../model/tables/index.ts';
import { keptShare } from '../optimizers/average-decay.ts';
import { type StateArrays, stateArray } from '../optimizers/state-arrays.ts';
import { likeWeights, type MomentKind, momentArrays, restoreMoments, zeroMoments } from './dense-rule.ts';
import { LentWeights } from './lent-weights.ts';
import type { StepState } from './step-functions.ts';
import type { RowMoments, TableRule } from './table-rules.ts';
import { leavesOf } from './tensor-tree.ts';

/**
 * Everything that steps change, as tensors, with the way there and back: from a model and from a checkpoint's arrays, into the model and into arrays, by the names and in the order of
 * `TrainingStep`. The tables of the model are out of date between two calls of `show`.
 */
export class DeviceState {
  readonly lent: LentWeights;
  readonly #tables: HashTables;
  readonly #variables: readonly tf.LayerVariable[];
  readonly #denseKinds: readonly MomentKind[];
  readonly #rowKinds: TableRule['kinds'];
  readonly #decay: number | undefined;
  /** For each table [rows] the step whose average a row has, since which it has not changed; empty without averages. */
  readonly #averageSteps: readonly Float32Array[];
  #state: StepState;
  #step = 0;
  /** Whether the model has the averages and not the weights themselves. */
  #shown = false;
  /** Whether the model's tables are those of the last step, or their averages. */
  #isDownloaded = true;

  /** @param decay of averages; absent: there are none */
  constructor(model: CemModel, denseKinds: readonly MomentKind[], rowKinds: TableRule['kinds'], decay: number | undefined) {
    const { tables } = model;
    this.#tables = tables;
    this.#variables = model.graph.trainableWeights;
    this.#denseKinds = denseKinds;
    this.#rowKinds = rowKinds;
    this.#decay = decay;
    this.#averageSteps =
      decay === undefined ? [] : tables.tables.map((table) => new Float32Array(table.length / tables.dimension));
    this.lent = new LentWeights(this.#variables);
    const weights = this.lent.take();
    this.#state = {
      weights,
      moments: zeroMoments(denseKinds),
      tables: tables.tables.map((table) => this.#upload(table)),
      rowMoments: tables.tables.map((table) => this.#zeroRows(table.length / tables.dimension)),
      ...(decay !== undefined && {
        averages: {
          // Copies with memory of their own: steps take that of the weights.
          weights: weights.map((weight) => tf.tidy(() => tf.add(weight, 0))),
          tables: tables.tables.map((table) => this.#upload(table)),
        },
      }),
    };
  }

  /** What steps go on from; they dispose of it. */
  get tensors(): StepState {
    return this.#state;
  }

  /** Takes over the state after a step. */
  replace(state: StepState): void {
    this.#state = state;
    this.#isDownloaded = false;
    this.lent.show(state.weights);
  }

  /**
   * What the steps since a row was last touched have left of its average, [touched, 1] for each table; the caller owns it.
   *
   * @param touched rows of each table
   * @param padded how many there are with padding
   * @param step steps that were taken
   * @returns undefined without averages
   */
  keptShares(touched: readonly Int32Array[], padded: readonly number[], step: number): tf.Tensor2D[] | undefined {
    const decay = this.#decay;
    if (decay === undefined) return undefined;
    return touched.map((rows, table) => {
      const shares = new Float32Array(padded[table]!).fill(1);
      const steps = this.#averageSteps[table]!;
      rows.forEach((row, place) => {
        shares[place] = keptShare(decay, steps[row]!, step);
      });
      return tf.tensor2d(shares, [shares.length, 1]);
    });
  }

  /** To be called when a step has changed rows. @param step steps that were taken before it */
  stepDone(touched: readonly Int32Array[], step: number): void {
    this.#step = step + 1;
    this.#averageSteps.forEach((steps, table) => {
      for (const row of touched[table]!) steps[row] = step;
    });
  }

  /** Puts weights and tables into the model: the averages, where there are some. */
  async show(): Promise<void> {
    const { weights, tables, averages } = this.#state;
    this.lent.show(averages ? averages.weights : weights);
    this.#shown = averages !== undefined;
    if (this.#isDownloaded) return;
    for (const [index, target] of this.#tables.tables.entries()) {
      await this.#download(tables[index]!, target);
      if (averages) this.#blend(target, await this.#numbers(averages.tables[index]!, target.length), index);
    }
    this.#isDownloaded = true;
  }

  /** Puts the weights back into the graph; the tables are those of the backend anyway. */
  hide(): void {
    if (!this.#shown) return;
    this.lent.show(this.#state.weights);
    this.#shown = false;
  }

  async arrays(): Promise<StateArrays> {
    const { moments, rowMoments, averages, weights, tables } = this.#state;
    const arrays = new Map(await momentArrays(this.#denseKinds, moments));
    for (const { name, perRow } of this.#rowKinds) {
      for (const [table, own] of rowMoments.entries())
        arrays.set(`tables/${table}/${name}`, await this.#numbers(own[name]!, this.#length(table, perRow)));
    }
    if (!averages) return arrays;
    const dense = async (name: string, tensors: readonly tf.Tensor[]) => {
      for (const [key, values] of await momentArrays([likeWeights(name, this.#variables)], { [name]: tensors }))
        arrays.set(key, values);
    };
    await dense('average', averages.weights);
    if (this.#shown) await dense('weights', weights);
    for (const [table, average] of averages.tables.entries()) {
      const length = this.#length(table, false);
      arrays.set(`tables/${table}/average`, await this.#numbers(average, length));
      arrays.set(`tables/${table}/average-steps`, this.#averageSteps[table]!);
      if (this.#shown) arrays.set(`tables/${table}/weights`, await this.#numbers(tables[table]!, length));
    }
    return arrays.set('average/step', Float32Array.of(this.#step));
  }

  /** @throws CemError `CHECKPOINT_SHAPE`; the state is as it was then */
  restore(arrays: StateArrays): void {
    this.hide();
    this.#check(arrays);
    const rows = (table: number, name: string, perRow = false): Float32Array =>
      stateArray(arrays, `tables/${table}/${name}`, this.#length(table, perRow));
    const dense = (name: string) => restoreMoments([likeWeights(name, this.#variables)], arrays)[name]!;
    const upload = (table: number, name: string) => this.#upload(rows(table, name)) as tf.Tensor2D;
    const all = this.#tables.tables;
    const before = this.#state;
    this.#averageSteps.forEach((steps, table) => {
      steps.set(rows(table, 'average-steps', true));
    });
    const averaged = this.#decay !== undefined;
    if (averaged) this.#step = arrays.get('average/step')![0]!;
    this.replace({
      // Beside averages, which are the model's weights then, stand the weights that training goes on from.
      weights: averaged && arrays.has('dense/weights') ? dense('weights') : before.weights.map((weight) => weight.clone()),
      moments: restoreMoments(this.#denseKinds, arrays),
      tables: all.map((values, table) =>
        averaged && arrays.has(`tables/${table}/weights`) ? upload(table, 'weights') : (this.#upload(values) as tf.Tensor2D),
      ),
      rowMoments: all.map(
        (_, table): RowMoments =>
          Object.fromEntries(this.#rowKinds.map(({ name, perRow }) => [name, this.#upload(rows(table, name, perRow), perRow)])),
      ),
      ...(averaged && {
        averages: { weights: dense('average'), tables: all.map((_, table) => upload(table, 'average')) },
      }),
    });
    tf.dispose(leavesOf(before));
  }

  /** Looks at all arrays before a tensor is made of one. */
  #check(arrays: StateArrays): void {
    const sizeOf = (shape: readonly number[]) => tf.util.sizeFromShape([...shape]);
    for (const { name, members } of this.#denseKinds) {
      const size = members.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      stateArray(arrays, `dense/${name}`, size);
    }
    for (const table of this.#tables.tables.keys()) {
      for (const { name, perRow } of this.#rowKinds) stateArray(arrays, `tables/${table}/${name}`, this.#length(table, perRow));
    }
    if (this.#decay === undefined) return;
    const size = this.#variables.reduce((sum, { shape }) => sum + sizeOf(shape as number[]), 0);
    stateArray(arrays, 'average/step', 1);
    for (const name of ['dense/average', 'dense/weights'])
      if (name === 'dense/average' || arrays.has(name)) stateArray(arrays, name, size);
    for (const table of this.#tables.tables.keys()) {
      const names: [name: string, length: number][] = [
        ['average', this.#length(table, false)],
        ['average-steps', this.#length(table, true)],
      ];
      if (arrays.has(`tables/${table}/weights`)) names.push(['weights', this.#length(table, false)]);
      for (const [name, length] of names) stateArray(arrays, `tables/${table}/${name}`, length);
    }
  }

  dispose(): void {
    this.hide();
    this.lent.giveBack();
    tf.dispose(leavesOf(this.#state));
  }

  #length(table: number, perRow: boolean): number {
    const { length } = this.#tables.tables[table]!;
    return perRow ? length / this.#tables.dimension : length;
  }

  /** A table, or what there is of its rows, with one more row of zeros: [rows + 1, dimension], or [rows + 1]. */
  #upload(values: Float32Array, perRow = false): tf.Tensor2D {
    const width = perRow ? 1 : this.#tables.dimension;
    const all = new Float32Array(values.length + width);
    all.set(values);
    return (perRow ? tf.tensor1d(all) : tf.tensor2d(all, [all.length / width, width])) as tf.Tensor2D;
  }

  #zeroRows(rows: number): RowMoments {
    const { dimension } = this.#tables;
    return Object.fromEntries(
      this.#rowKinds.map(({ name, perRow }) => [name, perRow ? tf.zeros([rows + 1]) : tf.zeros([rows + 1, dimension])]),
    );
  }

  /** The first numbers of a tensor, without the row that only padding names. */
  async #numbers(tensor: tf.Tensor, length: number): Promise<Float32Array> {
    return ((await tensor.data()) as Float32Array).slice(0, length);
  }

  async #download(tensor: tf.Tensor, target: Float32Array): Promise<void> {
    target.set(((await tensor.data()) as Float32Array).subarray(0, target.length));
  }

  /** Puts the averages of the last step into a table's rows. */
  #blend(rows: Float32Array, averages: Float32Array, table: number): void {
    const { dimension } = this.#tables;
    this.#averageSteps[table]!.forEach((from, row) => {
      const kept = keptShare(this.#decay!, from, this.#step);
      for (let at = row * dimension; at < (row + 1) * dimension; at++) rows[at]! += kept * (averages[at]! - rows[at]!);
    });
  }
}

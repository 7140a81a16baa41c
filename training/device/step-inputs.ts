import { type CemModel, tf } from '../../model/index.ts';
import type { SymbolBatch } from '../../model/symbols/index.ts';
import { splitSymbolBatch, type TrainingBatch } from '../batches/training-batch.ts';
import { padBatch } from './padded-batch.ts';
import { coveringBatch, type FitShape, partShape, type StepShape } from './step-shape.ts';
import { RowSorter, type UniqueRows } from './unique-rows.ts';

/** Texts that are embedded together. */
export interface PartInputs {
  /** [texts, symbols] bytes of each symbol, 0 for padding. */
  readonly lengths: tf.Tensor2D;
  /** [texts, symbols] int32 */
  readonly kinds: tf.Tensor2D;
  /** [texts, symbols] int32 and [texts, patches]; absent with static patching. */
  readonly patches?: { readonly ids: tf.Tensor2D; readonly mask: tf.Tensor2D };
  /** [positions] int32 place of the symbol that a byte belongs to; texts * symbols for padding. */
  readonly places: tf.Tensor1D;
  /** For each table [positions] int32 which of the step's rows a byte's n-gram has. */
  readonly rows: readonly tf.Tensor1D[];
}

/** What a batch's losses compare its vectors with. */
export interface BatchTargets {
  /** [texts, dimension] */
  readonly targets: tf.Tensor2D;
  /** [negatives, dimension] */
  readonly negatives?: tf.Tensor2D;
  /** [negatives] 0 for padding; absent where nothing is padded. */
  readonly negativesMask?: tf.Tensor1D;
}

/** One batch of a step. */
export interface BatchInputs extends BatchTargets {
  /** Neighbouring texts; one part where gradients are not computed in pieces. */
  readonly parts: readonly PartInputs[];
}

/** What a step is computed from, beside its state and its numbers. */
export interface StepInputs {
  /** Groups of one batch a granularity. */
  readonly groups: readonly (readonly BatchInputs[])[];
  /** For each table [touched] int32 its rows that the step touches, ascending; padding names the row behind the last. */
  readonly rows: readonly tf.Tensor1D[];
}

/** What the host knows of a step whose tensors are made. */
export interface MadeInputs {
  readonly inputs: StepInputs;
  /** For each table its rows, without padding. */
  readonly touched: readonly Int32Array[];
  readonly exact: StepShape;
  readonly padded: StepShape;
}

/** Makes the tensors of steps from their batches: everything that is a matter of the host. */
export class StepInputMaker {
  readonly #model: CemModel;
  readonly #microBatch: number;
  readonly #tableRows: readonly number[];
  readonly #sorter: RowSorter;

  /** @param microBatch texts that are computed together; by default all of a batch */
  constructor(model: CemModel, microBatch = Number.POSITIVE_INFINITY) {
    this.#model = model;
    this.#microBatch = microBatch;
    this.#tableRows = model.tables.tables.map((table) => table.length / model.tables.dimension);
    this.#sorter = new RowSorter(Math.max(...this.#tableRows));
  }

  /** The sizes of a step. */
  shapeOf(groups: readonly (readonly TrainingBatch[])[]): StepShape {
    const parts = this.#partsOf(groups);
    return this.#shapeOfStep(groups, parts, this.#uniqueRows(parts));
  }

  /**
   * The tensors are the caller's.
   *
   * @param fit absent: nothing is padded
   */
  make(groups: readonly (readonly TrainingBatch[])[], fit?: FitShape): MadeInputs {
    const parts = this.#partsOf(groups);
    const unique = this.#uniqueRows(parts);
    const exact = this.#shapeOfStep(groups, parts, unique);
    const padded = fit ? fit(exact) : exact;
    let part = 0;
    const inputs: StepInputs = {
      groups: groups.map((batches, group) =>
        batches.map(({ targets, negatives }, index): BatchInputs => {
          const { dimension } = this.#model;
          return {
            parts: parts[group]![index]!.map((symbols) => partInputs(symbols, padded, index, unique, part++)),
            targets: tf.tensor2d(targets, [targets.length / dimension, dimension]),
            ...negativeInputs(negatives, dimension, padded.batches[index]!.negatives, fit !== undefined),
          };
        }),
      ),
      rows: unique.map(({ rows }, table) => {
        const all = new Int32Array(padded.rows[table]!).fill(this.#tableRows[table]!);
        all.set(rows);
        return tf.tensor1d(all, 'int32');
      }),
    };
    return { inputs, touched: unique.map(({ rows }) => rows), exact, padded };
  }

  #partsOf(groups: readonly (readonly TrainingBatch[])[]): SymbolBatch[][][] {
    return groups.map((batches) =>
      batches.map(({ symbols }) => (symbols.size > this.#microBatch ? splitSymbolBatch(symbols, this.#microBatch) : [symbols])),
    );
  }

  #uniqueRows(parts: readonly SymbolBatch[][][]): UniqueRows[] {
    const all = parts.flat(2);
    return this.#tableRows.map((rows, table) =>
      this.#sorter.sort(
        all.map((part) => part.rows[table]!),
        rows,
      ),
    );
  }

  #shapeOfStep(
    groups: readonly (readonly TrainingBatch[])[],
    parts: readonly SymbolBatch[][][],
    unique: readonly UniqueRows[],
  ): StepShape {
    const shapesOf = (index: number) =>
      groups.flatMap((batches, group) => {
        const negatives = (batches[index]!.negatives?.length ?? 0) / this.#model.dimension;
        return parts[group]![index]!.map((part) => partShape(part, negatives));
      });
    return {
      batches: groups[0]!.map((_, index) => coveringBatch(shapesOf(index))),
      rows: unique.map(({ rows }) => rows.length),
    };
  }
}

/** @param masked whether there is a mask even where nothing is padding */
function negativeInputs(
  negatives: Float32Array | undefined,
  dimension: number,
  rows: number,
  masked: boolean,
): Omit<BatchTargets, 'targets'> {
  if (rows === 0) return {};
  const all = new Float32Array(rows * dimension);
  if (negatives) all.set(negatives);
  const there = (negatives?.length ?? 0) / dimension;
  return {
    negatives: tf.tensor2d(all, [rows, dimension]),
    ...((masked || rows > there) && { negativesMask: tf.tensor1d(new Float32Array(rows).fill(1, 0, there)) }),
  };
}

/** @param number of the part among all of the step */
function partInputs(
  symbols: SymbolBatch,
  shape: StepShape,
  batch: number,
  unique: readonly UniqueRows[],
  number: number,
): PartInputs {
  const padded = padBatch(symbols, shape.batches[batch]!);
  const { size, lengths, kinds, places, patches } = padded;
  const texts: [number, number] = [size, padded.symbols];
  return {
    lengths: tf.tensor2d(lengths, texts),
    kinds: tf.tensor2d(kinds, texts, 'int32'),
    ...(patches && {
      patches: { ids: tf.tensor2d(patches.ids, texts, 'int32'), mask: tf.tensor2d(patches.mask, [size, patches.count]) },
    }),
    places: tf.tensor1d(places, 'int32'),
    rows: unique.map(({ places: named }) => {
      // Whatever row padding names is added to no symbol.
      const own = new Int32Array(places.length);
      own.set(named[number]!);
      return tf.tensor1d(own, 'int32');
    }),
  };
}

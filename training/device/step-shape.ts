import type { SymbolBatch } from '../../model/symbols/index.ts';

/** How large one batch of a step is, or each of the parts that it is computed in. */
export interface BatchShape {
  /** Symbols of each text. */
  readonly symbols: number;
  /** Patches of each text; 0 where they are of one size. */
  readonly patches: number;
  /** Bytes of all texts of a part together. */
  readonly positions: number;
  /** Further negatives of the whole batch. */
  readonly negatives: number;
}

/** All sizes of a step that differ from step to step. */
export interface StepShape {
  /** One a granularity: what covers that batch in each of the step's groups. */
  readonly batches: readonly BatchShape[];
  /** [tables] distinct rows that the step touches. */
  readonly rows: readonly number[];
}

/** Chooses the shape that a step is padded to. */
export type FitShape = (exact: StepShape) => StepShape;

/** @param negatives of the batch that it is a part of */
export function partShape({ symbols, patches, starts, places }: SymbolBatch, negatives: number): BatchShape {
  return { symbols, patches: patches?.count ?? 0, positions: starts[places.length]!, negatives };
}

/** The least shape that covers all of them. */
export function coveringBatch(shapes: readonly BatchShape[]): BatchShape {
  const most = (of: keyof BatchShape) => shapes.reduce((sum, shape) => Math.max(sum, shape[of]), 0);
  return { symbols: most('symbols'), patches: most('patches'), positions: most('positions'), negatives: most('negatives') };
}

/** The least step that covers all of them, which have as many batches and tables. */
export function coveringStep(shapes: readonly StepShape[]): StepShape {
  return {
    batches: shapes[0]!.batches.map((_, index) => coveringBatch(shapes.map(({ batches }) => batches[index]!))),
    rows: shapes[0]!.rows.map((_, table) => Math.max(...shapes.map(({ rows }) => rows[table]!))),
  };
}

/** Whether a step has room in a shape. */
export function covers(shape: StepShape, step: StepShape): boolean {
  return (
    step.rows.every((rows, table) => rows <= shape.rows[table]!) &&
    step.batches.every((batch, index) =>
      (Object.keys(batch) as (keyof BatchShape)[]).every((of) => batch[of] <= shape.batches[index]![of]),
    )
  );
}

/**
 * Share of a padded step's symbols that padding has added.
 *
 * @param texts of each batch
 */
export function paddingShare(exact: StepShape, padded: StepShape, texts: readonly number[]): number {
  const symbols = ({ batches }: StepShape) => batches.reduce((sum, batch, index) => sum + batch.symbols * texts[index]!, 0);
  return 1 - symbols(exact) / symbols(padded);
}

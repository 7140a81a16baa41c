import { type BatchShape, coveringStep, covers, type StepShape } from './step-shape.ts';

/** Most shapes that are chosen from a sample of steps. */
const MOST_SHAPES = 4;
/** How much more than the largest of the sample a step may have and still fit: steps that were not looked at have other texts. */
const MARGIN = 1.05;
/** Steps that fit nowhere get the next size of a row of sizes that grow so fast, so that few programs are made of whatever comes. */
const GROWTH = 1.25;
/** What positions and rows are rounded up to. */
const MULTIPLE = 64;

/** What sizes must keep to. */
interface ShapeLimits {
  /** Texts of each batch, or of the parts that it is computed in. */
  readonly texts: readonly number[];
  /** Symbols that a text of so many symbols is padded to. */
  paddedSymbols(symbols: number): number;
  /** Most symbols of a text. */
  readonly maximumSymbols: number;
  /** [tables] rows of each table. */
  readonly tableRows: readonly number[];
}

/**
 * The few shapes that steps are padded to, so that few programs are compiled: chosen from a sample of the run's own steps so that as little as possible is padded. The shape of a step depends on
 * the sample and the step alone, not on the steps before it, so that a resumed run has the same.
 */
export class StepShapes {
  readonly #limits: ShapeLimits;
  /** Least first. */
  readonly shapes: readonly StepShape[];

  /** @param sample at least one step */
  constructor(sample: readonly StepShape[], limits: ShapeLimits) {
    this.#limits = limits;
    const cost = (shape: StepShape) => shapeCost(shape, limits.texts);
    const sorted = [...sample].sort((a, b) => cost(a) - cost(b));
    this.shapes = cheapestCuts(sorted, cost, MOST_SHAPES).map(({ from, to }) =>
      this.#rounded(coveringStep(sorted.slice(from, to)), (size) => MARGIN * size),
    );
  }

  /** The shape of a step: the least of the chosen ones that has room for it, or one that grows from the largest. */
  fit(exact: StepShape): StepShape {
    const found = this.shapes.find((shape) => covers(shape, exact));
    if (found) return found;
    const largest = coveringStep(this.shapes);
    const grown = (size: number, place: number) => {
      let room = Math.max(1, place);
      while (room < size) room *= GROWTH;
      return Math.ceil(room);
    };
    return this.#rounded({
      batches: exact.batches.map((batch, index) => {
        const room = largest.batches[index]!;
        return {
          symbols: grown(batch.symbols, room.symbols),
          patches: batch.patches === 0 ? 0 : grown(batch.patches, room.patches),
          positions: grown(batch.positions, room.positions),
          negatives: batch.negatives === 0 && room.negatives === 0 ? 0 : grown(batch.negatives, room.negatives),
        };
      }),
      rows: exact.rows.map((rows, table) => grown(rows, largest.rows[table]!)),
    });
  }

  /** @param wider what there should be room for beside the largest of the sample */
  #rounded(shape: StepShape, wider: (size: number) => number = (size) => size): StepShape {
    const { paddedSymbols, maximumSymbols, tableRows } = this.#limits;
    const up = (size: number) => Math.ceil(wider(size) / MULTIPLE) * MULTIPLE;
    return {
      batches: shape.batches.map(({ symbols, patches, positions, negatives }): BatchShape => {
        const padded = paddedSymbols(Math.min(maximumSymbols, symbols));
        // A patch has at least one symbol.
        return { symbols: padded, patches: Math.min(padded, Math.ceil(wider(patches))), positions: up(positions), negatives };
      }),
      // A step that touches every row needs no more room than that.
      rows: shape.rows.map((rows, table) => Math.max(rows, Math.min(tableRows[table]!, up(rows)))),
    };
  }
}

/** What a step of this shape costs, roughly: the symbols of all texts, and the bytes whose rows are summed. */
function shapeCost({ batches }: StepShape, texts: readonly number[]): number {
  return batches.reduce((sum, { symbols, positions }, index) => sum + symbols * texts[index]! + positions, 0);
}

interface Cut {
  readonly from: number;
  readonly to: number;
}

/** Cuts steps, which ascend by cost, into at most so many runs, each padded to what covers all of it, so that all together cost least. */
function cheapestCuts(sorted: readonly StepShape[], cost: (shape: StepShape) => number, most: number): Cut[] {
  const count = sorted.length;
  const runCost = (from: number, to: number) => (to - from) * cost(coveringStep(sorted.slice(from, to)));
  /** By runs and steps: the least cost of the first steps in so many runs, and where the last of them begins. */
  let best = Array.from({ length: count + 1 }, (_, to) => ({
    cost: to === 0 ? 0 : runCost(0, to),
    cuts: [{ from: 0, to }] as Cut[],
  }));
  for (let runs = 2; runs <= most; runs++) {
    best = best.map((before, to) => {
      let found = before;
      for (let from = 1; from < to; from++) {
        const sum = best[from]!.cost + runCost(from, to);
        if (sum < found.cost) found = { cost: sum, cuts: [...best[from]!.cuts, { from, to }] };
      }
      return found;
    });
  }
  return best[count]!.cuts;
}

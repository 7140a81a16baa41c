import { UsageError } from '../../base/index.ts';
import type { CemModel } from '../../model/index.ts';
import type { EncodedChunk } from '../../model/symbols/index.ts';
import type { Granularity } from '../batches/granularity.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import { chooseTexts, type LabelledTexts } from './choose-texts.ts';
import type { TableWarmStartConfig } from './config.ts';
import { NgramCounts } from './ngram-counts.ts';
import { coordinates, principalDirections } from './principal-directions.ts';
import { type RidgeOptions, ridgeRegression } from './ridge-regression.ts';
import { writeSkipPath } from './warm-skip-path.ts';

/** Texts whose symbols are looked at for their size, and how many of them at once. */
const MEASURED_TEXTS = 512;
const MEASURED_AT_ONCE = 16;

/** What a run begins with, where the configuration says so. */
interface WarmStartConfig {
  readonly tableWarmStart?: TableWarmStartConfig | undefined;
  readonly warmStart?: string | undefined;
}

/** A model whose skip path the tables are fitted for. */
interface WarmedModel {
  readonly skipPath: boolean;
  readonly query?: { readonly skipPath: boolean } | undefined;
}

/** What a warm start reads of a run's options. */
interface WarmStartOptions {
  readonly training: WarmStartConfig;
  readonly seed: number;
  readonly listener: TrainingListener;
}

/**
 * Refuses a table warm start where it cannot be.
 *
 * @throws UsageError `WARM_START_NO_SKIP_PATH`, `WARM_START_TWICE`
 */
export function checkTableWarmStart({
  training,
  model,
}: {
  readonly training: WarmStartConfig;
  readonly model: WarmedModel;
}): void {
  if (training.tableWarmStart === undefined) return;
  if (!model.skipPath || model.query?.skipPath === false) {
    throw new UsageError(
      'WARM_START_NO_SKIP_PATH',
      'training.tableWarmStart fits the tables to what the skip path makes of them, and skipPath of model or model.query is false; leave one of the two out',
    );
  }
  if (training.warmStart !== undefined) {
    throw new UsageError(
      'WARM_START_TWICE',
      `training.tableWarmStart would replace the tables that training.warmStart takes from ${training.warmStart}; leave one of the two out`,
    );
  }
}

/**
 * Fits the tables and the skip path of a new model to labelled texts, where the configuration asks for it.
 *
 * With an even gate the skip path's bag is proportional to the plain sum of all rows over a text's positions, however the text was parsed, and its norm is divided out. So the tables T are
 * chosen to make (counts / positions^0.8) T near Y P^T, Y being the teacher's vectors and P their first `local.dimension` principal directions, and the skip path's projection is P. The fit
 * differs from the model in one thing: it counts errors before norms are divided out.
 *
 * Each column of T is then scaled so that symbols' embeddings have the size of those from drawn tables (the transformer reads them, too, and one learning rate serves all columns), and the
 * projection's rows by the inverse. Rows that no chosen text has are zero. The transformer is as it was drawn,
 * but for its way to the output.
 *
 * Memory, besides the model: 8 bytes a position and table for the chosen texts, 12 bytes a number of the rows that they have, 16 bytes a number of their targets.
 */
export async function warmStartTables(
  model: CemModel,
  dictionary: Uint8Array,
  granularities: readonly Granularity[],
  { training, seed, listener }: WarmStartOptions,
): Promise<void> {
  const config = training.tableWarmStart;
  if (config === undefined) return;
  const stage = listener.stage('warm start');
  try {
    const texts = await chooseTexts(granularities, model, model.prepareDictionary(dictionary), { ...config, seed });
    const fit = fitRows(model, texts, {
      ...config,
      onIteration: (done, left) => stage.progress(done, config.iterations, `residual ${left.toFixed(4)}`),
    });
    const measured = everyNth(texts.chunks, Math.ceil(texts.chunks.length / MEASURED_TEXTS));
    const usual = symbolSquares(model, measured);
    const usualSquare = usual.reduce((sum, square) => sum + square, 0) / usual.length;
    writeRows(model, fit.rows, fit.unknowns);
    const scales = symbolSquares(model, measured).map((square) => (square > 0 ? Math.sqrt(usualSquare / square) : 1));
    scaleColumns(model, scales);
    writeSkipPath(model, fit.directions, scales, fit.fitted);
    const rows = fit.rows.reduce((sum, { length }) => sum + length, 0);
    stage.done(`${texts.chunks.length} texts, ${rows} rows, residual ${fit.residual.toFixed(4)}`);
  } catch (error) {
    stage.fail();
    throw error;
  }
}

/** What a regression found. */
interface FittedRows {
  /** For each table the rows that the texts have. */
  readonly rows: readonly Int32Array[];
  /** For each table [rows, width] what they should be. */
  readonly unknowns: readonly Float32Array[];
  /** [at most width, dimension] what each column stands for. */
  readonly directions: Float32Array;
  /** [texts, width] the texts' sums of these rows. */
  readonly fitted: Float32Array;
  readonly residual: number;
}

function fitRows({ tables, dimension }: CemModel, { chunks, targets }: LabelledTexts, options: RidgeOptions): FittedRows {
  const width = tables.dimension;
  const directions = principalDirections(targets, dimension, Math.min(width, dimension));
  const tableRows = Math.max(...tables.tables.map((table) => table.length / width));
  const counts = new NgramCounts(chunks, width, tableRows);
  const { unknowns, residual } = ridgeRegression(counts, coordinates(targets, directions, dimension, width), options);
  return { rows: counts.rows, unknowns, directions, fitted: counts.apply(unknowns), residual };
}

/** Tables with the fitted rows, and zeros elsewhere. */
function writeRows(
  { tables: { tables, dimension } }: CemModel,
  rows: readonly Int32Array[],
  fitted: readonly Float32Array[],
): void {
  tables.forEach((table, number) => {
    table.fill(0);
    rows[number]!.forEach((row, unknown) => {
      table.set(fitted[number]!.subarray(unknown * dimension, (unknown + 1) * dimension), row * dimension);
    });
  });
}

function scaleColumns({ tables: { tables, dimension } }: CemModel, scales: Float64Array): void {
  for (const table of tables) {
    for (let from = 0; from < table.length; from += dimension) {
      for (let column = 0; column < dimension; column++) table[from + column]! *= scales[column]!;
    }
  }
}

/** [width] mean square of each column of symbols' embeddings. */
function symbolSquares(model: CemModel, chunks: readonly EncodedChunk[]): Float64Array {
  const width = model.tables.dimension;
  const sums = new Float64Array(width);
  let symbols = 0;
  for (let from = 0; from < chunks.length; from += MEASURED_AT_ONCE) {
    const batch = model.batch(chunks.slice(from, from + MEASURED_AT_ONCE));
    symbols += batch.places.length;
    model.tables.embed(batch).forEach((value, at) => {
      sums[at % width]! += value * value;
    });
  }
  return sums.map((sum) => sum / symbols);
}

function everyNth<Item>(items: readonly Item[], step: number): Item[] {
  return items.filter((_, index) => index % step === 0);
}

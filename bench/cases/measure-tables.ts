import type { CemModel } from '../../model/embedder.ts';
import type { SymbolBatch } from '../../model/symbols/symbol-batch.ts';
import { type BenchReport, describeMachine, type Measurement, median } from '../measurement.ts';

/** What ten times the rows may cost of a training step. */
const BAR = 1.1;
/** Chunks of a batch. */
export const BATCH_SIZE = 32;

/** A model in training: evaluation does not know how that is done. */
export interface ModelInTraining {
  readonly model: CemModel;
  /** Updates the tables alone from the gradient of a batch's symbol embeddings, [size, symbols, dimension]. */
  updateTables(batch: SymbolBatch, gradient: Float32Array): void;
  /** One whole training step. */
  step(batch: SymbolBatch): Promise<void>;
  dispose(): void;
}

export interface TablesBenchInput {
  /** Compressed passages of about a kilobyte, `batches * BATCH_SIZE` of them. */
  readonly frames: readonly Uint8Array[];
  /** The dictionary that they are compressed with. */
  readonly dictionary: Uint8Array;
  /** Each is measured in every round. */
  readonly batches: number;
  readonly rounds: number;
  /** Rows of each n-gram table that are compared, the smaller first. */
  readonly rows: readonly [number, number];
  /** A model that differs in its rows alone. */
  readonly create: (rows: number) => ModelInTraining;
  readonly onStage?: (stage: string) => void;
}

interface Side {
  readonly rows: number;
  readonly training: ModelInTraining;
  readonly batches: readonly SymbolBatch[];
  readonly milliseconds: { readonly embed: number[]; readonly update: number[]; readonly step: number[] };
}

/** What a training step costs with ten times the hash rows: on the tables alone, and as a whole. */
export async function benchTables(input: TablesBenchInput): Promise<BenchReport> {
  const { frames, dictionary, batches, rounds, rows, create, onStage } = input;
  const sides = rows.map((count): Side => {
    onStage?.(`model with ${count} rows`);
    const training = create(count);
    const { model } = training;
    const prepared = model.prepareDictionary(dictionary);
    const chunks = frames.map((frame) => model.encode(frame, prepared));
    return {
      rows: count,
      training,
      batches: Array.from({ length: batches }, (_, i) => model.batch(chunks.slice(i * BATCH_SIZE, (i + 1) * BATCH_SIZE))),
      milliseconds: { embed: [], update: [], step: [] },
    };
  });
  try {
    // The first visit of a row takes memory from the system, once; what is measured is the visits behind it.
    for (let round = -1; round < rounds; round++) {
      onStage?.(round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`);
      for (let batch = 0; batch < batches; batch++) for (const side of sides) await measure(side, batch, round >= 0);
    }
    const [few, many] = sides as [Side, Side];
    return {
      bench: 'tables',
      date: new Date().toISOString().slice(0, 10),
      machine: describeMachine(),
      notes: [
        `${batches} batches of ${BATCH_SIZE} passages in symbols, ${positionsOf(few)} positions a batch in the mean; ${few.training.model.graph.countParams()} weights, tables of ${few.training.model.tables.dimension} numbers a row; medians over ${rounds} rounds of all batches, the sides taking turns at each.`,
        ...sides.map(
          (side) =>
            `${side.rows} rows: ${distinctRows(side)} distinct rows a batch in the mean, kernels \`${side.training.model.tables.kernels.name}\`.`,
        ),
      ],
      measurements: [
        against('a training step', few, many, ({ step }) => step, { atMost: BAR }),
        against('of that, embedding on the host', few, many, ({ embed }) => embed),
        against('of that, row gradients and update', few, many, ({ update }) => update),
      ],
    };
  } finally {
    for (const { training } of sides) training.dispose();
  }
}

async function measure({ training, batches, milliseconds }: Side, number: number, counts: boolean): Promise<void> {
  const batch = batches[number]!;
  const times = [performance.now()];
  const embedded = training.model.tables.embed(batch);
  times.push(performance.now());
  training.updateTables(batch, embedded);
  times.push(performance.now());
  await training.step(batch);
  times.push(performance.now());
  if (!counts) return;
  const [start, afterEmbed, afterUpdate, end] = times as [number, number, number, number];
  milliseconds.embed.push(afterEmbed - start);
  milliseconds.update.push(afterUpdate - afterEmbed);
  milliseconds.step.push(end - afterUpdate);
}

function against(
  name: string,
  few: Side,
  many: Side,
  choose: (milliseconds: Side['milliseconds']) => number[],
  bar?: Measurement['bar'],
): Measurement {
  return {
    name: `${name}, ${many.rows} rows`,
    value: median(choose(many.milliseconds)),
    unit: 'ms',
    reference: { name: `${few.rows} rows`, value: median(choose(few.milliseconds)) },
    ...(bar && { bar }),
  };
}

function positionsOf({ batches }: Side): number {
  return mean(batches.map((batch) => batch.rows[0]!.length));
}

function distinctRows({ batches }: Side): number {
  return mean(batches.map((batch) => batch.rows.reduce((sum, rows) => sum + new Set(rows).size, 0)));
}

function mean(values: readonly number[]): number {
  return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}

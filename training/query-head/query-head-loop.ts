import { listCheckpoints, loadQueryHead, loadQueryHeadOptimizer, saveQueryHeadCheckpoint } from '../../checkpoints/index.ts';
import type { GroupRole } from '../../encoders/index.ts';
import { QueryHeadModel } from '../../model/query-head/index.ts';
import { runMeasuredSteps } from '../loop/measured-steps.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { principalDirections } from '../warm-start/principal-directions.ts';
import type { QueryHeadExamples, QueryHeadRun, QueryHeadTrainOptions, QueryHeadTrainResult } from './options.ts';
import { PairBatches } from './pair-batches.ts';
import { QueryHeadStep } from './query-head-step.ts';
import type { TokenRows } from './token-rows.ts';

/** Texts whose vectors say where the head's directions are: enough for 384 of them. */
const TEXTS_FOR_DIRECTIONS = 256;

/** The steps of a run, from its newest checkpoint to its last step. */
export class QueryHeadLoop {
  readonly #folder: RunFolder;
  readonly #config: QueryHeadRun;
  readonly #options: QueryHeadTrainOptions;

  constructor(folder: RunFolder, config: QueryHeadRun, options: QueryHeadTrainOptions) {
    this.#folder = folder;
    this.#config = config;
    this.#options = options;
  }

  async run(): Promise<Omit<QueryHeadTrainResult, 'run' | 'texts' | 'seconds'>> {
    const { training, seed } = this.#config;
    const { steps } = training;
    const { listener, signal, examples, evaluate } = this.#options;
    const batches = new PairBatches(examples, seed, training);
    const { model, step, first } = await this.#start();
    try {
      const weights = model.graph.countParams();
      listener.note(
        `train: ${steps} steps of ${batches.size} pairs, ${batches.epochs(steps).toFixed(1)} epochs of ${examples.pairs.length} pairs; ${weights} weights`,
      );
      const done = await runMeasuredSteps({
        folder: this.#folder,
        first,
        training,
        textsPerStep: batches.size,
        step: (number) => step.run(batches.at(number), number),
        evaluate: evaluate && (() => evaluate(model)),
        save: (number) => this.#save(model, step, number),
        listener,
        signal,
      });
      return { ...done, weights };
    } finally {
      step.dispose();
      model.dispose();
    }
  }

  async #start(): Promise<{ model: QueryHeadModel; step: QueryHeadStep; first: number }> {
    const { seed, model: shape, training } = this.#config;
    const { listener, examples } = this.#options;
    const newest = (await listCheckpoints(this.#folder.path)).at(-1);
    if (newest !== undefined) {
      listener.note(`resume: step ${newest}`);
      const { model, state, path } = await loadQueryHead(this.#folder.checkpoint(newest));
      const step = new QueryHeadStep(model, examples, training);
      step.restore(await loadQueryHeadOptimizer(path));
      return { model, step, first: state.step };
    }
    const model = QueryHeadModel.create(shape, directionsOf(examples, shape.dimension), seed);
    return { model, step: new QueryHeadStep(model, examples, training), first: 0 };
  }

  async #save(model: QueryHeadModel, step: QueryHeadStep, done: number): Promise<void> {
    const state = { step: done, seed: this.#config.seed, config: this.#options.resolved };
    const { encoder, patches } = this.#options;
    await saveQueryHeadCheckpoint(this.#folder.checkpoint(done), model, { encoder, patches }, state, await step.arrays());
  }
}

/**
 * The directions in which vectors have most of their length, [wanted, dimension]: with as many as dimensions the head is a rotation, and changes nothing. Queries and keys of one length are taken to be of one space,
 * and have the same ones.
 */
function directionsOf({ keys, queries }: QueryHeadExamples, wanted: number): Readonly<Record<GroupRole, Float32Array>> {
  if (keys.dimension !== queries.dimension)
    return { query: principalDirectionsOf([queries], wanted), key: principalDirectionsOf([keys], wanted) };
  const both = principalDirectionsOf([keys, queries], wanted);
  return { query: both, key: both };
}

function principalDirectionsOf(sets: readonly TokenRows[], wanted: number): Float32Array {
  const [{ dimension }] = sets as [TokenRows];
  const some = sets.flatMap((texts) =>
    Array.from({ length: Math.min(texts.size, TEXTS_FOR_DIRECTIONS) }, (_, place) => ({ texts, text: place })),
  );
  const rows = new Float32Array(some.reduce((sum, { texts, text }) => sum + texts.count(text), 0) * dimension);
  let row = 0;
  for (const { texts, text } of some) {
    texts.read(text, rows, row);
    row += texts.count(text);
  }
  return principalDirections(rows, dimension, wanted);
}

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError } from '../../base/index.ts';
import type { TextEmbedder } from '../../encoders/index.ts';
import type { ModelConfig } from '../../model/index.ts';
import type { ShortTexts } from '../batches/labelling.ts';
import { trainSteps } from '../loop/train-steps.ts';
import type { TrainingConfig } from '../options/config.ts';
import type { TrainOptions } from '../options/train-options.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import { labelQueries, queryTexts } from './query-texts.ts';

/** Folder of the query student's own run, below the documents' encoder's. */
export const QUERY_RUN = 'query';
const NO_DICTIONARY = new Uint8Array(0);

/** How the training of a query student ended. */
export interface QueryTraining {
  /** Folder of its newest checkpoint. */
  readonly checkpoint: string;
  /** Whether the signal ended it before its last step. */
  readonly interrupted: boolean;
}

/**
 * Trains the query student: a model over the text itself, on short texts that the teacher read as queries, with the losses and optimisers of the documents'
 * encoder. It needs the teacher and nothing of that encoder, and is trained before it, so that every checkpoint of the run has the whole of it.
 *
 * It is a run of its own in the folder `query` of the run, with metrics and checkpoints, and resumes as exactly as any.
 *
 * @param model with the input `text`
 * @param others the run's short texts
 * @throws as `trainSteps`; CemError `TRAINING_NO_TEXTS`
 */
export async function trainQueryStudent(
  run: RunFolder,
  model: ModelConfig,
  teacher: TextEmbedder,
  passages: readonly string[],
  others: readonly ShortTexts[],
  options: TrainOptions,
): Promise<QueryTraining> {
  const folder = queryFolder(run);
  const training = queryTrainingConfig(options.training);
  const last = folder.checkpoint(training.steps);
  if (existsSync(last)) return { checkpoint: last, interrupted: false };
  await mkdir(folder.path, { recursive: true });
  const ownOptions = { ...options, model, training, listener: named('query student', options.listener) };
  const granularities = await labelQueries(teacher, queryTexts(passages, others, options.training), ownOptions);
  if (granularities.length === 0) {
    throw new CemError(
      'TRAINING_NO_TEXTS',
      'there is no text to train the query student on: the teacher has no vector for any, or all texts have batchSize 0',
    );
  }
  const { checkpoint, interrupted } = await trainSteps(folder, ownOptions, { teacher, dictionary: NO_DICTIONARY, granularities });
  return { checkpoint, interrupted };
}

function queryFolder(run: RunFolder): RunFolder {
  const path = join(run.path, QUERY_RUN);
  return {
    ...run,
    path,
    metrics: join(path, 'metrics.jsonl'),
    failedStep: join(path, 'failed-step.json'),
    checkpoint: (step) => join(path, 'checkpoints', String(step)),
  };
}

/** The run's training without what belongs to the documents' encoder alone; only the newest checkpoint stays. */
export function queryTrainingConfig(training: TrainingConfig): TrainingConfig {
  const {
    query,
    warmStart: _warmStart,
    evaluateEvery: _evaluateEvery,
    earlyStopping: _earlyStopping,
    keepCheckpointsEvery: _keepCheckpointsEvery,
    ...shared
  } = training;
  return { ...shared, steps: query?.steps ?? training.steps, keepCheckpoints: 1 };
}

/** Says of every line whose it is. */
function named(name: string, listener: TrainingListener): TrainingListener {
  return {
    note: (line) => listener.note(`${name}: ${line}`),
    stage: (stage) => listener.stage(`${name}: ${stage}`),
  };
}

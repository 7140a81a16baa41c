import { join } from 'node:path';
import { inStage, UsageError } from '../../base/index.ts';
import { listCheckpoints } from '../../checkpoints/index.ts';
import type { RerankerRunConfig } from '../../configs/index.ts';
import { findModelFolder } from '../../encoders/index.ts';
import { type RerankerTrainResult, trainReranker } from '../../training/index.ts';
import { useBackend } from '../shared/backend.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { inTraining } from './in-training.ts';
import { examplesOf, measureReranked, readRankings } from './reranker-rankings.ts';
import type { TrainRunChoices } from './train.ts';

export interface RerankerRunResult extends RerankerTrainResult {
  readonly backend: string;
}

/**
 * Trains a reranker with a resolved configuration: on the queries of a split, each with a relevant document and others that BM25 or a run file has found for it. Stops as `trainRun` does.
 *
 * @throws UsageError `RUN_EXISTS`, `MODEL_NOT_FOUND`, `RERANKER_RUN`; and what `readBeir` and `trainReranker` throw
 */
export async function trainRerankerRun(config: RerankerRunConfig, choices: TrainRunChoices): Promise<RerankerRunResult> {
  const { data, start, seed, model, training } = config;
  const { negatives } = training;
  const run = choices.run ?? join('runs', config.name);
  const resume = choices.resume ?? false;
  // Finding candidates takes a minute or more: what can be refused before is refused before.
  if (!resume && (await listCheckpoints(run)).length > 0) {
    throw new UsageError(
      'RUN_EXISTS',
      `the run folder ${run} exists: add --resume to go on with it, or name another one with --run`,
      {
        details: { path: run },
      },
    );
  }
  const startFolder = findModelFolder(start.model, modelsFolder(choices.models));
  return inTraining(choices, async (listener) => {
    const rankings = await inStage(listener, 'find candidates', (stage) =>
      readRankings({ ...data, depth: negatives.skip + negatives.depth + 1 }, (done, total) => stage.progress(done, total)),
    );
    const { dev } = data;
    const devRankings =
      dev &&
      (await inStage(listener, 'find dev candidates', (stage) =>
        readRankings({ ...dev, source: dev.source ?? data.source }, (done, total) => stage.progress(done, total)),
      ));
    const backend = await useBackend(choices, listener);
    const result = await trainReranker(
      { seed, model, training },
      {
        run,
        resume,
        resolved: config,
        environment: { backend: backend.name, backendDetail: backend.detail },
        examples: examplesOf(rankings),
        tokenizer: startFolder,
        ...(start.weights && { startFrom: startFolder }),
        ...(devRankings && { evaluate: (scorer) => measureReranked(devRankings, scorer) }),
        listener,
        ...(choices.signal && { signal: choices.signal }),
      },
    );
    return { ...result, backend: backend.name };
  });
}

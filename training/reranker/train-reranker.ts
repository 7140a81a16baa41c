import { lockFolder, UsageError } from '../../base/index.ts';
import { openRunFolder } from '../runs/run-folder.ts';
import type { RerankerRun, RerankerTrainOptions, RerankerTrainResult } from './options.ts';
import { RerankerLoop } from './reranker-loop.ts';

/**
 * Trains a cross-encoder in a run folder, which no other process may use meanwhile.
 *
 * @throws UsageError `RUN_EXISTS`, `CONFIG_INVALID`, `RERANKER_MAXIMUM_TOKENS`; CemError `RUN_CONFIG_DIFFERS`, `FOLDER_LOCKED`, `TRAINING_NO_TEXTS`, `TRAINING_NOT_FINITE`, and as `importBert`
 */
export async function trainReranker(config: RerankerRun, options: RerankerTrainOptions): Promise<RerankerTrainResult> {
  const start = performance.now();
  if (config.training.maximumTokens > config.model.positions) {
    throw new UsageError(
      'CONFIG_INVALID',
      `training.maximumTokens is ${config.training.maximumTokens}, and the model has ${config.model.positions} places (model.positions)`,
    );
  }
  const folder = await openRunFolder(options.run, options.resolved, options.resume, options.environment);
  const lock = await lockFolder(folder.path);
  try {
    const result = await new RerankerLoop(folder, config, options).run();
    const { queries, texts } = options.examples;
    return {
      run: folder.path,
      ...result,
      texts: { queries: queries.length, documents: texts.size },
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await lock.release();
  }
}

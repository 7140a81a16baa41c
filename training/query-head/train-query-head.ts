import { lockFolder, UsageError } from '../../base/index.ts';
import { openRunFolder } from '../runs/run-folder.ts';
import type { QueryHeadRun, QueryHeadTrainOptions, QueryHeadTrainResult } from './options.ts';
import { QueryHeadLoop } from './query-head-loop.ts';

/**
 * Trains a head over frozen token vectors in a run folder, which no other process may use meanwhile.
 *
 * @throws UsageError `RUN_EXISTS`, `CONFIG_INVALID`; CemError `RUN_CONFIG_DIFFERS`, `FOLDER_LOCKED`, `TRAINING_NO_TEXTS`, `TRAINING_NOT_FINITE`
 */
export async function trainQueryHead(config: QueryHeadRun, options: QueryHeadTrainOptions): Promise<QueryHeadTrainResult> {
  const start = performance.now();
  const { queries, keys } = options.examples;
  const longest = Math.min(queries.dimension, keys.dimension);
  if (config.model.dimension > longest) {
    throw new UsageError(
      'CONFIG_INVALID',
      `model.dimension is ${config.model.dimension}, and the ${longest < queries.dimension ? 'vectors of patches' : `token vectors of ${options.encoder.id}`} have ${longest} numbers; ask for at most that many`,
    );
  }
  if (config.model.shared && keys.dimension !== queries.dimension) {
    throw new UsageError(
      'CONFIG_INVALID',
      `model.shared is true, and the vectors of queries have ${queries.dimension} numbers, those of passages ${keys.dimension}: set model.shared to false`,
    );
  }
  const folder = await openRunFolder(options.run, options.resolved, options.resume, options.environment);
  const lock = await lockFolder(folder.path);
  try {
    return {
      run: folder.path,
      ...(await new QueryHeadLoop(folder, config, options).run()),
      texts: { queries: queries.size, passages: keys.size },
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await lock.release();
  }
}

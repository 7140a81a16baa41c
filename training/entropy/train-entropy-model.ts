import { CemError, lockFolder } from '../../base/index.ts';
import { documentText } from '../../data/index.ts';
import { openRunFolder } from '../runs/run-folder.ts';
import { ByteStream } from './byte-stream.ts';
import { EntropyLoop, type EntropyStreams } from './entropy-loop.ts';
import type { EntropyRun, EntropyTrainOptions, EntropyTrainResult } from './options.ts';

/**
 * Trains a byte language model in a run folder, which no other process may use meanwhile.
 *
 * @throws UsageError `RUN_EXISTS`; CemError `RUN_CONFIG_DIFFERS`, `FOLDER_LOCKED`, `TRAINING_NO_TEXTS`, `TRAINING_NOT_FINITE`, and what reading the data throws
 */
export async function trainEntropyModel(config: EntropyRun, options: EntropyTrainOptions): Promise<EntropyTrainResult> {
  const start = performance.now();
  // Read first: data that cannot be read leaves no run behind.
  const streams = await readStreams(config, options);
  const folder = await openRunFolder(options.run, options.resolved, options.resume, options.environment);
  const lock = await lockFolder(folder.path);
  try {
    const result = await new EntropyLoop(folder, config, options, streams).run();
    return {
      run: folder.path,
      ...result,
      texts: { trained: streams.training.texts, heldOut: streams.heldOut.texts },
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await lock.release();
  }
}

async function readStreams(config: EntropyRun, options: EntropyTrainOptions): Promise<EntropyStreams> {
  const { heldOutEvery } = config.training;
  const streams = { training: new ByteStream(), heldOut: new ByteStream() };
  let number = 0;
  for await (const document of options.documents()) {
    const heldOut = heldOutEvery > 0 && number % heldOutEvery === heldOutEvery - 1;
    streams[heldOut ? 'heldOut' : 'training'].add(documentText(document));
    number++;
  }
  const needed = config.model.context + 1;
  if (streams.training.length < needed) {
    throw new CemError(
      'TRAINING_NO_TEXTS',
      `the documents to train on hold ${streams.training.length} bytes, one piece takes ${needed}: give more texts, or set model.context lower`,
      { details: { bytes: streams.training.length, needed } },
    );
  }
  return streams;
}

import { runWorker, type WorkerResult } from '../../recipes/jobs/index.ts';
import { stopSignal } from '../../server/index.ts';
import { defineCommand } from '../command.ts';
import { modelsOption } from '../options/index-options.ts';
import { jobsPlaceOptions } from '../options/jobs-options.ts';

interface WorkerCommandOptions {
  readonly database: string;
  readonly segments: string;
  readonly into: string | undefined;
  readonly checkpoint: string | undefined;
  readonly models: string | undefined;
  readonly ocrModels?: string | undefined;
  readonly batch: number;
  readonly silence: number;
  readonly untilDone?: boolean | undefined;
  readonly fileSeconds?: number | undefined;
  readonly fileMemory?: number | undefined;
}

/** Takes what `cem ingest --queue` left, on any machine. */
export const workerCommand = defineCommand<WorkerCommandOptions, WorkerResult>({
  command: 'worker',
  describe: 'take the files that `cem ingest --queue` left: parse, pack and encode them beside other workers, and commit them',
  examples: [
    ['worker --database postgres://host/cem --segments s3://bucket/docs', 'until Ctrl-C; as many as there are machines'],
    ['worker --database postgres://host/cem --segments s3://bucket/docs --until-done', 'until nothing is left to do'],
  ],
  options: (parser) =>
    parser
      .options(jobsPlaceOptions)
      .option('into', {
        type: 'string',
        describe: 'folder in which this worker prepares changes, of its own; a temporary one unless given',
      })
      .option('checkpoint', {
        type: 'string',
        describe: "where the collection's checkpoint lies on this machine, if not where the collection says or in the package",
      })
      .option('batch', { type: 'number', default: 64, describe: 'most files of one commit' })
      .option('silence', {
        type: 'number',
        default: 30,
        describe: 'seconds after which the files of a worker are given to others that was not heard of',
      })
      .option('until-done', { type: 'boolean', default: false, describe: 'end when no file waits or is being done' })
      .option('file-seconds', { type: 'number', describe: 'time that parsing one file may take (60)' })
      .option('file-memory', { type: 'number', describe: 'MB of memory that parsing one file may take (1024)' })
      .option('models', modelsOption)
      .option('ocr-models', {
        type: 'string',
        describe: 'folder of the models that read texts in pictures and scanned pages, or none, as for cem ingest',
      }),
  async run({ fileSeconds, fileMemory, ...options }, listener) {
    const stop = new AbortController();
    void stopSignal().then((name) => {
      listener.note(`stopped by ${name}: what is being committed is committed, all else is given back`);
      stop.abort(new Error(name));
    });
    const limits = {
      ...(fileSeconds !== undefined && { seconds: fileSeconds }),
      ...(fileMemory !== undefined && { memory: fileMemory }),
    };
    return runWorker({ ...options, limits, listener, signal: stop.signal });
  },
  text: ({ jobs, setAside, commits, turnSeconds, seconds }) =>
    `${jobs} files done in ${commits} commits and ${seconds.toFixed(0)} s (${turnSeconds.toFixed(1)} s of them alone), ${setAside} of them set aside`,
});

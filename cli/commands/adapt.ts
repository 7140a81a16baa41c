import { formatDuration } from '../../base/index.ts';
import { type AdaptResult, adaptCheckpoint, type MeasuredSet } from '../../recipes/adapt/index.ts';
import { defineCommand } from '../command.ts';
import { checkpointOption } from '../options/checkpoint-option.ts';
import { modelsOption } from '../options/index-options.ts';
import { withStopSignal } from '../process/stop-signal.ts';

interface AdaptCommandOptions {
  readonly corpus: string;
  readonly checkpoint: string | undefined;
  readonly into: string;
  readonly minutes: number | undefined;
  readonly steps: number | undefined;
  readonly broad: string | undefined;
  readonly run: string | undefined;
  readonly resume: boolean;
  readonly force: boolean;
  readonly models: string | undefined;
  readonly seed: number;
}

export const adaptCommand = defineCommand<AdaptCommandOptions, AdaptResult>({
  command: 'adapt <corpus>',
  describe: 'Train a checkpoint further on the corpus that is to be indexed, in minutes, and say what it finds before and after',
  examples: [
    [
      'adapt docs/ --into docs-checkpoint --models ../models',
      'a quarter of an hour with the checkpoint that comes with the package',
    ],
    [
      'adapt corpus.jsonl --checkpoint C --into D --minutes 30 --broad broad-en',
      'with broad text of your own against forgetting',
    ],
    ['adapt corpus.jsonl --checkpoint C --into D --resume', 'go on with one that was stopped'],
  ],
  options: (parser) =>
    parser
      .positional('corpus', {
        type: 'string',
        demandOption: true,
        describe:
          'what is to be indexed: folder of text files, JSONL file (also .gz .zst) or BEIR folder, whose documents alone are read',
      })
      .option('checkpoint', checkpointOption)
      .option('into', { type: 'string', demandOption: true, describe: 'folder of the adapted checkpoint' })
      .option('minutes', { type: 'number', describe: 'how long this machine may take for all of it; 15 by default' })
      .option('steps', { type: 'number', describe: 'optimiser steps instead of minutes; all of the corpus is labelled then' })
      .option('broad', {
        type: 'string',
        describe: 'broad text that keeps it from forgetting; by default the Markdown of the installed packages',
      })
      .option('run', { type: 'string', describe: "the run's folder; runs/adapt-NAME by default" })
      .option('resume', { type: 'boolean', default: false, describe: 'go on with a run that was stopped' })
      .option('force', { type: 'boolean', default: false, describe: 'write it though it is no better, and over an earlier one' })
      .option('seed', { type: 'number', default: 1, describe: 'of all that is drawn' })
      .option('models', modelsOption),
  run: (options, listener) => withStopSignal((signal) => adaptCheckpoint({ ...options, listener, signal })),
  text: ({ into, hash, steps, documents, replayOrigin, corpus, broad, seconds }) =>
    [
      `${into}: ${hash.slice(0, 12)}, ${steps} steps on ${documents.sampled} of ${documents.corpus} documents and ${documents.replay} of broad text (${replayOrigin}), ${formatDuration(seconds)}`,
      ...(corpus
        ? [`of the corpus: ${measuredText(corpus)}`]
        : ['of the corpus: no sentence could be asked, so nothing is measured']),
      ...(broad ? [`of broad text: ${measuredText(broad)}`] : []),
      `next: cem index --checkpoint ${into} …, or cem ingest --checkpoint ${into} …`,
    ].join('\n'),
});

function measuredText({ queries, candidates, teacherNdcg, before, after }: MeasuredSet): string {
  const share = ({ retention, ndcg }: MeasuredSet['before']) => `${(100 * retention).toFixed(1)}% (nDCG@10 ${ndcg.toFixed(4)})`;
  return `${queries} held-out sentences to ${candidates} documents: ${share(before)} of the teacher's ${teacherNdcg.toFixed(4)} before, ${share(after)} after`;
}

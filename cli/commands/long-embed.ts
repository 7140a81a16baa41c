import { join } from 'node:path';
import type { Argv } from 'yargs';
import { formatLongEmbed, LONG_EMBED_LENGTHS } from '../../eval/index.ts';
import {
  type GenerateTaskOptions,
  type GenerateTaskResult,
  generateLongEmbed,
  type LongEmbedEvaluation,
  type LongEmbedOptions,
  measureLongEmbed,
} from '../../recipes/evaluate/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { modelsOption } from '../options/index-options.ts';

type GenerateCommandOptions = Omit<GenerateTaskOptions, 'listener' | 'signal'>;
type RunCommandOptions = Omit<LongEmbedOptions, 'listener' | 'signal' | 'backend'>;

/** `cem long-embed generate|run`. */
export const longEmbedCommand = {
  command: 'long-embed <action>',
  describe: 'LongEmbed: make its synthetic tasks, measure all of it',
  builder: (parser: Argv<GlobalOptions>) =>
    parser.command(generateCommand).command(runCommand).demandCommand(1, 'say generate or run'),
  handler: () => undefined,
};

const generateCommand = defineCommand<GenerateCommandOptions, GenerateTaskResult>({
  command: 'generate <task> <output>',
  describe: 'Make Passkey or Needle from a seed, as BEIR folders OUTPUT/TASK/LENGTH',
  examples: [
    ['long-embed generate passkey long', 'long/passkey/256 to long/passkey/32768'],
    ['long-embed generate needle long --length 1024 --haystack essays/', 'one length, in texts of your own'],
  ],
  options: (parser) =>
    parser
      .positional('task', { choices: ['passkey', 'needle'] as const, demandOption: true, describe: 'which task' })
      .positional('output', { type: 'string', demandOption: true, describe: 'folder that the task is made in' })
      .option('length', {
        type: 'number',
        array: true,
        default: [...LONG_EMBED_LENGTHS],
        defaultDescription: '256 512 … 32768',
        describe: 'tokens of a document',
      })
      .option('seed', { type: 'number', default: 0, describe: 'the same seed gives the same bytes' })
      .option('haystack', {
        type: 'string',
        describe:
          'texts to hide needles in: folder of text files, JSONL file or BEIR folder; the Markdown of the installed packages unless given',
      }) as Argv<GenerateCommandOptions & GlobalOptions>,
  run: (options, listener) => generateLongEmbed({ ...options, listener }),
  text: ({ task, folders, haystack }) =>
    [
      ...(haystack ? [`${task} hidden in ${haystack.source}, ${haystack.words} words`] : []),
      ...folders,
      `next: cem long-embed run --checkpoint RUN --data ${folders[0] === undefined ? 'FOLDER' : join(folders[0], '../..')}`,
    ].join('\n'),
});

const runCommand = defineCommand<RunCommandOptions, LongEmbedEvaluation>({
  command: 'run',
  describe: 'Measure teacher, student, BM25 and chance on every task and length that there is',
  examples: [
    ['long-embed run --checkpoint runs/demo --data long', 'all tasks in long/'],
    ['long-embed run --checkpoint runs/demo --data long --only qmsum --json', 'one task'],
  ],
  options: (parser) =>
    parser
      .option('checkpoint', { type: 'string', demandOption: true, describe: 'a checkpoint, or a run folder' })
      .option('data', { type: 'string', demandOption: true, describe: 'folder with TASK/LENGTH/ and TASK/ in BEIR layout' })
      .option('only', { type: 'string', array: true, default: [] as string[], describe: 'leave the other tasks out' })
      .option('dictionary', {
        choices: ['run', 'corpus', 'none'] as const,
        default: 'run' as const,
        describe: "what documents are packed with: the training corpus' dictionary, one of their own, or none",
      })
      .option('passage-size', {
        type: 'number',
        defaultDescription: '1024',
        describe: 'bytes of the passages that documents are ranked by, the best of each, beside what is read of whole ones',
      })
      .option('passage-overlap', {
        type: 'number',
        defaultDescription: '0',
        describe: 'bytes that a passage shares with the one before it, at most',
      })
      .option('output', {
        type: 'string',
        describe:
          "folder that keeps the result of every set and the teacher's vectors: killed in the middle, the same command goes on without doing one twice",
      })
      .option('models', modelsOption),
  run: (options, listener) => measureLongEmbed({ ...options, listener }),
  text: formatLongEmbed,
});

import { join } from 'node:path';
import type { Argv } from 'yargs';
import { UsageError } from '../../base/index.ts';
import { loadStudent, loadTeacher } from '../../checkpoints/index.ts';
import { documentText, markdownPassages, readCorpus } from '../../data/index.ts';
import { StudentEncoder } from '../../encoders/index.ts';
import {
  evaluateLongEmbed,
  findLongEmbedSets,
  formatLongEmbed,
  generateNeedle,
  generatePasskey,
  type Haystack,
  KeptSets,
  LONG_EMBED_LENGTHS,
  type LongEmbedResult,
  makeHaystack,
  writeSyntheticTask,
} from '../../eval/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { tensorInnerProducts } from '../../search/exact/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { installedPackages, readMarkdownFiles } from '../demo/installed-markdown.ts';
import { readDictionaryOption } from '../options/dictionary-option.ts';
import { modelsOption } from '../options/index-options.ts';
import type { Reporter } from '../output/reporter.ts';
import { followStages } from '../output/stages.ts';

interface GenerateOptions {
  readonly task: 'passkey' | 'needle';
  readonly output: string;
  readonly length: readonly number[];
  readonly seed: number;
  readonly haystack: string | undefined;
}

interface GenerateResult {
  readonly task: string;
  readonly seed: number;
  readonly haystack: HaystackOrigin | null;
  readonly folders: readonly string[];
}

interface HaystackOrigin {
  readonly source: string;
  readonly words: number;
  readonly sha256: string;
}

interface RunOptions {
  readonly checkpoint: string;
  readonly data: string;
  readonly only: readonly string[];
  readonly dictionary: 'run' | 'corpus' | 'none';
  readonly models: string | undefined;
  readonly output: string | undefined;
}

interface RunResult extends LongEmbedResult {
  readonly checkpoint: { readonly path: string; readonly hash: string; readonly step: number };
  readonly teacher: { readonly id: string; readonly revision: string };
  readonly maximumSymbols: number;
  readonly dictionary: string;
  readonly backend: string;
}

/** Characters of the pieces that a haystack is made of where it comes from Markdown. */
const PASSAGE_LENGTHS = { shortest: 300, longest: 100_000 };

/** `cem long-embed generate|run`. */
export const longEmbedCommand = {
  command: 'long-embed <action>',
  describe: 'LongEmbed: make its synthetic tasks, measure all of it',
  builder: (parser: Argv<GlobalOptions>) =>
    parser.command(generateCommand).command(runCommand).demandCommand(1, 'say generate or run'),
  handler: () => undefined,
};

const generateCommand = defineCommand<GenerateOptions, GenerateResult>({
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
      }) as Argv<GenerateOptions & GlobalOptions>,
  run: runGenerate,
  text: ({ task, folders, haystack }) =>
    [
      ...(haystack ? [`${task} hidden in ${haystack.source}, ${haystack.words} words`] : []),
      ...folders,
      `next: cem long-embed run --checkpoint RUN --data ${folders[0] === undefined ? 'FOLDER' : join(folders[0], '../..')}`,
    ].join('\n'),
});

const runCommand = defineCommand<RunOptions, RunResult>({
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
      .option('output', {
        type: 'string',
        describe:
          'folder that keeps the result of every set: killed in the middle, the same command goes on without measuring one twice',
      })
      .option('models', modelsOption),
  run: runLongEmbed,
  text: formatLongEmbed,
});

async function runGenerate(
  { task, output, length, seed, haystack: path }: GenerateOptions,
  reporter: Reporter,
): Promise<GenerateResult> {
  const wrong = length.find((tokens) => !Number.isSafeInteger(tokens) || tokens < 1);
  if (wrong !== undefined || !Number.isSafeInteger(seed)) {
    throw new UsageError(
      'LONG_EMBED_NUMBER',
      `--length ${wrong ?? length.join(' ')} and --seed ${seed} must be whole numbers, lengths from 1`,
    );
  }
  if (task === 'passkey' && path !== undefined) {
    throw new UsageError('LONG_EMBED_NO_HAYSTACK', 'Passkey has a filling of its own: leave --haystack out');
  }
  const haystack = task === 'needle' ? await readHaystack(path) : undefined;
  const origin: HaystackOrigin | null = haystack
    ? { source: path ?? 'Markdown of the installed packages', words: haystack.words.length, sha256: haystack.hash }
    : null;
  const folders: string[] = [];
  const stage = reporter.stage(`making ${task}`);
  try {
    for (const [number, tokens] of length.entries()) {
      const folder = join(output, task, String(tokens));
      const made = haystack ? generateNeedle(tokens, seed, haystack) : generatePasskey(tokens, seed);
      await writeSyntheticTask(made, folder, origin ? { haystack: { words: origin.words, sha256: origin.sha256 } } : {});
      folders.push(folder);
      stage.progress(number + 1, length.length);
    }
    stage.done();
  } catch (error) {
    stage.fail();
    throw error;
  }
  return { task, seed, haystack: origin, folders };
}

async function readHaystack(path: string | undefined): Promise<Haystack> {
  const texts: string[] = [];
  if (path === undefined) {
    for (const { markdown } of await readMarkdownFiles(installedPackages())) {
      for (const { text } of markdownPassages(markdown, PASSAGE_LENGTHS)) texts.push(text);
    }
  } else {
    for await (const document of readCorpus(path)) texts.push(documentText(document));
  }
  return makeHaystack(texts);
}

async function runLongEmbed(options: RunOptions & GlobalOptions, reporter: Reporter): Promise<RunResult> {
  const found = await findLongEmbedSets(options.data);
  const sets = found.filter(({ task }) => options.only.length === 0 || options.only.includes(task.name));
  if (sets.length === 0) {
    const names = [...new Set(found.map(({ task }) => task.name))].join(', ');
    throw new UsageError('LONG_EMBED_ONLY', `${options.data} has ${names}, and none of them is --only ${options.only.join(' ')}`);
  }
  const backend = await selectBackend(parseBackendRequest(options.backend));
  reporter.note(describeBackend(backend));
  const loaded = await loadStudent(options.checkpoint);
  try {
    const dictionary = await readDictionaryOption(options.dictionary, loaded.trainingZpkg);
    const teacher = await loadTeacher(loaded, { models: options.models, note: (line) => reporter.note(line) });
    const described = {
      checkpoint: { path: loaded.folder, hash: loaded.hash, step: loaded.state.step },
      teacher: { id: teacher.description.id, revision: teacher.description.revision },
      maximumSymbols: loaded.student.config.maximumSymbols,
      dictionary: options.dictionary,
      backend: backend.name,
    };
    const stages = followStages(reporter);
    try {
      const result = await evaluateLongEmbed({
        sets,
        model: loaded.student.config,
        student: (source, queries) => new StudentEncoder(loaded.student, source, queries, loaded.hash),
        teacher,
        pack: { ...loaded.state.pack, ...(dictionary !== undefined && { dictionary }) },
        innerProducts: tensorInnerProducts,
        ...(options.output !== undefined && { kept: new KeptSets(options.output, { ...described, checkpoint: loaded.hash }) }),
        onProgress: ({ task, length }, stage, done, total) =>
          stages.progress(`${task.name}${length === undefined ? '' : ` ${length}`}, ${stage}`, done, total),
      });
      stages.done();
      return { ...result, ...described };
    } finally {
      stages.fail();
      await teacher.dispose();
    }
  } finally {
    loaded.dispose();
  }
}

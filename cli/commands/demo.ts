import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CemError, formatBytes, writeFileAtomically } from '../../base/index.ts';
import { loadConfig } from '../../configs/index.ts';
import { packCorpus, readCorpus } from '../../data/index.ts';
import { formatEvaluation } from '../../eval/report/index.ts';
import { Searcher } from '../../rag/index.ts';
import { type WireResult, wireResult } from '../../server/schemas/index.ts';
import { ZpkgReader } from '../../zpkg/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { makeDemoCorpus } from '../demo/demo-corpus.ts';
import { type DemoFolder, openDemoFolder, writeDemoCorpus } from '../demo/demo-folder.ts';
import { installedPackages, readMarkdownFiles } from '../demo/installed-markdown.ts';
import { evaluateReadyCheckpoint } from '../demo/ready-checkpoint.ts';
import { StageClock, type StageTime } from '../demo/stage-clock.ts';
import { defaultCheckpoint } from '../options/default-checkpoint.ts';
import { modelsOption } from '../options/index-options.ts';
import { formatDuration, type Reporter } from '../output/reporter.ts';
import { runIndex } from './build-index.ts';
import { EVALUATION_DATA, type EvalResult, runEval } from './eval.ts';
import { formatResults } from './search.ts';
import { trainFromConfig } from './train.ts';

interface DemoOptions {
  readonly run: string;
  readonly source: string | undefined;
  readonly force: boolean;
  readonly set: string[];
  readonly models: string | undefined;
}

/** How documents are packed, of the run's configuration. */
interface DemoPack {
  readonly level: number;
  readonly targetChunkSize: number;
}

/** What `cem demo` prints as JSON. */
interface DemoReport {
  readonly run: string;
  readonly backend: string;
  readonly documents: { readonly training: number; readonly heldOut: number };
  /** In the order in which they ran; a continued demo leaves out what it did not do again. */
  readonly stages: readonly StageTime[];
  readonly seconds: number;
  readonly evaluation: EvalResult;
  readonly searches: readonly { readonly query: string; readonly results: readonly WireResult[] }[];
}

const HELD_OUT_DOCUMENTS = 600;
/** What the student must reach: this many times the score of random vectors. */
const LEAST_TIMES_RANDOM = 5;
const RESULTS = 3;
const QUERIES = [
  'send pino logs to a logging service',
  'set a header of the response before the reply is sent',
  'return connections to the pool after a query',
];

export const demoCommand = defineCommand<DemoOptions, DemoReport>({
  command: 'demo',
  describe: 'do everything once on the Markdown of the installed packages: pack, train, evaluate, index, search',
  examples: [
    ['demo', 'in runs/demo; takes minutes, and goes on where it was stopped'],
    ['demo --force', 'the same from the start'],
    ['demo --source ../notes --run runs/notes', 'with Markdown files of your own'],
  ],
  options: (parser) =>
    parser
      .option('run', { type: 'string', default: join('runs', 'demo'), describe: "the demo's folder; one that is there goes on" })
      .option('source', { type: 'string', describe: 'folder of Markdown files; the installed packages by default' })
      .option('force', { type: 'boolean', default: false, describe: 'delete the folder of an earlier demo first' })
      .option('set', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'override a key of configs/demo.yaml: a.b=c',
      })
      .option('models', {
        ...modelsOption,
        describe:
          'folder with the teacher of the checkpoint that comes with the package: where it is there, that is compared too',
      }),
  run: runDemo,
  text: formatDemo,
  texts: ['text'],
  dataKeys: [...EVALUATION_DATA.map((path) => `evaluation.${path}`), 'searches.*.results.*.metadata'],
});

async function runDemo(options: DemoOptions & GlobalOptions, reporter: Reporter): Promise<DemoReport> {
  const start = performance.now();
  const clock = new StageClock();
  const watched = clock.watch(reporter);
  const folder = await openDemoFolder(options.run, options.force);
  if (folder.continued) reporter.note(`${folder.path} is there: going on with it; --force starts anew`);
  const config = await loadConfig(fileURLToPath(new URL('../../configs/demo.yaml', import.meta.url)), [
    ...options.set,
    `data.source=${JSON.stringify(folder.training)}`,
  ]);

  const documents = await writeCorpus(options, config.seed, folder, watched);
  const { backend, interrupted, step } = await trainFromConfig(
    config,
    { run: folder.path, resume: folder.continued, models: undefined, backend: options.backend },
    watched,
  );
  if (interrupted) {
    throw new CemError(
      'DEMO_STOPPED',
      `stopped at step ${step} of ${config.training.steps}: the same command goes on from there`,
      {
        details: { step },
      },
    );
  }
  await describeSizes(join(folder.path, 'corpus.zpkg'), reporter);
  // The backend was said once.
  const quiet: Reporter = { ...reporter, note: () => undefined };
  const ownEvaluation = await clock.time('evaluate', () => evaluateRun(folder, options, quiet));
  await writeFileAtomically(join(folder.path, 'evaluation.json'), Buffer.from(`${JSON.stringify(ownEvaluation, null, 2)}\n`));
  requireLearned(ownEvaluation, reporter);
  const evaluation = await withReadyRow(ownEvaluation, folder, config.pack, options, clock);
  await clock.time('index', () => indexHeldOut(folder, config.pack, options, quiet));
  const searches = await clock.time('search', () => searchIndex(folder));
  return {
    run: folder.path,
    backend,
    documents,
    stages: clock.times,
    seconds: (performance.now() - start) / 1000,
    evaluation,
    searches,
  };
}

async function writeCorpus(
  { source = installedPackages() }: DemoOptions,
  seed: number,
  folder: DemoFolder,
  reporter: Reporter,
): Promise<DemoReport['documents']> {
  const stage = reporter.stage('corpus');
  const files = await readMarkdownFiles(source);
  const corpus = makeDemoCorpus(files, { heldOut: HELD_OUT_DOCUMENTS, seed });
  await writeDemoCorpus(folder, corpus);
  const documents = { training: corpus.training.length, heldOut: corpus.heldOut.length };
  stage.done(
    `${files.length} Markdown files, ${documents.training} passages to train on, ${documents.heldOut} held out with a query each`,
  );
  return documents;
}

/** How small the training corpus became. */
async function describeSizes(zpkg: string, reporter: Reporter): Promise<void> {
  const reader = await ZpkgReader.open(zpkg);
  try {
    const { fileBytes, contentBytes } = await reader.statistics();
    reporter.note(
      `${zpkg}: ${formatBytes(contentBytes)} of text in ${formatBytes(fileBytes)} (dictionary ${formatBytes(reader.dictionary.length)})`,
    );
  } finally {
    await reader.close();
  }
}

function evaluateRun(folder: DemoFolder, options: GlobalOptions, reporter: Reporter): Promise<EvalResult> {
  const { json, backend } = options;
  return runEval(
    {
      checkpoint: folder.path,
      data: folder.heldOut,
      split: 'test',
      candidates: 'corpus',
      dictionary: 'run',
      models: undefined,
      json,
      backend,
    },
    reporter,
  );
}

/** @throws CemError `DEMO_NOT_LEARNED` */
function requireLearned(evaluation: EvalResult, reporter: Reporter): void {
  const student = evaluation.encoders.student['ndcg_at_10']!;
  const random = evaluation.encoders.random['ndcg_at_10']!;
  if (student >= LEAST_TIMES_RANDOM * random && student > 0) return;
  for (const line of formatEvaluation(evaluation).split('\n')) reporter.note(line);
  throw new CemError(
    'DEMO_NOT_LEARNED',
    `the student scores nDCG@10 ${student.toFixed(4)}, less than ${LEAST_TIMES_RANDOM} times the ${random.toFixed(4)} of random vectors, over ${evaluation.counts.documents} documents: it was trained too little, training is broken, or the documents are too few to tell`,
    { details: { student, random } },
  );
}

/** The evaluation with a further row, of the checkpoint that needs no training; as it was where there is none, or its teacher is not at hand. */
async function withReadyRow(
  evaluation: EvalResult,
  folder: DemoFolder,
  { level, targetChunkSize }: DemoPack,
  { models }: DemoOptions,
  clock: StageClock,
): Promise<EvalResult> {
  const checkpoint = defaultCheckpoint();
  if (checkpoint === undefined) return evaluation;
  const start = performance.now();
  const row = await evaluateReadyCheckpoint({
    checkpoint,
    data: folder.heldOut,
    pack: { level, targetChunkSize, dictionary: await trainingDictionary(folder) },
    models: models ?? modelsBesideCheckout(),
  });
  if (row === undefined) return evaluation;
  clock.add(`evaluate ${row.name}`, start);
  return { ...evaluation, encoders: { ...evaluation.encoders, [row.name]: row.values } };
}

/** The folder of teachers that stands beside a checkout of this repository, if one does. */
function modelsBesideCheckout(): string | undefined {
  const folder = fileURLToPath(new URL('../../../shared/models', import.meta.url));
  return existsSync(folder) ? folder : undefined;
}

/** What the training corpus was packed with. */
async function trainingDictionary(folder: DemoFolder): Promise<Uint8Array | 'none'> {
  const training = await ZpkgReader.open(join(folder.path, 'corpus.zpkg'));
  const dictionary = training.dictionary.length > 0 ? training.dictionary : 'none';
  await training.close();
  return dictionary;
}

async function indexHeldOut(
  folder: DemoFolder,
  pack: DemoPack,
  { json, backend }: GlobalOptions,
  reporter: Reporter,
): Promise<void> {
  if (!existsSync(folder.zpkg)) {
    const dictionary = await trainingDictionary(folder);
    await packCorpus(() => readCorpus(folder.heldOut), folder.zpkg, { ...pack, dictionary, force: true });
  }
  const { path: checkpoint, zpkg, index } = folder;
  await runIndex({ checkpoint, zpkg, index, database: undefined, models: undefined, json, backend }, reporter);
}

async function searchIndex(folder: DemoFolder): Promise<DemoReport['searches']> {
  const searcher = await Searcher.open(folder.index);
  try {
    const searches: { query: string; results: readonly WireResult[] }[] = [];
    for (const query of QUERIES) {
      searches.push({ query, results: (await searcher.search(query, { k: RESULTS })).map(wireResult) });
    }
    return searches;
  } finally {
    await searcher.close();
  }
}

function formatDemo({ run, backend, stages, seconds, evaluation, searches }: DemoReport): string {
  const index = join(run, 'index');
  const width = Math.max(...stages.map(({ name }) => name.length));
  return [
    `done in ${formatDuration(seconds)} on the ${backend} backend`,
    ...stages.map((stage) => `  ${stage.name.padEnd(width)}  ${formatDuration(stage.seconds)}`),
    '',
    formatEvaluation(evaluation),
    ...searches.flatMap(({ query, results }) => ['', `"${query}"`, formatResults(results)]),
    '',
    'go on with',
    `  npm run search -- --index ${index} "your question"`,
    `  npm run serve -- --index ${index}`,
    `  npm run eval -- --checkpoint ${run} --data ${join(run, 'data', 'held-out')}`,
  ].join('\n');
}

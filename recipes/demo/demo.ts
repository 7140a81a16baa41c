import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CemError, formatBytes, type Listener, silentListener, writeFileAtomically } from '../../base/index.ts';
import { loadConfig } from '../../configs/index.ts';
import { packCorpus, readCorpus } from '../../data/index.ts';
import { formatEvaluation } from '../../eval/report/index.ts';
import { Searcher, type SearchResult } from '../../rag/index.ts';
import { ZpkgReader } from '../../zpkg/index.ts';
import { type CheckpointEvaluation, evaluateCheckpoint } from '../evaluate/index.ts';
import { buildIndex } from '../index-corpus/index.ts';
import type { OnBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { defaultCheckpoint } from '../shared/default-checkpoint.ts';
import { installedPackages, readMarkdownFiles } from '../shared/installed-markdown.ts';
import { trainRun } from '../train/index.ts';
import { makeDemoCorpus } from './demo-corpus.ts';
import { type DemoFolder, openDemoFolder, writeDemoCorpus } from './demo-folder.ts';
import { evaluateReadyCheckpoint } from './ready-checkpoint.ts';
import { StageClock, type StageTime } from './stage-clock.ts';

export interface DemoOptions extends LongCall, OnBackend {
  /** The demo's folder; one that is there goes on. */
  readonly run: string;
  /** Folder of Markdown files; the installed packages unless given. */
  readonly source?: string | undefined;
  /** Delete the folder of an earlier demo first. */
  readonly force?: boolean | undefined;
  /** Overrides keys of `configs/demo.yaml`: `a.b=c` each. */
  readonly set?: readonly string[] | undefined;
  /** Folder with the teacher of the checkpoint that comes with the package: where it is there, that is compared too. */
  readonly models?: string | undefined;
}

/** How documents are packed, of the run's configuration. */
interface DemoPack {
  readonly level: number;
  readonly targetChunkSize: number;
}

/** What a demo came to. */
export interface DemoReport {
  readonly run: string;
  readonly backend: string;
  readonly documents: { readonly training: number; readonly heldOut: number };
  /** In the order in which they ran; a continued demo leaves out what it did not do again. */
  readonly stages: readonly StageTime[];
  readonly seconds: number;
  readonly evaluation: CheckpointEvaluation;
  readonly searches: readonly { readonly query: string; readonly results: readonly SearchResult[] }[];
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

/**
 * Does everything once on Markdown files: pack, train, evaluate, index, search. One that was stopped goes on.
 *
 * @throws CemError `DEMO_STOPPED` when a signal ended the training, `DEMO_NOT_LEARNED`, `DEMO_NO_MARKDOWN`, `DEMO_TOO_LITTLE_TEXT`, `DEMO_CORPUS_CHANGED`; UsageError `DEMO_FOLDER`
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { set = [], force = false, signal } = options;
  const listener = listenerOf(options);
  const start = performance.now();
  const clock = new StageClock();
  const watched = clock.watch(options.listener ?? silentListener);
  const folder = await openDemoFolder(options.run, force);
  if (folder.continued) listener.note(`${folder.path} is there: going on with it; --force starts anew`);
  const config = await loadConfig(fileURLToPath(new URL('../../configs/demo.yaml', import.meta.url)), [
    ...set,
    `data.source=${JSON.stringify(folder.training)}`,
  ]);

  const documents = await writeCorpus(options, config.seed, folder, watched);
  const { backend, interrupted, step } = await trainRun(config, {
    run: folder.path,
    resume: folder.continued,
    backend: options.backend,
    listener: watched,
    signal,
  });
  if (interrupted) {
    throw new CemError(
      'DEMO_STOPPED',
      `stopped at step ${step} of ${config.training.steps}: the same command goes on from there`,
      {
        details: { step },
      },
    );
  }
  await describeSizes(join(folder.path, 'corpus.zpkg'), listener);
  // The backend was said once.
  const quiet: Listener = { ...listener, note: () => undefined };
  const ownEvaluation = await clock.time('evaluate', () => evaluateRun(folder, options, quiet));
  await writeFileAtomically(join(folder.path, 'evaluation.json'), Buffer.from(`${JSON.stringify(ownEvaluation, null, 2)}\n`));
  requireLearned(ownEvaluation, listener);
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
  listener: Listener,
): Promise<DemoReport['documents']> {
  const stage = listener.stage('corpus');
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
async function describeSizes(zpkg: string, listener: Listener): Promise<void> {
  await using reader = await ZpkgReader.open(zpkg);
  const { fileBytes, contentBytes } = await reader.statistics();
  listener.note(
    `${zpkg}: ${formatBytes(contentBytes)} of text in ${formatBytes(fileBytes)} (dictionary ${formatBytes(reader.dictionary.length)})`,
  );
}

function evaluateRun(folder: DemoFolder, { backend }: OnBackend, listener: Listener): Promise<CheckpointEvaluation> {
  return evaluateCheckpoint({ checkpoint: folder.path, data: folder.heldOut, dictionary: 'run', backend, listener });
}

/** @throws CemError `DEMO_NOT_LEARNED` */
function requireLearned(evaluation: CheckpointEvaluation, listener: Listener): void {
  const student = evaluation.encoders.student['ndcg_at_10']!;
  const random = evaluation.encoders.random['ndcg_at_10']!;
  if (student >= LEAST_TIMES_RANDOM * random && student > 0) return;
  for (const line of formatEvaluation(evaluation).split('\n')) listener.note(line);
  throw new CemError(
    'DEMO_NOT_LEARNED',
    `the student scores nDCG@10 ${student.toFixed(4)}, less than ${LEAST_TIMES_RANDOM} times the ${random.toFixed(4)} of random vectors, over ${evaluation.counts.documents} documents: it was trained too little, training is broken, or the documents are too few to tell`,
    { details: { student, random } },
  );
}

/** The evaluation with a further row, of the checkpoint that needs no training; as it was where there is none, or its teacher is not at hand. */
async function withReadyRow(
  evaluation: CheckpointEvaluation,
  folder: DemoFolder,
  { level, targetChunkSize }: DemoPack,
  { models }: DemoOptions,
  clock: StageClock,
): Promise<CheckpointEvaluation> {
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
  await using training = await ZpkgReader.open(join(folder.path, 'corpus.zpkg'));
  return training.dictionary.length > 0 ? training.dictionary : 'none';
}

async function indexHeldOut(folder: DemoFolder, pack: DemoPack, { backend }: OnBackend, listener: Listener): Promise<void> {
  if (!existsSync(folder.zpkg)) {
    const dictionary = await trainingDictionary(folder);
    await packCorpus(() => readCorpus(folder.heldOut), folder.zpkg, { ...pack, dictionary, force: true });
  }
  await buildIndex({ checkpoint: folder.path, corpus: folder.zpkg, index: folder.index, backend, listener });
}

async function searchIndex(folder: DemoFolder): Promise<DemoReport['searches']> {
  await using searcher = await Searcher.open(folder.index);
  const searches: { query: string; results: readonly SearchResult[] }[] = [];
  for (const query of QUERIES) searches.push({ query, results: await searcher.search(query, { k: RESULTS }) });
  return searches;
}

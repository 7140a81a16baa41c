import { cp, mkdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  CemError,
  ClosingStack,
  closing,
  exists,
  formatDuration,
  type Listener,
  RandomNumbers,
  UsageError,
} from '../../base/index.ts';
import { exportEncoder } from '../../checkpoints/export/index.ts';
import {
  type LoadedStudent,
  listCheckpoints,
  loadStudent,
  loadTeacher,
  readKnownText,
  saveCheckpoint,
} from '../../checkpoints/index.ts';
import { type Document, documentText, uniqueSentences } from '../../data/index.ts';
import { cachedTeacher, cachePrecision, TeacherCache, type TextEmbedder, teacherCacheFolder } from '../../encoders/index.ts';
import { train } from '../../training/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { checkpointOrDefault } from '../shared/default-checkpoint.ts';
import type { DocumentSource } from '../shared/document-source.ts';
import { given } from '../shared/given.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { adaptConfig } from './adapt-config.ts';
import { corpusSample, REPLAY_PREFIX, type Replay, replayDocuments } from './adapt-documents.ts';
import { type AdaptPlan, adaptBudget, readAdaptPlan, writeAdaptPlan } from './adapt-plan.ts';
import { sentenceBenchmark } from './held-out-sentences.ts';
import { type MeasuredSet, measureSet } from './measure-adaptation.ts';
import { reasonsAgainst } from './reasons-against.ts';
import { everyNth, measureRates } from './rehearsal.ts';

export interface AdaptOptions extends LongCall, OnBackend {
  /** What is to be indexed: a folder of texts, a JSONL file, a BEIR folder (only its documents are read), or documents. */
  readonly corpus: DocumentSource;
  /** A checkpoint's folder or a run's; by default CEM_CHECKPOINT, else the one that comes with the package. */
  readonly checkpoint?: string | undefined;
  /** Folder of the adapted checkpoint, made by this. */
  readonly into: string;
  /** Minutes of this machine for all of it: 15 unless given. */
  readonly minutes?: number | undefined;
  /** Steps instead of minutes: nothing is measured beforehand, and all of the sample is labelled. */
  readonly steps?: number | undefined;
  /** Broad text that keeps the checkpoint from forgetting; the Markdown of the installed packages unless given. */
  readonly broad?: DocumentSource | undefined;
  /** The run's folder; `runs/adapt-<name of into>` unless given. */
  readonly run?: string | undefined;
  /** Go on with a run that was stopped. */
  readonly resume?: boolean | undefined;
  /** Write the checkpoint though it is no better, and over an earlier one. */
  readonly force?: boolean | undefined;
  /** Folder in which the teacher is looked up before the hub. */
  readonly models?: string | undefined;
  readonly seed?: number | undefined;
}

export interface AdaptResult {
  readonly checkpoint: string;
  readonly into: string;
  readonly run: string;
  readonly backend: string;
  readonly steps: number;
  /** Documents of the corpus, those of them that were trained on, and those of broad text beside them. */
  readonly documents: { readonly corpus: number; readonly sampled: number; readonly replay: number };
  readonly replayOrigin: AdaptPlan['replayOrigin'];
  /** Retrieval of held-out sentences of the corpus; absent where it has none that could be asked. */
  readonly corpus?: MeasuredSet;
  /** The same over broad text that was not trained on; absent without any. */
  readonly broad?: MeasuredSet;
  /** Content hash of what was written. */
  readonly hash: string;
  readonly seconds: number;
}

const DEFAULT_MINUTES = 15;
/** Share of the texts of a step that is replayed. */
const REPLAY_SHARE = 0.3;
/** Broad documents that are measured and not trained on, at most this share of them. */
const BROAD_MEASURED = 500;
const BROAD_MEASURED_SHARE = 0.2;
/** Documents of the corpus that are ranked in the measurement, and sentences that are asked. */
const CANDIDATES = 1000;
const QUESTIONS = 300;
/** Texts whose vectors are looked up to estimate how many are at hand. */
const LOOKED_UP = 400;

/**
 * Trains a checkpoint further on the corpus that is to be indexed, with broad text beside it, in a budget of time; measures both models by retrieval of sentences that were not trained on, and writes the better
 * one. An aborted signal ends it with a checkpoint; `resume` goes on.
 *
 * @throws UsageError `ADAPT_OPTIONS`, `RUN_EXISTS`, `ADAPT_OTHER_CHECKPOINT`, `CHECKPOINT_NEEDED`, `EXPORT_EXISTS`; CemError `ADAPT_WORSE` where the adapted checkpoint finds less than the one before and `force` is not given,
 *   `ADAPT_STOPPED`, `CORPUS_NO_TEXT`; and what `loadTeacher` and training throw
 */
export async function adaptCheckpoint(options: AdaptOptions): Promise<AdaptResult> {
  const start = performance.now();
  const { signal, force = false, resume = false, seed = 1 } = options;
  checkOptions(options);
  const listener = listenerOf(options);
  const path = checkpointOrDefault(options.checkpoint);
  const run = options.run ?? join('runs', `adapt-${basename(resolve(options.into))}`);
  await checkFolders(options, run, { force, resume });
  const backend = await useBackend(options, listener);
  await using open = new ClosingStack();
  const base = await loadStudent(path, 'training');
  open.add(base, (loaded) => loaded.dispose());
  const known = await readKnownText(base.folder);
  const models = modelsFolder(options.models);
  const teacher = await loadTeacher(base, { models, note: (line) => listener.note(line) });
  open.add(teacher, (embedder) => embedder.dispose());

  const { documents, of } = await corpusSample(options.corpus, seed, listener, signal);
  const replay = await replayDocuments(
    options.broad,
    known?.languages.map(({ language }) => language),
    seed,
    listener,
    signal,
  );
  const source = typeof options.corpus === 'string' ? options.corpus : 'documents of the caller';
  const plan =
    (resume ? await readAdaptPlan(run) : undefined) ??
    (await makePlan({ options, run, base, teacher, documents, of, replay, source, seed, models, listener }));
  refuseOtherPlan(plan, base, run);
  const chosen = choose(documents, replay, plan);
  const candidates = everyNth(chosen.corpus, CANDIDATES);
  const ranked = new Set(candidates);
  const elsewhere = chosen.corpus.filter((document) => !ranked.has(document));
  const benchmarks = {
    corpus: sentenceBenchmark(candidates, elsewhere, { wanted: QUESTIONS, seed }),
    broad: sentenceBenchmark(chosen.measured, [], { wanted: QUESTIONS, seed }),
  };
  const mixed = shuffled([...chosen.corpus, ...chosen.replayed], seed);
  const config = adaptConfig(base, {
    name: `adapt-${basename(resolve(options.into))}`.replaceAll(/[^\w.-]+/g, '-'),
    seed,
    source,
    steps: plan.steps,
    sentences: plan.sentences,
  });
  if (base.teacherFolder && !(await exists(join(run, 'teacher')))) {
    await mkdir(run, { recursive: true });
    await cp(base.teacherFolder, join(run, 'teacher'), { recursive: true });
  }
  const { interrupted, step } = await train({
    run,
    resume: resume && (await exists(join(run, 'config.yaml'))),
    seed,
    model: config.model,
    teacher: config.teacher,
    pack: config.pack,
    training: config.training,
    resolved: config,
    environment: { backend: backend.name, backendDetail: backend.detail },
    documents: async function* () {
      yield* mixed;
    },
    shareOf: (id) => (id.startsWith(REPLAY_PREFIX) ? chosen.replayWeight : 1),
    heldOutSentences: benchmarks.corpus.sentences,
    ...(models !== undefined && { models }),
    listener: options.listener ?? listener,
    ...(signal && { signal }),
  });
  if (interrupted) {
    throw new CemError('ADAPT_STOPPED', `stopped at step ${step} of ${plan.steps}: the same command with --resume goes on`, {
      details: { step, run },
    });
  }

  const adapted = await loadStudent(run, 'training');
  open.add(adapted, (loaded) => loaded.dispose());
  const cache = await TeacherCache.open(cacheFolderOf(base, run), teacher.description, {
    precision: cachePrecision(base.teacher),
  });
  open.add(cache, (vectors) => vectors.close());
  const common = { run, base, adapted, teacher: cachedTeacher(teacher, cache), listener };
  const corpus = await measureSet({ ...common, name: 'corpus', benchmark: benchmarks.corpus, candidates: candidates.length });
  const broad = await measureSet({ ...common, name: 'broad', benchmark: benchmarks.broad, candidates: chosen.measured.length });
  const measured = { ...(corpus && { corpus }), ...(broad && { broad }) };
  if (!force) refuseWorse(measured, run);
  const hash = await writeAdapted(base, adapted, run, options.into, { force, plan, source, measured });
  return {
    checkpoint: base.folder,
    into: resolve(options.into),
    run: resolve(run),
    backend: backend.name,
    steps: plan.steps,
    documents: { corpus: plan.documents, sampled: plan.sampled, replay: plan.replay },
    replayOrigin: plan.replayOrigin,
    ...measured,
    hash,
    seconds: (performance.now() - start) / 1000,
  };
}

function checkOptions({ minutes, steps, into }: AdaptOptions): void {
  const wrong = (what: string) => new UsageError('ADAPT_OPTIONS', what, { details: { into } });
  if (minutes !== undefined && steps !== undefined) throw wrong('--minutes and --steps both say how long: give one');
  if (minutes !== undefined && !(Number.isFinite(minutes) && minutes > 0))
    throw wrong(`--minutes ${minutes}: give a number above 0`);
  if (steps !== undefined && !(Number.isSafeInteger(steps) && steps > 0))
    throw wrong(`--steps ${steps}: give a whole number from 1`);
}

/** What can be refused before hours of work is refused before. */
async function checkFolders(
  { into }: AdaptOptions,
  run: string,
  { force, resume }: { readonly force: boolean; readonly resume: boolean },
): Promise<void> {
  if (!force && (await exists(into))) {
    throw new UsageError('EXPORT_EXISTS', `${into} exists: name another folder by --into, or replace it with --force`, {
      details: { into },
    });
  }
  if (!resume && ((await readAdaptPlan(run)) !== undefined || (await listCheckpoints(run)).length > 0)) {
    throw new UsageError(
      'RUN_EXISTS',
      `the run folder ${run} exists: add --resume to go on with it, or name another one with --run`,
      {
        details: { path: run },
      },
    );
  }
}

interface PlanInput {
  readonly options: AdaptOptions;
  readonly run: string;
  readonly base: LoadedStudent;
  readonly teacher: TextEmbedder;
  readonly documents: readonly Document[];
  readonly of: number;
  readonly replay: Replay;
  readonly source: string;
  readonly seed: number;
  readonly models: string | undefined;
  readonly listener: Listener;
}

/** Decides how many documents are trained on, and for how many steps, and keeps it in the run's folder. */
async function makePlan(input: PlanInput): Promise<AdaptPlan> {
  const { options, run, base, teacher, documents, of, replay, source, seed, models, listener } = input;
  const { steps, minutes = DEFAULT_MINUTES, signal } = options;
  await mkdir(run, { recursive: true });
  const available = replay.documents.length - heldOutCount(replay);
  const wantedReplay = (corpus: number) => Math.min(available, Math.ceil((REPLAY_SHARE / (1 - REPLAY_SHARE)) * corpus));
  const common = { checkpoint: base.hash, seed, documents: of, replayOrigin: replay.origin };
  const sentenceCount = (some: readonly Document[], all: number) =>
    Math.ceil((uniqueSentences(some.map(documentText), Number.POSITIVE_INFINITY).length * all) / Math.max(1, some.length));
  const looked = everyNth(documents, LOOKED_UP);
  const total = documents.length + wantedReplay(documents.length);
  const sentences = Math.max(1, sentenceCount(looked, total));
  if (steps !== undefined) {
    const plan = {
      ...common,
      steps,
      sampled: documents.length,
      replay: wantedReplay(documents.length),
      sentences: 2 * sentences,
      stepSeconds: null,
    };
    await writeAdaptPlan(run, plan);
    return plan;
  }
  const stage = listener.stage('rehearsal');
  const unlabelled = await unlabelledShare(base, run, teacher, looked);
  const config = { name: 'rehearsal', seed, source, sentences: 2000 };
  const rates = await measureRates({ run, base, teacher, documents, config, models, signal }).catch((error: unknown) => {
    stage.fail();
    throw error;
  });
  const budget = adaptBudget(60 * minutes, rates, { passages: total, sentences, unlabelled });
  const sampled = Math.max(1, Math.floor(budget.share * documents.length));
  const plan = {
    ...common,
    steps: budget.steps,
    sampled,
    replay: wantedReplay(sampled),
    // Twice what is expected: an estimate that is a little low must not cut off the last documents.
    sentences: Math.max(1, Math.ceil(2 * budget.share * sentences)),
    stepSeconds: rates.step,
  };
  await writeAdaptPlan(run, plan);
  stage.done(
    `${(1 / rates.passage).toFixed(1)} passages or ${(1 / rates.sentence).toFixed(0)} sentences a second are labelled, a step takes ${rates.step.toFixed(2)} s: ${sampled} of ${of} documents, ${formatDuration(budget.labelling)} of labelling, ${plan.steps} steps in ${formatDuration(budget.training)}`,
  );
  return plan;
}

async function unlabelledShare(
  base: LoadedStudent,
  run: string,
  teacher: TextEmbedder,
  documents: readonly Document[],
): Promise<number> {
  const cache = await TeacherCache.open(cacheFolderOf(base, run), teacher.description, {
    precision: cachePrecision(base.teacher),
  });
  await using _cache = closing(() => cache.close());
  const texts = documents.map(documentText);
  return texts.filter((text) => !cache.has(text, 'document')).length / Math.max(1, texts.length);
}

/** A fitted teacher's vectors are of its run alone. */
function cacheFolderOf({ teacher }: LoadedStudent, run: string): string {
  return teacher.kind === 'lsa' ? join(run, 'teacher-cache') : teacherCacheFolder();
}

/** Broad documents that are kept for measuring. */
function heldOutCount({ documents }: Replay): number {
  return Math.min(BROAD_MEASURED, Math.floor(BROAD_MEASURED_SHARE * documents.length));
}

/** The documents of a plan. */
function choose(documents: readonly Document[], replay: Replay, plan: AdaptPlan) {
  const corpus = everyNth(documents, plan.sampled);
  const measured = everyNth(replay.documents, heldOutCount(replay));
  const held = new Set(measured);
  const replayed = everyNth(
    replay.documents.filter((document) => !held.has(document)),
    plan.replay,
  );
  // Of a corpus that is small beside its replay an epoch takes only that share of it.
  const wanted = (REPLAY_SHARE / (1 - REPLAY_SHARE)) * corpus.length;
  return { corpus, measured, replayed, replayWeight: replayed.length === 0 ? 1 : Math.min(1, wanted / replayed.length) };
}

/** A plan is for one checkpoint. */
function refuseOtherPlan({ checkpoint }: AdaptPlan, { hash, folder }: LoadedStudent, run: string): void {
  if (checkpoint === hash) return;
  throw new UsageError(
    'ADAPT_OTHER_CHECKPOINT',
    `${run} adapts the checkpoint ${checkpoint.slice(0, 12)}, and ${folder} is ${hash.slice(0, 12)}: name that one by --checkpoint, or begin another run with --run`,
    { details: { run, checkpoint, hash } },
  );
}

/** In no order of theirs: where not all sentences can be taken, some are of every document. */
function shuffled(documents: readonly Document[], seed: number): Document[] {
  const order = Int32Array.from(documents, (_, index) => index);
  new RandomNumbers(seed, 'order of documents').shuffle(order);
  return Array.from(order, (index) => documents[index]!);
}

function refuseWorse({ corpus, broad }: Pick<AdaptResult, 'corpus' | 'broad'>, run: string): void {
  const worse = reasonsAgainst({ corpus, broad });
  if (worse.length === 0) return;
  throw new CemError(
    'ADAPT_WORSE',
    `the adapted checkpoint is worse: ${worse.join('; ')}. Nothing was written; ${run} holds it: give more --minutes or other --broad text in another run, or write it all the same with --resume --force`,
    { details: { run, ...(corpus && { corpus }), ...(broad && { broad }) } },
  );
}

interface WrittenAdaptation {
  readonly force: boolean;
  readonly plan: AdaptPlan;
  readonly source: string;
  readonly measured: Pick<AdaptResult, 'corpus' | 'broad'>;
}

/**
 * Writes the adapted encoder as the checkpoint before was stored, with its query student, which reads queries and so needs no adapting.
 *
 * @returns its content hash
 */
async function writeAdapted(
  base: LoadedStudent,
  adapted: LoadedStudent,
  run: string,
  into: string,
  written: WrittenAdaptation,
): Promise<string> {
  let source = adapted;
  let joined: LoadedStudent | undefined;
  if (base.query) {
    const folder = join(run, 'with-query');
    await rm(folder, { recursive: true, force: true });
    const { contentHash: _hash, formatVersion: _version, ...state } = adapted.state;
    await saveCheckpoint(folder, adapted.student, state, undefined, base.query.folder);
    joined = await loadStudent(folder, 'training');
    source = { ...joined, ...given({ teacherFolder: adapted.teacherFolder, knownText: adapted.knownText }) };
  }
  try {
    const { storage } = base.state;
    const { hash } = await exportEncoder(source, into, {
      format: 'safetensors',
      force: written.force,
      ...(storage && { precision: storage.dense, tables: storage.tables }),
      notes: adaptationNotes(base, written),
    });
    return hash;
  } finally {
    joined?.dispose();
  }
}

function adaptationNotes(base: LoadedStudent, { plan, source, measured }: WrittenAdaptation): string {
  const row = (name: string, set: MeasuredSet | undefined) =>
    set === undefined
      ? []
      : [
          `| ${name} | ${set.queries} of ${set.candidates} | ${(100 * set.before.retention).toFixed(1)}% | ${(100 * set.after.retention).toFixed(1)}% |`,
        ];
  return [
    '## Adapted',
    '',
    `\`cem adapt\` trained these weights further from the checkpoint \`${base.hash.slice(0, 12)}\`: ${plan.steps} steps on ${plan.sampled} of the ${plan.documents} documents of \`${basename(source)}\`, with ${plan.replay} documents of broad text beside them (${plan.replayOrigin}). Retrieval of sentences that were not trained on, each of which stands in one of the ranked documents, with the teacher's vectors as queries; retention is the share of the teacher's own nDCG@10:`,
    '',
    '| texts | sentences of documents | before | after |',
    '| --- | ---: | ---: | ---: |',
    ...row('the corpus', measured.corpus),
    ...row('broad text that was not trained on', measured.broad),
  ].join('\n');
}

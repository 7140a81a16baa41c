import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { loadStudent } from '../../checkpoints/index.ts';
import { type BeirData, corpusSaving, readBeir } from '../../data/index.ts';
import {
  type EncoderEvaluation,
  EvaluationFolder,
  evaluateEncoders,
  type StudentEvaluation,
  withStudentRows,
} from '../../eval/index.ts';
import { formatEvaluation } from '../../eval/report/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { tensorInnerProducts } from '../../search/exact/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import {
  type ContenderPlan,
  type EvaluationResources,
  loadEncoders,
  makeContenders,
  planContenders,
  withQueryStudent,
} from '../eval/contender-choice.ts';
import type { EvalOptions } from '../eval/eval-options.ts';
import { readDictionaryOption } from '../options/dictionary-option.ts';
import { ENCODER_DESCRIPTION, transformersOptions } from '../options/encoder-options.ts';
import { modelsOption } from '../options/index-options.ts';
import type { Reporter } from '../output/reporter.ts';
import { followStages } from '../output/stages.ts';

/** Where an evaluation's figures come from, beside what was measured. */
interface EvalOrigin {
  readonly dataset: string;
  readonly split: string;
  readonly dictionary: string;
  /** Null without `--checkpoint`. */
  readonly checkpoint: { readonly path: string; readonly hash: string; readonly step: number; readonly model: unknown } | null;
  readonly backend: string;
  /** Saving of the corpus that the run was trained on; null when it no longer lies in the run folder, or without a checkpoint. */
  readonly saving_training: number | null;
}

type EvalReport = EncoderEvaluation & EvalOrigin;

/** An evaluation of a checkpoint with the rows it has unless asked otherwise. */
export type EvalResult = StudentEvaluation & EvalOrigin;

/** Maps by row, and settings as encoders and configurations call them. */
export const EVALUATION_DATA: readonly string[] = [
  'encoders',
  'queries_without_results',
  'bytes.vectors',
  'speed',
  'descriptions',
  'conditions',
  'by_document_length.*.ndcg_at_10',
  'timings.document_seconds',
  'timings.query_seconds',
  'checkpoint.model',
];

export const evalCommand = defineCommand<EvalOptions, EvalReport>({
  command: 'eval',
  describe: 'Rank a benchmark with teacher, student, BM25 and chance, and compare them',
  examples: [
    [
      'eval --checkpoint runs/techdocs --data techdocs-beir --split dev --candidates judged',
      "the run's newest checkpoint, over the documents that dev judges",
    ],
    [
      'eval --checkpoint runs/techdocs/checkpoints/4000 --data scifact-beir --dictionary corpus --output evaluations/scifact',
      'one checkpoint, with a dictionary of the corpus itself; results and vectors in a folder',
    ],
    ['eval --encoder transformers:all-MiniLM-L6-v2 --data scifact-beir', 'a text encoder without a checkpoint'],
    ['eval --encoder vectors:minilm.npy --data scifact-beir --json', 'vectors that cem encode wrote'],
  ],
  options: (parser) =>
    parser
      .option('checkpoint', { type: 'string', describe: 'a checkpoint, or a run folder (its newest checkpoint)' })
      .option('encoder', {
        type: 'string',
        describe: `what to evaluate, instead of teacher and student of --checkpoint: ${ENCODER_DESCRIPTION}`,
      })
      .option('query-vectors', { type: 'string', describe: 'queries of vectors:FILE.npy; FILE.queries.npy by default' })
      .options(transformersOptions)
      .option('encoders', {
        type: 'string',
        describe:
          'rows, separated by commas: teacher, student, query-student (the student, asked without the teacher), bm25, random, lsa, vectors',
      })
      .option('data', { type: 'string', demandOption: true, describe: 'a folder in BEIR layout' })
      .option('split', { type: 'string', default: 'test', describe: 'whose queries: qrels/<split>.tsv' })
      .option('candidates', {
        choices: ['corpus', 'judged'] as const,
        default: 'corpus' as const,
        describe: 'rank the whole corpus, or only the documents that the split judges',
      })
      .option('dictionary', {
        type: 'string',
        describe:
          "what the documents are packed with: the training corpus' (run, the default with a checkpoint), one of their own (corpus), none, or a file",
      })
      .option('drop-own-id', {
        type: 'boolean',
        defaultDescription: 'for arguana and quora',
        describe: "leave the document with a query's own id out of its ranking, where queries are documents too",
      })
      .option('models', modelsOption)
      .option('output', {
        type: 'string',
        describe: 'folder for vectors and results; the same command again goes on where it was stopped',
      })
      .option('language', { type: 'string', default: 'eng-Latn', describe: "the data's, for the results in MTEB's form" }),
  run: evaluate,
  text: formatEvaluation,
  dataKeys: EVALUATION_DATA,
});

/** What `cem eval --checkpoint` does, for the demo too. */
export async function runEval(
  options: EvalOptions & GlobalOptions & { readonly checkpoint: string; readonly encoders?: undefined },
  reporter: Reporter,
): Promise<EvalResult> {
  return withStudentRows(await evaluate(options, reporter));
}

async function evaluate(options: EvalOptions & GlobalOptions, reporter: Reporter): Promise<EvalReport> {
  const asked = planContenders(options);
  const data = await readBeir(options.data, options.split);
  const backend = await selectBackend(parseBackendRequest(options.backend));
  reporter.note(describeBackend(backend));
  const loaded = asked.checkpoint === undefined ? undefined : await loadStudent(asked.checkpoint);
  try {
    const plan = withQueryStudent(asked, loaded, options);
    const resources = await loadEncoders(plan, loaded, options, (line) => reporter.note(line));
    try {
      return await evaluateLoaded(plan, resources, data, { ...options, backend: backend.name }, reporter);
    } finally {
      await resources.close();
    }
  } finally {
    loaded?.dispose();
  }
}

async function evaluateLoaded(
  plan: ContenderPlan,
  resources: EvaluationResources,
  data: BeirData,
  options: EvalOptions & GlobalOptions,
  reporter: Reporter,
): Promise<EvalReport> {
  const { loaded } = resources;
  const dictionaryChoice = options.dictionary ?? (loaded === undefined ? 'corpus' : 'run');
  const dictionary = await readDictionaryOption(dictionaryChoice, loaded?.trainingZpkg);
  const origin: EvalOrigin = {
    dataset: basename(resolve(options.data)),
    split: options.split,
    dictionary: dictionaryChoice,
    checkpoint:
      loaded === undefined
        ? null
        : { path: loaded.folder, hash: loaded.hash, step: loaded.state.step, model: loaded.state.model },
    backend: options.backend,
    saving_training: loaded?.trainingZpkg === undefined ? null : await corpusSaving(loaded.trainingZpkg),
  };
  const folder =
    options.output === undefined
      ? undefined
      : await openFolder(options.output, plan, resources, dictionary, {
          ...options,
          dropOwnId: options.dropOwnId ?? data.dropOwnId,
        });
  const stages = followStages(reporter);
  try {
    const { evaluation, details } = await evaluateEncoders({
      data,
      candidates: options.candidates,
      ...(options.dropOwnId !== undefined && { dropOwnId: options.dropOwnId }),
      contenders: makeContenders(plan, resources, folder?.vectors),
      pack: { ...loaded?.state.pack, ...(dictionary !== undefined && { dictionary }) },
      innerProducts: tensorInnerProducts,
      onProgress: stages.progress,
      ...(folder && { vectorLog: folder.vectors, onCandidates: folder.checkIds, onRankings: folder.addRankings }),
    });
    stages.done();
    const result = { ...evaluation, ...origin };
    await folder?.finish(result, details, data, { ...origin, language: options.language ?? 'eng-Latn' });
    return result;
  } finally {
    stages.fail();
    await folder?.close();
  }
}

/** The evaluation's folder, claimed for everything that its figures depend on. */
function openFolder(
  path: string,
  { rows }: ContenderPlan,
  { loaded, teacher, vectors, lsa }: EvaluationResources,
  dictionary: Uint8Array | 'none' | undefined,
  { data, split, candidates, backend, dropOwnId }: EvalOptions & GlobalOptions,
): Promise<EvaluationFolder> {
  return EvaluationFolder.open(path, {
    dataset: basename(resolve(data)),
    split,
    candidates,
    rows,
    checkpoint: loaded?.hash ?? null,
    encoder: (teacher ?? vectors ?? lsa)?.description ?? null,
    dictionary:
      dictionary instanceof Uint8Array ? createHash('sha256').update(dictionary).digest('hex') : (dictionary ?? 'corpus'),
    backend,
    // Absent where it is false: so it was before there was a choice.
    ...(dropOwnId && { dropOwnId }),
  });
}

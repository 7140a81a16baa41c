import assert from 'node:assert/strict';
import { UsageError } from '../../base/index.ts';
import {
  type LoadedEntropyPatcher,
  type LoadedStudent,
  loadEntropyPatcher,
  loadQueryStudent,
  loadTeacher,
} from '../../checkpoints/index.ts';
import {
  createTeacher,
  LsaEmbedder,
  PrecomputedEncoder,
  type QueryEmbedder,
  type QueryStudent,
  StudentEncoder,
  type TextEmbedder,
  TextStudentEncoder,
} from '../../encoders/index.ts';
import {
  bm25Contender,
  type Contender,
  chunkContender,
  type EncoderContender,
  lsaContender,
  RememberingEmbedder,
  randomContender,
  textContender,
  textStudentContender,
  type VectorLog,
  vectorContender,
} from '../../eval/index.ts';
import { patchingOf } from '../../model/index.ts';
import { checkpointOrDefault } from '../shared/default-checkpoint.ts';
import { type EncoderChoice, parseEncoder, refuseTransformersOptions, transformersOf } from '../shared/encoder-choice.ts';
import type { EvaluateOptions } from './evaluate-options.ts';

type RowName = 'teacher' | 'student' | 'query-student' | 'bm25' | 'random' | 'lsa' | 'vectors';

/** Dimension of random vectors where no encoder gives one. */
const RANDOM_DIMENSION = 256;

/** What can be evaluated with these options: which rows, made by what. */
export interface ContenderPlan {
  readonly rows: readonly RowName[];
  readonly choice: EncoderChoice | undefined;
  /** Where student and teacher come from; undefined where neither is asked for. */
  readonly checkpoint: string | undefined;
}

/** The row that an encoder makes. */
const ROW_OF = {
  student: 'student',
  teacher: 'teacher',
  transformers: 'teacher',
  lsa: 'lsa',
  vectors: 'vectors',
  random: 'random',
} as const satisfies Record<EncoderChoice['kind'], RowName>;

/**
 * Reads `--checkpoint`, `--encoder` and `--encoders` together, before anything is loaded. A checkpoint without an encoder has rows of its teacher and its student; the encoder
 * `teacher` or `student` is one of the two, of the checkpoint that comes with the package where none is named.
 *
 * @throws UsageError `EVAL_ENCODER` (neither, or one that is not known), `EVAL_ENCODERS` (a row that cannot be made of them), `CHECKPOINT_NEEDED`
 */
export function planContenders(options: EvaluateOptions): ContenderPlan {
  const choice = options.encoder === undefined ? undefined : parseEncoder(options.encoder, 'EVAL_ENCODER');
  if (choice === undefined && options.checkpoint === undefined)
    throw new UsageError(
      'EVAL_ENCODER',
      'say what to evaluate: --checkpoint DIR, or --encoder with what `cem eval --help` lists',
    );
  if (choice?.kind === 'transformers' && options.checkpoint !== undefined)
    throw new UsageError(
      'EVAL_ENCODER',
      'a checkpoint brings its own teacher: give --checkpoint or --encoder transformers:MODEL',
    );
  if (choice?.kind !== 'transformers') refuseTransformersOptions(options.encoder ?? 'a checkpoint', options, 'EVAL_ENCODER');
  if (options.queryVectors !== undefined && choice?.kind !== 'vectors')
    throw new UsageError('EVAL_ENCODER', '--query-vectors goes with --encoder vectors:FILE.npy, and with nothing else');
  const part = choice?.kind === 'student' || choice?.kind === 'teacher';
  const checkpoint = part ? checkpointOrDefault(options.checkpoint) : options.checkpoint;
  const trained = checkpoint === undefined ? [] : (['teacher', 'student'] as const);
  const own: RowName[] = [...(part ? [] : trained), ...(choice ? [ROW_OF[choice.kind]] : [])];
  const possible = new Set<RowName>([
    ...own,
    ...trained,
    ...(checkpoint === undefined ? [] : (['query-student'] as const)),
    'bm25',
    'random',
    'lsa',
  ]);
  if (options.encoders === undefined) return { rows: [...new Set<RowName>([...own, 'bm25', 'random'])], choice, checkpoint };
  const rows = options.encoders.split(',').map((name) => {
    const row = [...possible].find((candidate) => candidate === name.trim());
    if (row !== undefined) return row;
    throw new UsageError(
      'EVAL_ENCODERS',
      `--encoders ${options.encoders}: there is no row ${JSON.stringify(name.trim())} with these options; there are ${[...possible].join(', ')}`,
    );
  });
  if (new Set(rows).size < rows.length) throw new UsageError('EVAL_ENCODERS', `--encoders ${options.encoders} names a row twice`);
  return { rows, choice, checkpoint };
}

/**
 * The plan for a checkpoint that is loaded: one with a query student has a row for it, beside that of the student.
 *
 * @throws UsageError `EVAL_ENCODERS` when `--encoders` asks for that row and there is none
 */
export function withQueryStudent(
  plan: ContenderPlan,
  loaded: LoadedStudent | undefined,
  { encoders }: EvaluateOptions,
): ContenderPlan {
  if (loaded?.query && encoders === undefined)
    return { ...plan, rows: plan.rows.flatMap((row) => (row === 'student' ? ([row, 'query-student'] as const) : [row])) };
  if (loaded?.query || !plan.rows.includes('query-student')) return plan;
  throw new UsageError(
    'EVAL_ENCODERS',
    `--encoders ${encoders}: the checkpoint has no query student; leave the row out, or train one with model.query`,
  );
}

/** What was loaded for an evaluation. */
export interface EvaluationResources {
  readonly loaded: LoadedStudent | undefined;
  readonly teacher: TextEmbedder | undefined;
  readonly queryStudent: QueryStudent | undefined;
  readonly vectors: PrecomputedEncoder | undefined;
  /** Fitted before; undefined where it is fitted on the candidates. */
  readonly lsa: LsaEmbedder | undefined;
  close(): Promise<void>;
}

/** Loads what the rows need, beside the checkpoint; `note` takes a line about the teacher where its files are not the checkpoint's own. */
export async function loadEncoders(
  { rows, choice }: ContenderPlan,
  loaded: LoadedStudent | undefined,
  options: EvaluateOptions,
  note: (line: string) => void,
): Promise<EvaluationResources> {
  const needsTeacher = rows.includes('teacher') || rows.includes('student');
  const teacher = needsTeacher ? await openTeacher(choice, loaded, options, note) : undefined;
  let patcher: LoadedEntropyPatcher | undefined;
  let queryStudent: QueryStudent | undefined;
  try {
    queryStudent = loaded?.query && rows.includes('query-student') ? await loadQueryStudent(loaded.query) : undefined;
    patcher = loaded && (rows.includes('student') || queryStudent) ? await useEntropyPatcher(loaded) : undefined;
    const vectors =
      choice?.kind === 'vectors'
        ? await PrecomputedEncoder.open({
            documents: choice.file,
            queries: options.queryVectors ?? choice.file.replace(/(\.npy)?$/i, '.queries.npy'),
          })
        : undefined;
    const lsa = choice?.kind === 'lsa' && choice.folder !== undefined ? await LsaEmbedder.load(choice.folder) : undefined;
    return {
      loaded,
      teacher,
      queryStudent,
      vectors,
      lsa,
      close: async () => {
        await lsa?.dispose();
        await vectors?.close();
        patcher?.dispose();
        await queryStudent?.dispose();
        await teacher?.dispose();
      },
    };
  } catch (error) {
    patcher?.dispose();
    await queryStudent?.dispose();
    await teacher?.dispose();
    throw error;
  }
}

/** Gives a student with entropy patching the language model that its configuration names. */
async function useEntropyPatcher({ student, state }: LoadedStudent): Promise<LoadedEntropyPatcher | undefined> {
  const patching = patchingOf(student.config);
  if (patching.kind !== 'entropy') return undefined;
  const loaded = await loadEntropyPatcher(patching, student.config.maximumSymbols, state.entropyModel);
  student.useEntropyPatcher(loaded.patcher);
  return loaded;
}

function openTeacher(
  choice: EncoderChoice | undefined,
  loaded: LoadedStudent | undefined,
  options: EvaluateOptions,
  note: (line: string) => void,
): Promise<TextEmbedder> {
  if (loaded !== undefined) return loadTeacher(loaded, { models: options.models, note });
  assert.ok(choice?.kind === 'transformers', 'a teacher without a checkpoint is a transformers model');
  const models = options.models === undefined ? {} : { models: options.models };
  return createTeacher(transformersOf(choice.model, options, 'EVAL_ENCODER'), models);
}

/** The rows' contenders; teacher and student share one memory of queries. */
export function makeContenders({ rows }: ContenderPlan, resources: EvaluationResources, log: VectorLog | undefined): Contender[] {
  const queries = resources.teacher && new RememberingEmbedder(resources.teacher, log);
  return rows.map((row) => makeContender(row, resources, queries));
}

function makeContender(
  row: RowName,
  { loaded, teacher, queryStudent, vectors, lsa }: EvaluationResources,
  queries: RememberingEmbedder | undefined,
): Contender {
  switch (row) {
    case 'teacher':
      return textContender('teacher', queries!);
    case 'student':
      return studentContender(row, loaded!, queries!);
    case 'query-student':
      return { ...studentContender(row, loaded!, queryStudent!), documentsOf: 'student' };
    case 'bm25':
      return bm25Contender();
    case 'random':
      return randomContender((teacher ?? queryStudent ?? vectors ?? lsa)?.description.dimension ?? RANDOM_DIMENSION);
    case 'lsa':
      return lsa ? textContender('lsa', lsa) : lsaContender();
    case 'vectors':
      return vectorContender('vectors', async () => vectors!);
  }
}

function studentContender(name: string, { student, hash }: LoadedStudent, queries: QueryEmbedder): EncoderContender {
  const { input, maximumSymbols: limit } = student.config;
  return input === 'text'
    ? textStudentContender(name, (texts) => new TextStudentEncoder(student, texts, queries, hash), { limit, unit: 'bytes' })
    : chunkContender(
        name,
        (chunks) => new StudentEncoder(student, chunks, queries, hash),
        { limit, unit: 'symbols a passage' },
        { maximumSymbols: limit, input },
      );
}

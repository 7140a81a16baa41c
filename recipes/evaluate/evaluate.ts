import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { closing, inStages, type Listener, UsageError } from '../../base/index.ts';
import { type CheckpointState, loadStudent } from '../../checkpoints/index.ts';
import { type BeirData, corpusSaving, readBeir } from '../../data/index.ts';
import {
  type CandidateChoice,
  type CandidatePacking,
  type EncoderEvaluation,
  EvaluationFolder,
  evaluateEncoders,
  type StudentEvaluation,
  withStudentRows,
} from '../../eval/index.ts';
import { tensorInnerProducts } from '../../search/exact/index.ts';
import type { Scoring } from '../../search/index.ts';
import { useBackend } from '../shared/backend.ts';
import { listenerOf } from '../shared/call.ts';
import { readDictionary } from '../shared/dictionary-choice.ts';
import { given } from '../shared/given.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import {
  type ContenderPlan,
  type EvaluationResources,
  loadEncoders,
  makeContenders,
  planContenders,
  withQueryStudent,
} from './contender-choice.ts';
import type { EvaluateOptions } from './evaluate-options.ts';

const DEFAULT_SPLIT = 'test';

/** Where an evaluation's figures come from, beside what was measured. */
export interface EvaluationOrigin {
  readonly dataset: string;
  readonly split: string;
  readonly dictionary: string;
  /** Null without a checkpoint. */
  readonly checkpoint: { readonly path: string; readonly hash: string; readonly step: number; readonly model: unknown } | null;
  readonly backend: string;
  /** Saving of the corpus that the run was trained on; null when it no longer lies in the run folder, or without a checkpoint. */
  readonly saving_training: number | null;
}

export type Evaluation = EncoderEvaluation & EvaluationOrigin;

/** An evaluation of a checkpoint with the rows it has unless asked otherwise. */
export type CheckpointEvaluation = StudentEvaluation & EvaluationOrigin;

/** Evaluates a checkpoint: teacher, student, BM25 and chance, and the query student where it has one. Throws as `evaluate` does. */
export async function evaluateCheckpoint(
  options: EvaluateOptions & { readonly checkpoint: string; readonly encoders?: undefined },
): Promise<CheckpointEvaluation> {
  return withStudentRows(await evaluate(options));
}

/**
 * Ranks a benchmark with the rows that the options name (teacher, student, BM25, chance and others) and compares them. Documents are packed as the run's were; nothing is decompressed.
 *
 * @throws UsageError `EVAL_ENCODER`, `EVAL_ENCODERS`, `EVAL_WINDOW`, `EVAL_NO_TRAINING_CORPUS`, `EVAL_DICTIONARY_UNREADABLE`; and what reading, loading and `evaluateEncoders` throw
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const listener = listenerOf(options);
  const asked = planContenders(options);
  const data = await readBeir(options.data, options.split ?? DEFAULT_SPLIT);
  const { name: backend } = await useBackend(options, listener);
  using loaded = asked.checkpoint === undefined ? undefined : await loadStudent(asked.checkpoint);
  const plan = withQueryStudent(asked, loaded, options);
  const resources = await loadEncoders(plan, loaded, { ...options, models: modelsFolder(options.models) }, (line) =>
    listener.note(line),
  );
  await using _resources = closing(() => resources.close());
  return await evaluateLoaded(plan, resources, data, { ...options, backend }, listener);
}

async function evaluateLoaded(
  plan: ContenderPlan,
  resources: EvaluationResources,
  data: BeirData,
  options: EvaluateOptions & { readonly backend: string },
  listener: Listener,
): Promise<Evaluation> {
  const { loaded } = resources;
  const { split = DEFAULT_SPLIT, candidates = 'corpus', language = 'eng-Latn' } = options;
  const dictionaryChoice = options.dictionary ?? (loaded === undefined ? 'corpus' : 'run');
  const dictionary = await readDictionary(dictionaryChoice, loaded?.trainingZpkg);
  const pack = packingOf(options, loaded?.state.pack);
  const origin: EvaluationOrigin = {
    dataset: basename(resolve(options.data)),
    split,
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
      : await openFolder(
          options.output,
          plan,
          resources,
          { ...origin, candidates, dropOwnId: options.dropOwnId ?? data.dropOwnId, pack, scoring: options.scoring },
          dictionary,
        );
  await using _folder = closing(() => folder?.close());
  return await inStages(listener, async (onProgress) => {
    const { evaluation, details } = await evaluateEncoders({
      data,
      candidates,
      ...(options.dropOwnId !== undefined && { dropOwnId: options.dropOwnId }),
      contenders: makeContenders(plan, resources, folder?.vectors),
      pack: { ...pack, ...(dictionary !== undefined && { dictionary }) },
      scoring: options.scoring,
      innerProducts: tensorInnerProducts,
      onProgress,
      ...(folder && { vectorLog: folder.vectors, onCandidates: folder.checkIds, onRankings: folder.addRankings }),
    });
    const result = { ...evaluation, ...origin };
    await folder?.finish(result, details, data, { ...origin, language });
    return result;
  });
}

/** What figures depend on, beside what is measured. */
interface ClaimedConditions extends Pick<EvaluationOrigin, 'dataset' | 'split' | 'backend'> {
  readonly candidates: CandidateChoice;
  readonly dropOwnId: boolean | undefined;
  readonly pack: CandidatePacking;
  readonly scoring: Scoring | undefined;
}

/**
 * How candidates are packed: as the checkpoint's corpus was, unless the options say otherwise.
 *
 * @throws UsageError `EVAL_WINDOW`
 */
export function packingOf(
  { passageSize, passageOverlap, windowDocuments }: EvaluateOptions,
  own: CheckpointState['pack'] | undefined,
): CandidatePacking {
  if (windowDocuments === undefined)
    return { ...own, ...given({ passageSize, passageOverlap: passageOverlap ?? (passageSize === 0 ? 0 : undefined) }) };
  if (!Number.isInteger(windowDocuments) || windowDocuments < 1)
    throw new UsageError(
      'EVAL_WINDOW',
      `--window-documents ${windowDocuments} is no number of documents: a whole number from 1 on`,
    );
  if (passageSize !== undefined && passageSize !== 0)
    throw new UsageError(
      'EVAL_WINDOW',
      '--window-documents and --passage-size do not go together: in a window of neighbouring documents each document is a passage',
    );
  return { ...own, passageSize: 0, passageOverlap: 0, windowDocuments };
}

/** The evaluation's folder, claimed for everything that its figures depend on. */
function openFolder(
  path: string,
  { rows }: ContenderPlan,
  { loaded, teacher, vectors, lsa }: EvaluationResources,
  { dataset, split, candidates, backend, dropOwnId, pack, scoring }: ClaimedConditions,
  dictionary: Uint8Array | 'none' | undefined,
): Promise<EvaluationFolder> {
  return EvaluationFolder.open(path, {
    dataset,
    split,
    candidates,
    rows,
    checkpoint: loaded?.hash ?? null,
    encoder: (teacher ?? vectors ?? lsa)?.description ?? null,
    dictionary:
      dictionary instanceof Uint8Array ? createHash('sha256').update(dictionary).digest('hex') : (dictionary ?? 'corpus'),
    backend,
    // Absent where there is nothing of it: so it was before there was a choice.
    ...(dropOwnId && { dropOwnId }),
    ...(pack.passageSize && { passageSize: pack.passageSize, passageOverlap: pack.passageOverlap ?? 0 }),
    ...(scoring?.kind === 'mean' && { scoring }),
    ...(pack.windowDocuments !== undefined && { windowDocuments: pack.windowDocuments }),
  });
}

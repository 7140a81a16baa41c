import { UsageError } from '../../base/index.ts';
import type { QueryStudentFiles } from '../../checkpoints/index.ts';
import { createTeacher, equivalenceNote, isTeacherAtHand, judgeTeacher, type QueryEmbedder } from '../../encoders/index.ts';
import { type IndexModel, otherTeacher } from '../index-store/index-manifest.ts';

/** Who encodes queries: the teacher, or the student that learnt the teacher's queries. */
export type QueryEncoderChoice = 'teacher' | 'student';

export interface QueryEncoderOptions {
  /** Who encodes queries; by default the teacher where it is at hand, else the query student where the index has one, else the teacher from the hub. */
  readonly queries?: QueryEncoderChoice;
  /** Where transformers models are looked up before the hub; where the index says, when absent. */
  readonly models?: string;
  /** Called before the query student is loaded, for which a backend must be chosen. */
  readonly beforeQueryStudent?: () => Promise<void>;
  /** Takes a line when the teacher's files are not those that the index' checkpoint was trained with. */
  readonly note?: (line: string) => void;
}

/** What an index or a collection says of who encodes its queries. */
export interface QueryEncoderSource {
  readonly path: string;
  readonly manifest: Pick<IndexModel, 'teacher'>;
  readonly queryStudent: QueryStudentFiles | undefined;
}

/** What encodes queries, and who that is. */
export interface OpenQueryEncoder {
  readonly queries: QueryEncoderChoice;
  readonly embedder: QueryEmbedder;
}

/**
 * Opens what encodes the queries of an index: one of the two that its manifest names, and nothing else. A teacher of other files is the named one when it computes the vectors that the
 * manifest has of it.
 *
 * @throws UsageError `INDEX_NO_QUERY_STUDENT`; CemError `INDEX_OTHER_TEACHER`, and what `createTeacher` and `loadQueryStudent` throw
 */
export async function openQueryEncoder(index: QueryEncoderSource, options: QueryEncoderOptions): Promise<OpenQueryEncoder> {
  const { teacher } = index.manifest;
  const { queryStudent } = index;
  const models = options.models ?? teacher.models;
  const places = {
    ...(models === undefined ? {} : { models }),
    ...(teacher.folder === undefined ? {} : { folder: teacher.folder }),
  };
  const queries =
    options.queries ?? (queryStudent === undefined || isTeacherAtHand(teacher.config, places) ? 'teacher' : 'student');
  if (queries === 'student') {
    if (queryStudent === undefined) {
      throw new UsageError(
        'INDEX_NO_QUERY_STUDENT',
        `the checkpoint that made the index ${index.path} has no query student: leave the queries to the teacher, or train a checkpoint with model.query and index with it`,
        { details: { index: index.path } },
      );
    }
    await options.beforeQueryStudent?.();
    // Tensors are loaded only by those who need them.
    const { loadQueryStudent } = await import('../../checkpoints/index.ts');
    return { queries, embedder: await loadQueryStudent(queryStudent) };
  }
  const embedder = await createTeacher(teacher.config, places);
  try {
    const judgement = await judgeTeacher(embedder, teacher);
    if (judgement.verdict === 'different' || judgement.verdict === 'unknown')
      throw otherTeacher(index.path, teacher, embedder.description, judgement.reason);
    if (judgement.verdict === 'equivalent') options.note?.(equivalenceNote(embedder, teacher, judgement.reason));
  } catch (error) {
    await embedder.dispose();
    throw error;
  }
  return { queries, embedder };
}

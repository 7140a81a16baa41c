import type { EncoderDescription, TextEmbedder } from '../encoder.ts';
import { compareWithProbe, PROBE_TEXTS, SAME_TEACHER_COSINE, type TeacherProbe } from './teacher-probe.ts';

/** What a checkpoint or an index says about its teacher. */
export interface RecordedTeacher {
  readonly id: string;
  /** Hash of the teacher's files: another conversion of the same weights has another one. */
  readonly revision: string;
  /** What it computes; absent in checkpoints and indexes of before, and for teachers that no probe suits. */
  readonly probe?: TeacherProbe | undefined;
}

/**
 * Whether a loaded teacher is the recorded one: `identical` by id and revision, `equivalent` by what it computes, `different`, or `unknown` when the identities differ and there is
 * no probe. `reason` is a clause for people.
 */
export type TeacherJudgement =
  | { readonly verdict: 'identical' }
  | { readonly verdict: 'equivalent' | 'different' | 'unknown'; readonly reason: string };

/**
 * Judges a teacher that was loaded where a recorded one is wanted. Only vectors count: a teacher of another name that gives the same ones is the same, and one of the same name that
 * does not is another. It embeds nothing when id and revision are those recorded.
 */
export async function judgeTeacher(teacher: TextEmbedder, recorded: RecordedTeacher): Promise<TeacherJudgement> {
  const { id, revision, dimension } = teacher.description;
  if (id === recorded.id && revision === recorded.revision) return { verdict: 'identical' };
  const { probe } = recorded;
  if (probe === undefined)
    return {
      verdict: 'unknown',
      reason: 'no vectors were recorded by which it could be recognised (cem export --models adds them to a checkpoint)',
    };
  if (probe.dimension !== dimension)
    return { verdict: 'different', reason: `its vectors have ${dimension} numbers, not ${probe.dimension}` };
  const { cosine, least } = await compareWithProbe(teacher, probe);
  const smallest = `the smallest cosine with the recorded vectors of ${PROBE_TEXTS.length} texts is ${cosine.toFixed(6)}`;
  return cosine >= SAME_TEACHER_COSINE
    ? { verdict: 'equivalent', reason: smallest }
    : { verdict: 'different', reason: `${smallest} (a ${least.as}), less than ${SAME_TEACHER_COSINE}` };
}

/** `transformers:all-MiniLM-L6-v2 (de36041197f0)` */
export function teacherName({ id, revision }: Pick<EncoderDescription, 'id' | 'revision'>): string {
  return `${id} (${revision.slice(0, 12)})`;
}

/** The line that says why a teacher of another identity is taken for the recorded one. */
export function equivalenceNote(teacher: TextEmbedder, recorded: RecordedTeacher, reason: string): string {
  return `teacher: ${teacherName(teacher.description)} stands for ${teacherName(recorded)}, whose files are others: ${reason}`;
}

import { CemError } from '../../base/index.ts';
import type { TextEmbedder } from '../../encoders/index.ts';
import { createTeacher, equivalenceNote, judgeTeacher, teacherName } from '../../encoders/index.ts';
import type { LoadedStudent } from './load-student.ts';

export interface LoadTeacherOptions {
  /** Folder in which models are looked up before the hub. */
  readonly models?: string | undefined;
  /** Takes a line when the teacher's files are not those that the checkpoint was trained with. */
  readonly note?: (line: string) => void;
}

type WithTeacher = Pick<LoadedStudent, 'folder' | 'state' | 'teacher' | 'teacherFolder'>;

/** Where a checkpoint's teacher is looked for. */
export function teacherPlaces(
  { teacherFolder }: Pick<LoadedStudent, 'teacherFolder'>,
  models: string | undefined,
): { models?: string; folder?: string } {
  return { ...(models !== undefined && { models }), ...(teacherFolder !== undefined && { folder: teacherFolder }) };
}

/**
 * Loads the teacher that a checkpoint was trained to. One whose files are others must compute the same vectors, where the checkpoint says which; where it does not say, it is taken as it is.
 *
 * @throws CemError `CHECKPOINT_TEACHER` for a teacher that computes other vectors, and what `createTeacher` throws
 */
export async function loadTeacher(loaded: WithTeacher, { models, note }: LoadTeacherOptions = {}): Promise<TextEmbedder> {
  const { folder, state } = loaded;
  const teacher = await createTeacher(loaded.teacher, teacherPlaces(loaded, models));
  try {
    const judgement = await judgeTeacher(teacher, state.teacher);
    if (judgement.verdict === 'identical') return teacher;
    const [here, recorded] = [teacherName(teacher.description), teacherName(state.teacher)];
    if (judgement.verdict === 'different') {
      throw new CemError(
        'CHECKPOINT_TEACHER',
        `${folder} was trained to ${recorded}, and ${here} is another teacher: ${judgement.reason}; name a folder with the same weights in the same precision with --models`,
        { details: { folder, recorded, here } },
      );
    }
    note?.(
      judgement.verdict === 'equivalent'
        ? equivalenceNote(teacher, state.teacher, judgement.reason)
        : `teacher: ${here} is taken for ${recorded}, whose files are others: ${judgement.reason}`,
    );
    return teacher;
  } catch (error) {
    await teacher.dispose();
    throw error;
  }
}

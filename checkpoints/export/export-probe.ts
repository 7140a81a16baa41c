import type { TextEmbedder } from '../../encoders/index.ts';
import {
  createTeacher,
  isTeacherAtHand,
  judgeTeacher,
  probeTeacher,
  type RecordedTeacher,
  type TeacherProbe,
  teacherName,
} from '../../encoders/index.ts';
import type { LoadedStudent } from '../load/load-student.ts';
import { teacherPlaces } from '../load/load-teacher.ts';

/** What an export says of the vectors that its teacher is recognised by. */
export interface ExportProbe {
  /** Undefined: the export has none, and its teacher is known by id and revision alone. */
  readonly probe: TeacherProbe | undefined;
  /** Where it comes from, or why there is none; a clause for people. */
  readonly origin: string;
}

/**
 * The checkpoint's own probe; where it has none, a new one by its teacher, if that is on this machine with the same files.
 *
 * @param fitted the teacher, where it is part of the run
 * @param models folder in which models are looked up; nothing is downloaded
 * @throws what `createTeacher` throws
 */
export async function exportProbe(
  loaded: LoadedStudent,
  fitted: TextEmbedder | undefined,
  models: string | undefined,
): Promise<ExportProbe> {
  const recorded = loaded.state.teacher;
  if (recorded.probe) return { probe: recorded.probe, origin: "the checkpoint's own" };
  if (fitted) return newProbe(fitted, recorded);
  const places = teacherPlaces(loaded, models);
  if (!isTeacherAtHand(loaded.teacher, places)) {
    const where = models === undefined ? 'on this machine' : `in ${models}`;
    return { probe: undefined, origin: `${teacherName(recorded)} is not ${where}; --models names the folder that it lies in` };
  }
  const teacher = await createTeacher(loaded.teacher, places);
  try {
    return await newProbe(teacher, recorded);
  } finally {
    await teacher.dispose();
  }
}

async function newProbe(teacher: TextEmbedder, recorded: RecordedTeacher): Promise<ExportProbe> {
  if ((await judgeTeacher(teacher, recorded)).verdict !== 'identical') {
    const here = teacherName(teacher.description);
    return { probe: undefined, origin: `the checkpoint was trained to ${teacherName(recorded)}, and here is ${here}` };
  }
  const probe = await probeTeacher(teacher);
  return { probe, origin: probe ? 'computed now' : 'the teacher has no vector for most of the texts' };
}

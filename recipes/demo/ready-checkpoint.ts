import { basename, resolve } from 'node:path';
import { type LoadedStudent, loadStudent, loadTeacher, teacherPlaces } from '../../checkpoints/index.ts';
import { type PackOptions, readBeir } from '../../data/index.ts';
import { isTeacherAtHand, StudentEncoder } from '../../encoders/index.ts';
import { chunkContender, evaluateEncoders, type MeasureValues } from '../../eval/index.ts';
import { tensorInnerProducts } from '../../search/exact/index.ts';

/** What a checkpoint that nobody trained here reaches on the demo's held-out documents. */
interface ReadyRow {
  readonly name: string;
  readonly values: MeasureValues;
}

interface ReadyOptions {
  readonly checkpoint: string;
  /** Held-out documents, a BEIR folder. */
  readonly data: string;
  /** How they are packed: as for the demo's own student. */
  readonly pack: Pick<PackOptions, 'level' | 'targetChunkSize' | 'dictionary'>;
  readonly models: string | undefined;
}

/** Ranks the held-out documents with a checkpoint; undefined where its teacher, which encodes the queries, is not on this machine. */
export async function evaluateReadyCheckpoint(options: ReadyOptions): Promise<ReadyRow | undefined> {
  const loaded = await loadStudent(options.checkpoint);
  try {
    if (!isTeacherAtHand(loaded.teacher, teacherPlaces(loaded, options.models))) return undefined;
    const teacher = await loadTeacher(loaded, options);
    try {
      const name = nameOf(loaded);
      const contender = chunkContender(name, (chunks) => new StudentEncoder(loaded.student, chunks, teacher, loaded.hash), {
        limit: loaded.student.config.maximumSymbols,
        unit: 'symbols a passage',
      });
      const { evaluation } = await evaluateEncoders({
        data: await readBeir(options.data, 'test'),
        candidates: 'corpus',
        contenders: [contender],
        pack: options.pack,
        innerProducts: tensorInnerProducts,
      });
      return { name, values: evaluation.encoders[name]! };
    } finally {
      await teacher.dispose();
    }
  } finally {
    loaded.dispose();
  }
}

/** That of its folder; of a run's checkpoint, of the run. */
function nameOf({ folder }: LoadedStudent): string {
  const run = resolve(folder, '../..');
  return /^\d+$/.test(basename(folder)) ? basename(run) : basename(folder);
}

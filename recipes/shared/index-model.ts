import { resolve } from 'node:path';
import type { LoadedStudent } from '../../checkpoints/index.ts';
import type { IndexModel } from '../../rag/index.ts';

/**
 * What an index says of the checkpoint whose vectors it holds, and of the teacher who encodes its queries.
 *
 * @param models folder where searches look for the teacher before the hub
 */
export function modelOf(checkpoint: LoadedStudent, models: string | undefined): IndexModel {
  const { id, revision, config, probe } = checkpoint.state.teacher;
  return {
    checkpoint: { path: checkpoint.folder, hash: checkpoint.hash },
    teacher: {
      id,
      revision,
      config,
      ...(probe && { probe }),
      ...(checkpoint.teacherFolder === undefined ? {} : { folder: checkpoint.teacherFolder }),
      ...(models === undefined ? {} : { models: resolve(models) }),
    },
    dimension: checkpoint.student.dimension,
  };
}

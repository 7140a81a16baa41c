import { existsSync } from 'node:fs';
import { UsageError } from '../../base/index.ts';
import type { TextEmbedder } from '../encoder.ts';
import { LsaEmbedder } from '../lsa/lsa.ts';
import type { TeacherConfig } from '../teacher-config.ts';
import { findTransformersModel } from '../transformers/transformers-folders.ts';

/** Whether `createTeacher` would find a teacher with these options on this machine, without a download. */
export function isTeacherAtHand(config: TeacherConfig, options: { models?: string; folder?: string } = {}): boolean {
  if (config.kind === 'lsa') return options.folder !== undefined && existsSync(options.folder);
  return findTransformersModel(config, options.models).local !== undefined;
}

/**
 * The teacher that a config names, ready to embed.
 *
 * @param options.models folder in which models are looked up before the hub
 * @param options.folder where a fitted LSA lies: the run's `teacher/`
 *
 * Throws what `LsaEmbedder.load` and `TransformersEmbedder.create` throw, and UsageError `TEACHER_FOLDER_NEEDED` for an LSA without a folder.
 */
export async function createTeacher(
  config: TeacherConfig,
  options: { models?: string; folder?: string } = {},
): Promise<TextEmbedder> {
  if (config.kind === 'lsa') {
    if (options.folder === undefined) {
      throw new UsageError(
        'TEACHER_FOLDER_NEEDED',
        'An lsa teacher is fitted on the training texts and lies in the run folder: name that folder.',
      );
    }
    return LsaEmbedder.load(options.folder);
  }
  // onnxruntime is loaded only by those who need it.
  const { TransformersEmbedder } = await import('../transformers/transformers-embedder.ts');
  return TransformersEmbedder.create(config, options.models === undefined ? {} : { models: options.models });
}

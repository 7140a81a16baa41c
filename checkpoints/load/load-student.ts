import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { TeacherConfig } from '../../encoders/index.ts';
import type { CemModel } from '../../model/index.ts';
import { type CheckpointState, findCheckpoint, loadCheckpoint, QUERY_FOLDER } from '../store/checkpoint.ts';
import { knownTextPath } from '../store/known-text.ts';
import type { QueryStudentFiles } from './load-query-student.ts';

/** A trained encoder with everything that indexing and search have to know about it. */
export interface LoadedStudent {
  readonly student: CemModel;
  /** Folder of the checkpoint itself, absolute. */
  readonly folder: string;
  /** Identity of the weights. */
  readonly hash: string;
  readonly state: CheckpointState;
  readonly teacher: TeacherConfig;
  /** Where a fitted teacher lies (LSA); absent for teachers that are found by name. */
  readonly teacherFolder?: string;
  /** The query student, where the checkpoint has one; `loadQueryStudent` loads it. */
  readonly query?: QueryStudentFiles;
  /** The container that the run was trained on, where it stands beside the checkpoint. */
  readonly trainingZpkg?: string;
  /** The file that says which words and n-grams it was trained on (`readKnownText`), where there is one. */
  readonly knownText?: string;
  dispose(): void;
  [Symbol.dispose](): void;
}

async function existing(...paths: string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      await access(path);
      return path;
    } catch {
      // The next place is tried.
    }
  }
  return undefined;
}

/**
 * Loads a checkpoint for encoding: `await loadStudent('runs/NAME')`.
 *
 * @param path a checkpoint's folder, or a run's (its newest checkpoint is taken)
 * @param use for encoding, large tables may stay in their file; for training and exporting all are in memory
 * @throws CemError `CHECKPOINT_MISSING`, FormatError `CHECKPOINT_MALFORMED`, `CHECKPOINT_SHAPE`, `CHECKPOINT_HASH`
 */
export async function loadStudent(path: string, use: 'encoding' | 'training' = 'encoding'): Promise<LoadedStudent> {
  const folder = resolve(await findCheckpoint(path));
  const { model, state } = await loadCheckpoint(folder, use);
  const teacherFolder = await existing(join(folder, 'teacher'), join(folder, '../../teacher'));
  const trainingZpkg = await existing(join(folder, '../../corpus.zpkg'));
  const knownText = await knownTextPath(folder);
  return {
    student: model,
    folder,
    hash: state.contentHash,
    state,
    teacher: state.teacher.config,
    ...(state.query && { query: { folder: join(folder, QUERY_FOLDER), hash: state.query.contentHash } }),
    ...(teacherFolder === undefined ? {} : { teacherFolder }),
    ...(trainingZpkg === undefined ? {} : { trainingZpkg }),
    ...(knownText === undefined ? {} : { knownText }),
    dispose: () => model.dispose(),
    [Symbol.dispose]: () => model.dispose(),
  };
}

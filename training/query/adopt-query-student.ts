import { existsSync } from 'node:fs';
import { constants, cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ModelConfig } from '../../model/index.ts';
import type { TrainingConfig } from '../options/config.ts';
import { QUERY_RUN, queryTrainingConfig } from './train-query-student.ts';

/** What a query student depends on beside data, pack settings and teacher. */
export interface QueryStudentConfig {
  readonly seed: number;
  readonly model: { readonly query?: ModelConfig | undefined };
  readonly training: TrainingConfig;
}

/**
 * Whether two runs with the same data, pack settings and teacher have the same query student: it depends on its own shape, on the seed and on how it is trained, and on nothing of the
 * documents' encoder. False where they have none.
 */
export function sameQueryStudent(a: QueryStudentConfig, b: QueryStudentConfig): boolean {
  const parts = ({ seed, model, training }: QueryStudentConfig) => [
    seed,
    model.query,
    queryTrainingConfig(training),
    training.query?.batchSize,
  ];
  return a.model.query !== undefined && isDeepStrictEqual(parts(a), parts(b));
}

/**
 * Copies a run's query student, trained to its last step, into a run that has not begun and has the same one, which does not train it then. Does nothing where it is not there.
 *
 * @param training of either run
 */
export async function adoptQueryStudent(from: string, to: string, training: TrainingConfig): Promise<void> {
  const last = join(from, QUERY_RUN, 'checkpoints', String(queryTrainingConfig(training).steps));
  if (!existsSync(last) || existsSync(join(to, QUERY_RUN))) return;
  await mkdir(to, { recursive: true });
  const temporary = join(to, `.${QUERY_RUN}.tmp`);
  await rm(temporary, { recursive: true, force: true });
  // Where the file system can, a copy shares its blocks with the original.
  await cp(join(from, QUERY_RUN), temporary, { recursive: true, mode: constants.COPYFILE_FICLONE });
  await rename(temporary, join(to, QUERY_RUN));
}

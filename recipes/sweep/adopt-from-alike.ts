import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RunConfig } from '../../configs/index.ts';
import { adoptCorpus, adoptQueryStudent, sameQueryStudent } from '../../training/index.ts';

/** A run's folder and what it was made with. */
export interface ConfiguredRun {
  readonly run: string;
  readonly config: RunConfig;
}

/** Whether training has begun there. */
export function isRunFolder(run: string): boolean {
  return existsSync(join(run, 'config.yaml'));
}

/**
 * Where runs are made in a row that differ in other things, what one of them packed and fitted serves the next: it is copied from the first that has the same data,
 * pack settings and teacher. Of those, one that also has the same query student spares the run its training.
 *
 * @param run has not begun
 * @param ended runs that have ended
 */
export async function adoptFromAlike(config: RunConfig, run: string, ended: readonly ConfiguredRun[]): Promise<void> {
  const parts = ({ data, pack, teacher }: RunConfig) => [data, pack, teacher];
  const alike = ended.filter((other) => isDeepStrictEqual(parts(other.config), parts(config)));
  if (alike[0]) await adoptCorpus(alike[0].run, run);
  const twin = alike.find((other) => sameQueryStudent(other.config, config));
  if (twin) await adoptQueryStudent(twin.run, run, config.training);
}

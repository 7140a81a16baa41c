import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../base/index.ts';

/** The checkpoint that comes with the package, relative to its root. */
const SHIPPED_CHECKPOINT = 'checkpoints/cem-small-en';
/** Every checkpoint has it. */
const STATE_FILE = 'state.json';

/** Where the root of the package may be seen from here: above `recipes/shared/` in the sources, above `dist/recipes/shared/` in the built package. */
const ROOTS = ['../../', '../../../'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/**
 * The checkpoint where none is named: the environment's CEM_CHECKPOINT, else the one that comes with the package; undefined where there is neither.
 *
 * @param roots folders that may be the package's
 */
export function defaultCheckpoint(roots: readonly string[] = ROOTS): string | undefined {
  const named = process.env['CEM_CHECKPOINT'];
  if (named) return named;
  return roots.map((root) => join(root, SHIPPED_CHECKPOINT)).find((folder) => existsSync(join(folder, STATE_FILE)));
}

/**
 * The checkpoint that was named, else the default one.
 *
 * @throws UsageError `CHECKPOINT_NEEDED`
 */
export function checkpointOrDefault(named: string | undefined, roots?: readonly string[]): string {
  const checkpoint = named ?? defaultCheckpoint(roots);
  if (checkpoint !== undefined) return checkpoint;
  throw new UsageError(
    'CHECKPOINT_NEEDED',
    `no checkpoint is named, and this installation brings none (${SHIPPED_CHECKPOINT}): give --checkpoint, a checkpoint's folder or a run's`,
  );
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../base/index.ts';

/** The checkpoint that comes with the package, relative to its root. */
const SHIPPED_CHECKPOINT = 'checkpoints/cem-small-en';
const SHIPPED_LANGUAGE = 'en';
/** Checkpoints of other languages, which may lie beside it. */
const OF_LANGUAGE: Readonly<Record<string, string>> = { [SHIPPED_LANGUAGE]: SHIPPED_CHECKPOINT, zh: 'checkpoints/cem-small-zh' };
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
  return shipped(SHIPPED_CHECKPOINT, roots);
}

function shipped(name: string, roots: readonly string[]): string | undefined {
  return roots.map((root) => join(root, name)).find((folder) => existsSync(join(folder, STATE_FILE)));
}

/** The checkpoint where none is named, and why it. */
export interface ChosenCheckpoint {
  readonly path: string;
  /** A line for people. */
  readonly note: string;
}

/**
 * The checkpoint for texts of a language where none is named: the environment's CEM_CHECKPOINT, else the one of the language that comes with the package, else the English one, with what that means.
 *
 * @param detect ISO 639-1, `und` where it is not known; not called where the environment decides
 * @throws UsageError `CHECKPOINT_NEEDED`
 */
export async function checkpointForLanguage(
  detect: () => Promise<{ readonly language: string }>,
  roots: readonly string[] = ROOTS,
): Promise<ChosenCheckpoint> {
  const named = process.env['CEM_CHECKPOINT'];
  if (named) return { path: named, note: `checkpoint: ${named}, by CEM_CHECKPOINT` };
  const { language } = await detect();
  const wanted = OF_LANGUAGE[language];
  const own = wanted === undefined ? undefined : shipped(wanted, roots);
  if (own !== undefined)
    return { path: own, note: `checkpoint: ${own}, since the texts are in ${nameOf(language)} and no other is named` };
  const path = checkpointOrDefault(undefined, roots);
  if (language === 'und') return { path, note: `checkpoint: ${path}, since no other is named` };
  const missing =
    wanted === undefined ? 'none for that language comes with the package' : `${wanted} is not in this installation`;
  return {
    path,
    note: `checkpoint: ${path}, which was trained on ${nameOf(SHIPPED_LANGUAGE)}: the texts are in ${nameOf(language)}, and ${missing}. Expect poor vectors: name another one with --checkpoint, train one (cem train), or search by words (--retriever bm25)`,
  };
}

function nameOf(language: string): string {
  return new Intl.DisplayNames('en', { type: 'language' }).of(language) ?? language;
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

import { join } from 'node:path';
import { exists, isCemError, readRemoteBytes, removeObject, uploadFile, writeFileAtomically } from '../../base/index.ts';
import type { JsonValue } from '../../data/index.ts';
import { HEAD_FOLDER } from './collection-head.ts';

/** A shared collection, as far as its head goes. */
interface SharedCollection {
  /** `s3://BUCKET/PREFIX`; undefined: it is not shared. */
  readonly segments?: string | undefined;
  readonly settings: Readonly<Record<string, JsonValue>>;
}

/** Content hash of the head that a collection was made with; undefined where it has none. */
function headOf({ settings }: Pick<SharedCollection, 'settings'>): string | undefined {
  const head = (settings['groups'] as { readonly head?: JsonValue } | undefined)?.head;
  return typeof head === 'string' ? head : undefined;
}

const addressOf = (segments: string, file: string): string => `${segments}/${HEAD_FOLDER}/${file}`;

/**
 * Gives the head that was kept in a collection to all who share it. What is there already is the same: the collection names its hash.
 *
 * @param head as it was named; undefined: it was not, and others have it
 * @throws as `uploadFile`
 */
export async function shareHeadOf(
  { path, manifest }: { readonly path: string; readonly manifest: SharedCollection },
  head: string | undefined,
): Promise<void> {
  const { segments } = manifest;
  if (segments === undefined || head === undefined || headOf(manifest) === undefined) return;
  const { PROJECTION_FILES } = await import('../../checkpoints/index.ts');
  for (const file of PROJECTION_FILES) {
    await uploadFile(join(path, HEAD_FOLDER, file), addressOf(segments, file), { onlyNew: true }).catch((error: unknown) => {
      if (!isCemError(error, 'REMOTE_EXISTS')) throw error;
    });
  }
}

/** Brings the head of a shared collection to a machine that has not had it; nothing where nobody gave it yet. Throws as `readRemoteBytes`. */
export async function bringHead(folder: string, { segments, settings }: SharedCollection): Promise<void> {
  const hash = headOf({ settings });
  if (segments === undefined || hash === undefined || (await exists(join(folder, HEAD_FOLDER)))) return;
  const { PROJECTION_FILES, writeCheckpointFolder } = await import('../../checkpoints/index.ts');
  const files = new Map<string, Buffer>();
  for (const file of PROJECTION_FILES) {
    const bytes = await readRemoteBytes(addressOf(segments, file));
    if (bytes === undefined) return;
    files.set(file, bytes);
  }
  await writeCheckpointFolder(join(folder, HEAD_FOLDER), async (temporary) => {
    for (const [file, bytes] of files) await writeFileAtomically(join(temporary, file), bytes);
    return hash;
  });
}

/** Removes the head that a shared collection has. */
export async function removeSharedHead(segments: string, { settings }: Pick<SharedCollection, 'settings'>): Promise<void> {
  if (headOf({ settings }) === undefined) return;
  const { PROJECTION_FILES } = await import('../../checkpoints/index.ts');
  for (const file of PROJECTION_FILES) await removeObject(addressOf(segments, file));
}

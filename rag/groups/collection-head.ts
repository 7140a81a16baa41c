import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, UsageError } from '../../base/index.ts';
import type { LoadedProjection } from '../../checkpoints/index.ts';
import type { GroupDescription } from '../../encoders/index.ts';

/** Folder of a collection that its head lies in. */
export const HEAD_FOLDER = 'head';

/**
 * Keeps a head in a collection, from where it is used ever after.
 *
 * @param head a checkpoint's folder, or a run's; undefined: the collection's own, if it was made with one
 * @param hash content hash of the head that the collection was made with
 * @throws UsageError `HEAD_NEEDED` where the collection was made with a head and has none yet, `HEAD_CHANGED` where it is another one by now; as `openProjection`
 */
export async function keepHead(collection: string, hash: string | undefined, head: string | undefined): Promise<void> {
  if (hash === undefined) return;
  const folder = join(collection, HEAD_FOLDER);
  // TensorFlow.js is loaded only by those who need it.
  const { openProjection, PROJECTION_FILES, writeCheckpointFolder } = await import('../../checkpoints/index.ts');
  if (await exists(folder)) {
    assertSameHead(await openProjection(folder), hash);
    return;
  }
  if (head === undefined) {
    throw new UsageError(
      'HEAD_NEEDED',
      `the collection ${collection} was made with the head ${hash.slice(0, 12)}…, which was not kept yet: name its run once more with --head`,
      { details: { collection, head: hash } },
    );
  }
  const loaded = await openProjection(head);
  // A run that trains on has another best checkpoint than when it was named.
  assertSameHead(loaded, hash);
  const { folder: from } = loaded;
  await writeCheckpointFolder(folder, async (temporary) => {
    for (const name of PROJECTION_FILES) await copyFile(join(from, name), join(temporary, name));
    return hash;
  });
}

function assertSameHead({ folder, state: { contentHash } }: LoadedProjection, hash: string): void {
  if (contentHash === hash) return;
  throw new UsageError(
    'HEAD_CHANGED',
    `${folder} is the head ${contentHash.slice(0, 12)}…, and the collection was made with ${hash.slice(0, 12)}…: name the checkpoint that has it`,
    { details: { wanted: hash, got: contentHash } },
  );
}

/** The head of a collection; undefined where its groups have none. Throws as `openProjection`. */
export async function openCollectionHead(collection: string): Promise<LoadedProjection | undefined> {
  const folder = join(collection, HEAD_FOLDER);
  if (!(await exists(folder))) return undefined;
  const { openProjection } = await import('../../checkpoints/index.ts');
  return openProjection(folder);
}

/**
 * Holds a head against what it is to project.
 *
 * @throws UsageError `HEAD_ENCODER` where it was trained on vectors of another encoder, or on patches and not on tokens
 */
export function assertHeadFits(head: LoadedProjection | undefined, { encoder, patches }: GroupDescription): void {
  if (head === undefined) return;
  const { encoder: trained, patches: keys } = head.state;
  const say = (what: string, details: Readonly<Record<string, unknown>>) =>
    new UsageError('HEAD_ENCODER', `the head ${head.projection.id} ${what}`, { details });
  if (trained.id !== encoder.id || trained.revision !== encoder.revision)
    throw say(
      `was trained on vectors of ${trained.id} (${trained.revision}), and ${encoder.id} (${encoder.revision}) makes others: name that encoder with --groups-model, or another head`,
      { wanted: trained, got: encoder },
    );
  if (keys?.revision === patches?.revision) return;
  const kindOf = (revision: string | undefined) =>
    revision === undefined ? 'tokens of passages' : `patches of the checkpoint ${revision.slice(0, 12)}…`;
  throw say(
    `was trained on ${kindOf(keys?.revision)}, and the groups are of ${kindOf(patches?.revision)}: take another head, or --groups ${keys ? 'patches with the checkpoint that it was trained on' : 'token_pool_topK'}`,
    { wanted: keys?.revision, got: patches?.revision },
  );
}

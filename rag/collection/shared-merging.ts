import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesToMerge, mergeApart, withMerged } from '../../data/index.ts';
import type { PgvectorStore } from '../../search/postgres/index.ts';
import type { CollectionFolder } from './collection-folder.ts';
import { segmentFilesByKey } from './shared-addition.ts';

/** Property of the store that says until when somebody merges: seconds since 1970 on the database's clock. */
const MERGING_PROPERTY = 'shared.merging';
/** Seconds after which another one may begin though the first has not said that it is done. */
const MERGING_SECONDS = 600;

/**
 * Merges segments of a shared collection where there are many, unless another process is at it. All work is done without the turn; the result counts only where the segments are still as they were.
 *
 * @returns whether segments were merged
 * @throws what reading, writing and the database do
 */
export async function mergeShared(collection: CollectionFolder, signal?: AbortSignal): Promise<boolean> {
  const { shared, store } = collection;
  assert.ok(shared !== undefined, 'only a shared collection is merged so');
  await shared.read();
  const manifest = shared.shared?.manifest;
  const count = manifest === undefined ? 0 : entriesToMerge(manifest);
  if (manifest === undefined || count === 0 || !(await claim(store))) return false;
  const folder = join(collection.workPath, 'merge');
  try {
    const segments = manifest.segments.slice(-count);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const entry of segments) await shared.fetchSegment({ entry, folder });
    signal?.throwIfAborted();
    const merged = await mergeApart(folder, manifest, segments);
    const container = `${randomUUID()}/${merged.entry.file}`;
    await shared.uploadApart(segmentFilesByKey(container, merged));
    return await collection.inTurn(async () => {
      const known = shared.shared;
      const next = known && withMerged(known.manifest, segments, merged);
      if (known === undefined || next === undefined) return false;
      const gone = new Set(segments.map(({ file }) => file));
      const objects = new Map([...known.objects].filter(([file]) => !gone.has(file)));
      const named = next.segments.find(({ file }) => !objects.has(file))!;
      await shared.propose({ ...known, manifest: next, objects: objects.set(named.file, container) });
      await shared.swap();
      // What stays is removed another time.
      await collection.sweep().catch(() => undefined);
      return true;
    }, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await release(store).catch(() => undefined);
  }
}

async function claim(store: PgvectorStore): Promise<boolean> {
  return store.transaction(async (inner) => {
    await inner.line.still();
    const now = await inner.line.now();
    const until = Number((await inner.properties([MERGING_PROPERTY]))[MERGING_PROPERTY] ?? 0);
    if (until > now) return false;
    await inner.setProperty(MERGING_PROPERTY, String(now + MERGING_SECONDS));
    return true;
  });
}

async function release(store: PgvectorStore): Promise<void> {
  await store.setProperty(MERGING_PROPERTY, '0');
}

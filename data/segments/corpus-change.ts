import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, lockFolder, messageOf, syncFolder, UsageError } from '../../base/index.ts';
import {
  type CorpusManifest,
  MANIFEST_FILE,
  manifestOfState,
  readManifest,
  requireManifest,
  STAGED_FILE,
  writeManifest,
} from './manifest.ts';
import { OBJECTS_FILE, readSegmentObjects, type SegmentObjects, segmentFiles, writeSegmentObjects } from './segment-objects.ts';
import { SegmentedCorpus } from './segmented-corpus.ts';

/** Files of a corpus, finished or under the name that they have while they are written (`AtomicFile`). */
const SEGMENT_FILE =
  /^(?:segment-\d+\.zpkg(?:\.(?:map|meta)(?:\.next)?)?|\.(?:segment-\d+\.zpkg(?:\.(?:map|meta)(?:\.next)?)?|manifest(?:\.next)?\.json)\.\d+\.[0-9a-f]+\.tmp)$/;
const LOCK_FILE = /^lock(?:\.|$)/;

/** What a change is to make of a corpus. */
export interface NextCorpus extends Pick<CorpusManifest, 'nextChunk' | 'settings' | 'segments'> {
  /** False when every chunk that is alive keeps its number and its bytes. */
  readonly changesContent: boolean;
}

/** The corpus as the change finds it, and the name for a segment that it writes. */
export interface CorpusBefore {
  /** Undefined when there is none yet. */
  readonly corpus: SegmentedCorpus | undefined;
  /** Path of the container; no corpus ever had a segment of this name. */
  readonly segmentPath: string;
  /** Name of that file within the folder. */
  readonly segmentFile: string;
}

interface ChangeOptions {
  /** Whether to make the corpus where there is none. */
  readonly create: boolean;
  /**
   * The state of the corpus that a staged change begins with, undefined for none: what an earlier one left is settled by it. The change is then staged, too, and counts only after
   * `settleCorpus`. Absent: the change counts at once.
   */
  readonly stageAfter?: { readonly state: string | undefined };
}

/**
 * Changes a corpus with the folder locked: `action` writes a segment if it needs one and says what the corpus consists of from now on; then the manifest is
 * replaced, and only after that go the files that it does not name. A process that is killed at any moment leaves the old corpus or the new one, and files
 * that the next change removes.
 *
 * @param action gives `next` undefined when there is nothing to change
 * @throws CemError `FOLDER_LOCKED`, `CORPUS_STAGED`; UsageError `CORPUS_MISSING` (unless `create`), `CORPUS_FOLDER` for a folder that holds something else
 */
export async function changeCorpus<Result>(
  folder: string,
  options: ChangeOptions,
  action: (before: CorpusBefore) => Promise<{ next: NextCorpus | undefined; result: Result }>,
): Promise<{ result: Result; generation: number; state: string | undefined }> {
  if (options.create) await requireCorpusOrEmpty(folder);
  // Looked for before the lock is taken, which would make the folder.
  else await requireManifest(folder);
  const lock = await lockFolder(folder);
  try {
    if (options.stageAfter !== undefined) await settle(folder, options.stageAfter.state);
    else await refuseStaged(folder);
    await removeUnnamed(folder);
    const corpus = (await readManifest(folder)) === undefined ? undefined : await SegmentedCorpus.open(folder);
    const generation = corpus?.manifest.generation ?? 0;
    const segmentFile = `segment-${generation + 1}.zpkg`;
    try {
      const { next, result } = await action({ corpus, segmentFile, segmentPath: join(folder, segmentFile) });
      if (next === undefined) return { result, generation, state: corpus?.state };
      const { changesContent, ...parts } = next;
      const state = changesContent || corpus === undefined ? randomUUID() : corpus.state;
      const file = options.stageAfter === undefined ? MANIFEST_FILE : STAGED_FILE;
      await writeManifest(folder, { ...parts, generation: generation + 1, state }, file);
      return { result, generation: generation + 1, state };
    } finally {
      await corpus?.close();
      await removeUnnamed(folder);
    }
  } finally {
    await lock.release();
  }
}

/**
 * Lets a staged change count if it leads to the state that is named, and drops it otherwise. Without a staged change nothing happens.
 *
 * @param state of the corpus from now on, undefined for a corpus that shall have none
 * @throws CemError `FOLDER_LOCKED`, `CORPUS_STATE` where neither the corpus nor its staged change has that state
 */
export async function settleCorpus(folder: string, state: string | undefined): Promise<void> {
  const lock = await lockFolder(folder);
  try {
    await settle(folder, state);
    await removeUnnamed(folder);
  } finally {
    await lock.release();
  }
}

/** A corpus whose segments lie in an object store, as whoever owns it knows it. */
export interface CorpusInStore {
  readonly manifest: CorpusManifest;
  readonly objects: SegmentObjects;
}

/**
 * Makes a folder the place where a corpus in an object store is changed from: its manifest, and where the segments lie. What the folder had is dropped, a staged change and segments that are
 * objects now, too.
 *
 * @param corpus undefined: there is none yet
 * @throws CemError `FOLDER_LOCKED`
 */
export async function placeCorpus(folder: string, corpus: CorpusInStore | undefined): Promise<void> {
  await mkdir(folder, { recursive: true });
  const lock = await lockFolder(folder);
  try {
    await rm(join(folder, STAGED_FILE), { force: true });
    if (corpus === undefined) await rm(join(folder, MANIFEST_FILE), { force: true });
    await writeSegmentObjects(folder, corpus?.objects ?? new Map());
    if (corpus !== undefined) await writeManifest(folder, corpus.manifest);
    await removeUnnamed(folder);
  } finally {
    await lock.release();
  }
}

/** Whether a folder holds a corpus in some state, be it one that has no documents; a staged change alone is none. */
export async function hasCorpusState(folder: string): Promise<boolean> {
  return (await readManifest(folder)) !== undefined;
}

async function settle(folder: string, state: string | undefined): Promise<void> {
  const staged = await readManifest(folder, STAGED_FILE);
  if (staged !== undefined && staged.state === state) await rename(join(folder, STAGED_FILE), join(folder, MANIFEST_FILE));
  else if (staged !== undefined) await rm(join(folder, STAGED_FILE), { force: true });
  await syncFolder(folder);
  if (state !== undefined) await manifestOfState(folder, state);
}

async function refuseStaged(folder: string): Promise<void> {
  if ((await readManifest(folder, STAGED_FILE)) === undefined) return;
  throw new CemError(
    'CORPUS_STAGED',
    `${folder} has a change that does not count yet (${STAGED_FILE}): the folder belongs to a collection; run \`cem ingest\` on that to finish or drop it`,
    { details: { path: folder } },
  );
}

/** Removes the files of this format that neither the manifest nor a staged one names: what it replaced, and what a killed or failed change left. */
async function removeUnnamed(folder: string): Promise<void> {
  const manifests = [await readManifest(folder), await readManifest(folder, STAGED_FILE)];
  const segments = manifests.flatMap((manifest) => manifest?.segments ?? []);
  const objects = await readSegmentObjects(folder);
  const named = new Set(segments.filter(({ file }) => !objects.has(file)).flatMap(segmentFiles));
  for (const name of await readdir(folder)) {
    if (SEGMENT_FILE.test(name) && !named.has(name)) await rm(join(folder, name), { force: true });
  }
}

/** Only files of this format may be there without a manifest: what a kill before the first one leaves. */
async function requireCorpusOrEmpty(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new UsageError('CORPUS_FOLDER', `${folder} cannot be a corpus: ${messageOf(cause)}; name a new or empty folder`, {
      details: { path: folder },
      cause,
    });
  }
  if (names.includes(MANIFEST_FILE)) return;
  const other = names.find(
    (name) => name !== STAGED_FILE && name !== OBJECTS_FILE && !SEGMENT_FILE.test(name) && !LOCK_FILE.test(name),
  );
  if (other === undefined) return;
  throw new UsageError('CORPUS_FOLDER', `${folder} holds ${other} and no corpus: name a new or empty folder`, {
    details: { path: folder, other },
  });
}

import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder, messageOf, UsageError } from '../../base/index.ts';
import { mappingPathOf } from '../mapping/mapping.ts';
import { metadataPathOf } from '../metadata/metadata-file.ts';
import { type CorpusManifest, MANIFEST_FILE, readManifest, requireManifest, writeManifest } from './manifest.ts';
import { SegmentedCorpus } from './segmented-corpus.ts';

/** Files of a corpus, finished or under the name that they have while they are written (`AtomicFile`). */
const SEGMENT_FILE =
  /^(?:segment-\d+\.zpkg(?:\.(?:map|meta)(?:\.next)?)?|\.(?:segment-\d+\.zpkg(?:\.(?:map|meta)(?:\.next)?)?|manifest\.json)\.\d+\.[0-9a-f]+\.tmp)$/;
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

/**
 * Changes a corpus with the folder locked: `action` writes a segment if it needs one and says what the corpus consists of from now on; then the manifest is
 * replaced, and only after that go the files that it does not name. A process that is killed at any moment leaves the old corpus or the new one, and files
 * that the next change removes.
 *
 * @param action gives `next` undefined when there is nothing to change
 * @throws CemError `FOLDER_LOCKED`; UsageError `CORPUS_MISSING` (unless `create`), `CORPUS_FOLDER` for a folder that holds something else
 */
export async function changeCorpus<Result>(
  folder: string,
  options: { readonly create: boolean },
  action: (before: CorpusBefore) => Promise<{ next: NextCorpus | undefined; result: Result }>,
): Promise<{ result: Result; generation: number }> {
  if (options.create) await requireCorpusOrEmpty(folder);
  // Looked for before the lock is taken, which would make the folder.
  else await requireManifest(folder);
  const lock = await lockFolder(folder);
  try {
    await removeUnnamed(folder);
    const corpus = (await readManifest(folder)) === undefined ? undefined : await SegmentedCorpus.open(folder);
    const generation = corpus?.manifest.generation ?? 0;
    const segmentFile = `segment-${generation + 1}.zpkg`;
    try {
      const { next, result } = await action({ corpus, segmentFile, segmentPath: join(folder, segmentFile) });
      if (next === undefined) return { result, generation };
      const { changesContent, ...parts } = next;
      const state = changesContent || corpus === undefined ? randomUUID() : corpus.state;
      await writeManifest(folder, { ...parts, generation: generation + 1, state });
      return { result, generation: generation + 1 };
    } finally {
      await corpus?.close();
      await removeUnnamed(folder);
    }
  } finally {
    await lock.release();
  }
}

/** Removes the files of this format that the manifest does not name: what it replaced, and what a killed or failed change left. */
async function removeUnnamed(folder: string): Promise<void> {
  const manifest = await readManifest(folder);
  const named = new Set(
    manifest?.segments.flatMap(({ file, metadataBytes }) => [
      file,
      mappingPathOf(file),
      ...(metadataBytes === undefined ? [] : [metadataPathOf(file)]),
    ]),
  );
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
  const other = names.find((name) => !SEGMENT_FILE.test(name) && !LOCK_FILE.test(name));
  if (other === undefined) return;
  throw new UsageError('CORPUS_FOLDER', `${folder} holds ${other} and no corpus: name a new or empty folder`, {
    details: { path: folder, other },
  });
}

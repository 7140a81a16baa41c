import { silentListener } from '../../base/index.ts';
import { type Document, type FigurePicture, SegmentedCorpus, stageCorpusUpdate } from '../../data/index.ts';
import { applyIndexChange, type ChangeEntry, type CollectionSources, prepareIndexChange } from '../../rag/index.ts';
import { makeUnitGroups, rememberGroups } from '../ingest/unit-groups.ts';
import { unitPacking } from '../ingest/unit-tools.ts';
import { ChangeOutcome } from './change-outcome.ts';
import { CollectionView } from './collection-view.ts';
import type { ChangeResult, ChangeStage } from './live-types.ts';
import type { OpenedCollection } from './opened-collection.ts';
import type { PreparedChange } from './prepare-change.ts';
import { Uploads } from './uploads.ts';

/**
 * Takes changes together, in their order, into one state, and commits it. When this returns, searches find what came; when it throws, nothing of it is there, unless the process that committed
 * it can no more be asked: opening the collection anew tells.
 *
 * @returns what became of each
 */
export async function applyChanges(opened: OpenedCollection, changes: readonly PreparedChange[]): Promise<ChangeResult[]> {
  const { view } = opened;
  const { roots } = view.parts.sources;
  const uploads = new Uploads(roots);
  const outcome = new ChangeOutcome(opened, uploads);
  const results: Awaited<ReturnType<ChangeOutcome['take']>>[] = [];
  for (const change of changes) results.push(await outcome.take(change));
  const { files, came, went, documents, pictures } = outcome;
  let { version, at = new Date().toISOString() } = view.parts;
  if (came.length > 0 || went.length > 0) {
    const sources: CollectionSources = {
      roots: [...(documents.length > 0 ? uploads.within(roots) : roots)],
      files: [...files.values()].sort((left, right) => (left.path < right.path ? -1 : 1)),
    };
    const named = {
      put: came.map(({ path }) => uploads.sourceOf(path)),
      removed: went.filter(({ path }) => !files.has(path)).map(({ path }) => uploads.sourceOf(path)),
    };
    const tell = (done: number, total: number, stage: ChangeStage): void => {
      for (const { onProgress } of changes) onProgress(done, total, stage);
    };
    const entry = await commit(opened, { sources, documents, pictures, remove: outcome.removed, named, tell });
    if (entry !== undefined) ({ version, at } = entry);
  }
  return results.map((result) => ({ version, at, ...result }));
}

interface Commit {
  readonly sources: CollectionSources;
  readonly documents: readonly Document[];
  readonly pictures: readonly FigurePicture[];
  /** Units that go, unless they come again. */
  readonly remove: readonly string[];
  readonly named: { readonly put: readonly string[]; readonly removed: readonly string[] };
  readonly tell: (done: number, total: number, stage: ChangeStage) => void;
}

/** @returns undefined where nothing changed but the list of sources */
async function commit(
  opened: OpenedCollection,
  { sources, documents, pictures, remove, named, tell }: Commit,
): Promise<ChangeEntry | undefined> {
  const { folder, view } = opened;
  const before = view.parts.state;
  // Long work comes first: what nobody sees, and what a kill leaves is dropped.
  const { student } = documents.length > 0 ? await opened.models.studentOf(folder) : { student: undefined };
  for (const picture of pictures) await folder.newFigures.put(picture);
  const update = {
    documents: async function* () {
      yield* documents;
    },
    remove,
  };
  const { state, segment } = await stageCorpusUpdate(folder.corpusPath, before?.corpus, update, {
    ...(await unitPacking(opened.settings)),
    onProgress: (stage, done, total) => {
      if (stage === 'pack') tell(done, total, 'packing');
    },
  });
  if (state === undefined || state === before?.corpus) {
    await folder.replaceSources(sources);
    await opened.reopen(sources);
    return undefined;
  }
  const corpus = await SegmentedCorpus.open(folder.corpusPath, { state });
  try {
    const changed = segment === null ? [] : [...corpus.segments.at(-1)!.ids()];
    const gone = remove.filter((id) => !corpus.has(id));
    const { groups: settings } = opened.settings;
    await using groups =
      settings === undefined || changed.length === 0 || student === undefined
        ? undefined
        : await makeUnitGroups({
            collection: folder,
            settings,
            groups: await opened.models.groups(folder, settings),
            student,
            models: undefined,
            corpus,
            documents: update.documents(),
            changed: new Set(changed),
            listener: silentListener,
          });
    const index =
      student === undefined
        ? { changed, gone, rows: [] }
        : await prepareIndexChange(corpus, student, folder.store, {
            changed,
            gone,
            groupsOf: groups && ((chunk) => groups.groupsOf(chunk)),
            onProgress: (done, total) => tell(done, total, 'encoding'),
          });
    await folder.announce({ corpus: state, sources });
    return await opened.change(async () => {
      const { entry } = await folder.commitRows({
        corpus: state,
        changes: named,
        synchronise: async (store) => {
          await rememberGroups(store, groups);
          return {
            documents: corpus.documentCount,
            chunks: corpus.chunkCount,
            passages: (before?.passages ?? 0) + (await applyIndexChange(store, index)),
          };
        },
      });
      const parts = { token: folder.token, state: folder.state, corpus, sources, version: entry.version, at: entry.at };
      return { view: new CollectionView(parts), result: entry };
    });
  } catch (error) {
    await corpus.close();
    throw error;
  }
}

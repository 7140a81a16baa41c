import { statfs } from 'node:fs/promises';
import { CemError, exists } from '../../base/index.ts';
import { type FigureStore, SegmentedCorpus, settleCorpus } from '../../data/index.ts';
import { type CollectionSources, NO_SOURCES, readSources, removeOtherSources, writeSources } from './collection-sources.ts';
import type { CollectionState } from './collection-state.ts';

export interface FolderCorpusParts {
  /** Of the collection. */
  readonly path: string;
  readonly corpusPath: string;
  /** Folder of its pictures. */
  readonly figuresPath: string;
  readonly figures: FigureStore;
  /** Pictures of a state that is being made. */
  readonly newFigures: FigureStore;
  /** Whether the rows lie in a database on the same disk. */
  readonly embedded: boolean;
}

/**
 * Corpus, list of files and pictures of a collection that lie in its folder. Those of a new state are there before the database names it, under names of their own, and those of the old one
 * go afterwards.
 */
export class FolderCorpus {
  readonly #parts: FolderCorpusParts;
  /** As the database named it last; undefined where nothing was ever ingested. */
  state: CollectionState | undefined;

  constructor(parts: FolderCorpusParts, state: CollectionState | undefined) {
    this.#parts = parts;
    this.state = state;
  }

  async openCorpus(): Promise<SegmentedCorpus | undefined> {
    return this.state && SegmentedCorpus.open(this.#parts.corpusPath, { state: this.state.corpus });
  }

  async sources(): Promise<CollectionSources> {
    return this.state === undefined ? NO_SOURCES : readSources(this.#parts.path, this.state.corpus);
  }

  /** Puts what a staged state of the corpus has beside it where it belongs. Throws CemError `COLLECTION_ROOM` where the disk has none for the embedded database. */
  async announce(corpus: string, sources: CollectionSources): Promise<void> {
    if (this.#parts.embedded) await assertRoom(this.#parts.path);
    await this.replaceSources(corpus, sources);
  }

  async replaceSources(corpus: string, sources: CollectionSources): Promise<void> {
    const { path, figures, newFigures } = this.#parts;
    await figures.adopt(newFigures);
    await writeSources(path, corpus, sources);
  }

  /** Finishes or drops what stands beside the state. */
  async settle(): Promise<void> {
    const { path, corpusPath, figuresPath, figures } = this.#parts;
    if (await exists(corpusPath)) await settleCorpus(corpusPath, this.state?.corpus);
    await removeOtherSources(path, this.state?.corpus);
    if (!(await exists(figuresPath))) return;
    const { files } = await this.sources();
    await figures.retain(new Set(files.flatMap((file) => file.figures ?? [])));
  }
}

/** The embedded database writes its log in files of 16 MiB. One that finds no room when it commits may never come back from it: better not begun. */
const LEAST_ROOM = 64 * 2 ** 20;

async function assertRoom(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(path).catch(() => ({ bavail: Number.POSITIVE_INFINITY, bsize: 1 }));
  const free = bavail * bsize;
  if (free >= LEAST_ROOM) return;
  throw new CemError(
    'COLLECTION_ROOM',
    `the disk of ${path} is full (${(free / 1e6).toFixed(1)} MB are free, and the database wants ${(LEAST_ROOM / 1e6).toFixed(0)}): make room, and ingest again; the collection is as it was`,
    { details: { path, free } },
  );
}

import type { Document } from '../../data/index.ts';
import type { SourceFileEntry } from '../../rag/index.ts';
import { unitIds } from '../ingest/unit-tools.ts';
import type { CollectionView } from './collection-view.ts';
import type { ChangeResult, DocumentToRemove, PutResult } from './live-types.ts';
import type { OpenedCollection } from './opened-collection.ts';
import { isSame, type PreparedChange, type PreparedPut } from './prepare-change.ts';
import type { Uploads } from './uploads.ts';

/** Stands for the hash of a file of which documents were taken out: its content is none of those. */
const NO_HASH = '0'.repeat(64);

/** What changes, one after the other, make of a collection's list of sources; nothing is done yet. */
export class ChangeOutcome {
  readonly #view: CollectionView;
  readonly #uploads: Uploads;
  readonly #files: Map<string, SourceFileEntry>;
  /** Units of entries that come. */
  readonly #contents = new Map<SourceFileEntry, readonly Document[]>();

  constructor(view: CollectionView, uploads: Uploads) {
    this.#view = view;
    this.#uploads = uploads;
    this.#files = new Map(view.byPath);
  }

  /** The list then, by path. */
  get files(): ReadonlyMap<string, SourceFileEntry> {
    return this.#files;
  }

  /** Entries that come, or take the place of others. */
  get came(): SourceFileEntry[] {
    return [...this.#files.values()].filter((entry) => this.#view.byPath.get(entry.path) !== entry);
  }

  /** Entries that go, or give way to others. */
  get went(): SourceFileEntry[] {
    return [...this.#view.byPath.values()].filter((entry) => this.#files.get(entry.path) !== entry);
  }

  /** Ids of units that go, unless they are among those that come. */
  get removed(): string[] {
    const staying = this.came.filter((entry) => !this.#contents.has(entry)).flatMap(unitIds);
    const kept = new Set(staying);
    return this.went.flatMap(unitIds).filter((id) => !kept.has(id));
  }

  /** Units that come. */
  get documents(): Document[] {
    return [...this.#files.values()].flatMap((entry) => this.#contents.get(entry) ?? []);
  }

  async take({ puts, removes }: PreparedChange, opened: OpenedCollection): Promise<Pick<ChangeResult, 'put' | 'removed'>> {
    const removed = removes.reduce((sum, wanted) => sum + this.#remove(wanted), 0);
    const put: PutResult[] = [];
    for (const document of puts) put.push(await this.#put(document, opened));
    return { put, removed };
  }

  /** @returns how many documents go */
  #remove(wanted: DocumentToRemove): number {
    if ('document' in wanted) return this.#removeDocument(wanted.document);
    const path = [this.#uploads.pathOf(wanted.source), wanted.source].find((candidate) => this.#files.has(candidate));
    if (path === undefined) return 0;
    const { documents } = this.#files.get(path)!;
    this.#files.delete(path);
    return documents.length;
  }

  #removeDocument(document: string): number {
    const entry = this.#entryOf(document);
    if (entry === undefined) return 0;
    const documents = entry.documents.filter(([id]) => id !== document);
    if (documents.length === 0) this.#files.delete(entry.path);
    else {
      const rest = { ...entry, hash: NO_HASH, documents };
      this.#files.set(entry.path, rest);
      const units = this.#contents.get(entry);
      if (units !== undefined) {
        const others = units.filter(({ id }) => id.slice(0, id.lastIndexOf('-')) !== document);
        this.#contents.set(rest, others);
      }
    }
    return 1;
  }

  #entryOf(document: string): SourceFileEntry | undefined {
    const has = (entry: SourceFileEntry | undefined): boolean => entry?.documents.some(([id]) => id === document) === true;
    const known = this.#view.document(document)?.entry.path;
    const paths = [...(known === undefined ? [] : [known]), ...Array.from(this.#contents.keys(), ({ path }) => path)];
    return paths.map((path) => this.#files.get(path)).find(has);
  }

  async #put(document: PreparedPut, opened: OpenedCollection): Promise<PutResult> {
    const { source, path, given } = document;
    const known = this.#files.get(path);
    if (known !== undefined && isSame(known, document)) return putResult(source, known);
    const content = await document.parsed(opened);
    if (content.problem !== undefined) {
      const { code, message } = content.problem;
      return { source, documents: [], units: 0, problem: { code, message } };
    }
    const labels = document.labels ?? known?.labels;
    const { entry: parsed, documents } = content.parsed;
    const entry = { ...parsed, ...(labels && { labels: [...labels] }), ...(given !== undefined && { given }) };
    this.#files.set(path, entry);
    this.#contents.set(entry, labels === undefined ? documents : documents.map((unit) => labelled(unit, labels)));
    return putResult(source, entry);
  }
}

function labelled(document: Document, labels: readonly string[]): Document {
  return { ...document, metadata: { ...document.metadata, labels } };
}

function putResult(source: string, { documents }: SourceFileEntry): PutResult {
  return {
    source,
    documents: documents.map(([id]) => id),
    units: documents.reduce((sum, [, units]) => sum + units, 0),
  };
}

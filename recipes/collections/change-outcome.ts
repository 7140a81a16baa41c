import type { Document, FigurePicture } from '../../data/index.ts';
import { type SourceFileEntry, unitIds } from '../../rag/index.ts';
import type { CollectionView } from './collection-view.ts';
import { isHidden, sourceTaken } from './hidden-entries.ts';
import type { AccessLabels, ChangeResult, DocumentToRemove, PutResult } from './live-types.ts';
import type { OpenedCollection } from './opened-collection.ts';
import { isSame, type PreparedChange, type PreparedPut } from './prepare-change.ts';
import type { Uploads } from './uploads.ts';

/** Stands for the hash of a file of which documents were taken out: its content is none of those. */
const NO_HASH = '0'.repeat(64);

/** What changes, one after the other, make of a collection's list of sources; nothing is done yet. */
export class ChangeOutcome {
  readonly #view: CollectionView;
  readonly #uploads: Uploads;
  readonly #opened: OpenedCollection;
  readonly #files: Map<string, SourceFileEntry>;
  /** Paths at which something was put or taken out: all else is as it was, and is not looked through, which costs where there are many. */
  readonly #touched = new Set<string>();
  /** Units of entries that come. */
  readonly #contents = new Map<SourceFileEntry, readonly Document[]>();
  /** Their pictures. */
  readonly #pictures = new Map<SourceFileEntry, readonly FigurePicture[]>();

  constructor(opened: OpenedCollection, uploads: Uploads) {
    const { view } = opened;
    this.#opened = opened;
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
    return this.#touchedIn(this.#files).filter((entry) => this.#view.byPath.get(entry.path) !== entry);
  }

  /** Entries that go, or give way to others. */
  get went(): SourceFileEntry[] {
    return this.#touchedIn(this.#view.byPath).filter((entry) => this.#files.get(entry.path) !== entry);
  }

  /** Ids of units that go, unless they are among those that come. */
  get removed(): string[] {
    const staying = this.came.filter((entry) => !this.#contents.has(entry)).flatMap(unitIds);
    const kept = new Set(staying);
    return this.went.flatMap(unitIds).filter((id) => !kept.has(id));
  }

  /** Units that come. */
  get documents(): Document[] {
    return this.#touchedIn(this.#files).flatMap((entry) => this.#contents.get(entry) ?? []);
  }

  /** Pictures that come. */
  get pictures(): FigurePicture[] {
    return this.#touchedIn(this.#files).flatMap((entry) => this.#pictures.get(entry) ?? []);
  }

  #touchedIn(files: ReadonlyMap<string, SourceFileEntry>): SourceFileEntry[] {
    return [...this.#touched].flatMap((path) => files.get(path) ?? []);
  }

  #set(entry: SourceFileEntry): void {
    this.#touched.add(entry.path);
    this.#files.set(entry.path, entry);
  }

  #delete(path: string): void {
    this.#touched.add(path);
    this.#files.delete(path);
  }

  /** @throws UsageError `SOURCE_TAKEN`, and what parsing throws that is none of a document's */
  async take({ puts, removes, labels }: PreparedChange): Promise<Pick<ChangeResult, 'put' | 'removed'>> {
    let removed = 0;
    for (const wanted of removes) removed += await this.#remove(wanted, labels);
    const put: PutResult[] = [];
    for (const document of puts) put.push(await this.#put(document, labels));
    return { put, removed };
  }

  #isHidden(entry: SourceFileEntry, labels: AccessLabels): Promise<boolean> {
    return isHidden(this.#opened, entry, labels, this.#contents.get(entry));
  }

  /** @returns how many documents go */
  async #remove(wanted: DocumentToRemove, labels: AccessLabels): Promise<number> {
    if ('document' in wanted) return this.#removeDocument(wanted.document, labels);
    const path = [this.#uploads.pathOf(wanted.source), wanted.source].find((candidate) => this.#files.has(candidate));
    if (path === undefined) return 0;
    const entry = this.#files.get(path)!;
    if (await this.#isHidden(entry, labels)) return 0;
    const { documents } = entry;
    this.#delete(path);
    return documents.length;
  }

  async #removeDocument(document: string, labels: AccessLabels): Promise<number> {
    const entry = this.#entryOf(document);
    if (entry === undefined) return 0;
    const units = this.#contents.get(entry);
    const isOwn = ({ id }: Document): boolean => id.slice(0, id.lastIndexOf('-')) === document;
    const own = { ...entry, documents: entry.documents.filter(([id]) => id === document) };
    if (await isHidden(this.#opened, own, labels, units?.filter(isOwn))) return 0;
    const documents = entry.documents.filter(([id]) => id !== document);
    if (documents.length === 0) this.#delete(entry.path);
    else {
      const rest = { ...entry, hash: NO_HASH, documents };
      this.#set(rest);
      this.#pictures.set(rest, this.#pictures.get(entry) ?? []);
      if (units !== undefined)
        this.#contents.set(
          rest,
          units.filter((unit) => !isOwn(unit)),
        );
    }
    return 1;
  }

  #entryOf(document: string): SourceFileEntry | undefined {
    const has = (entry: SourceFileEntry | undefined): boolean => entry?.documents.some(([id]) => id === document) === true;
    const known = this.#view.document(document)?.entry.path;
    const paths = [...(known === undefined ? [] : [known]), ...Array.from(this.#contents.keys(), ({ path }) => path)];
    return paths.map((path) => this.#files.get(path)).find(has);
  }

  async #put(document: PreparedPut, asker: AccessLabels): Promise<PutResult> {
    const { source, path, given } = document;
    const known = this.#files.get(path);
    if (known !== undefined && (await this.#isHidden(known, asker))) throw sourceTaken(source);
    if (known !== undefined && isSame(known, document, this.#opened.models.recognises)) return putResult(source, known);
    const content = await document.parsed(this.#opened);
    if (content.problem !== undefined) {
      const { code, message } = content.problem;
      return { source, documents: [], units: 0, problem: { code, message } };
    }
    const labels = document.labels ?? known?.labels;
    const { entry: parsed, documents, pictures } = content.parsed;
    const entry = { ...parsed, ...(labels && { labels: [...labels] }), ...(given !== undefined && { given }) };
    this.#set(entry);
    this.#pictures.set(entry, pictures);
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

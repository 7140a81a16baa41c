import { UsageError } from '../../base/index.ts';
import { figureOfMetadata, type Metadata } from '../../data/index.ts';
import type { Vectors } from '../../encoders/index.ts';
import type { NotedResults, SearchResult } from '../../rag/index.ts';
import type { PictureResult } from '../../rag/pictures/index.ts';
import type { LivePictureOptions } from '../../recipes/collections/index.ts';
import { compileFilter, withAccess } from '../../search/index.ts';
import type { PictureQuery } from '../../search/pictures/index.ts';
import type {
  AccessLabels,
  ChangeEntry,
  ChangeOptions,
  ChangeResult,
  CollectionSearchOptions,
  CollectionService,
  CollectionSummary,
  CollectionsService,
  DocumentSummary,
  DocumentsChange,
  DocumentsWanted,
  LiveDocument,
  LiveUnit,
} from '../../server/collection-service.ts';

interface FakeDocument {
  readonly id: string;
  readonly source: string;
  readonly title?: string;
  readonly labels?: readonly string[];
  readonly metadata: Metadata;
  readonly units: readonly string[];
}

const EVERYTHING = { and: [] };

/** Collections in memory, with the rules of access of real ones: a unit is a paragraph, its score how many of the query's words it has. */
export class FakeCollections implements CollectionsService {
  readonly #collections = new Map<string, FakeCollection>();
  /** Settings of those that were made. */
  readonly created: Parameters<CollectionsService['create']>[1][] = [];

  async list(): Promise<CollectionSummary[]> {
    return Promise.all([...this.#collections.values()].map((collection) => collection.summary()));
  }

  async create(name: string, settings?: Parameters<CollectionsService['create']>[1]): Promise<CollectionSummary> {
    this.created.push(settings);
    if (this.#collections.has(name)) throw new UsageError('COLLECTION_EXISTS', `there is a collection ${name}`);
    const collection = new FakeCollection(name);
    this.#collections.set(name, collection);
    return collection.summary();
  }

  async delete(name: string): Promise<void> {
    await this.get(name);
    this.#collections.delete(name);
  }

  async get(name: string): Promise<FakeCollection> {
    const collection = this.#collections.get(name);
    if (collection === undefined) throw new UsageError('COLLECTION_MISSING', `there is no collection ${name}`);
    return collection;
  }
}

export class FakeCollection implements CollectionService {
  readonly name: string;
  /** Options of every search. */
  readonly searches: CollectionSearchOptions[] = [];
  /** Every search for figures. */
  readonly pictureSearches: { readonly query: PictureQuery; readonly options: LivePictureOptions }[] = [];
  /** Changes wait for it. */
  gate: Promise<void> = Promise.resolve();
  #documents: FakeDocument[] = [];
  #version = 0;
  readonly #changes: ChangeEntry[] = [];

  constructor(name: string) {
    this.name = name;
  }

  summary(): CollectionSummary {
    const units = this.#documents.reduce((sum, document) => sum + document.units.length, 0);
    return {
      name: this.name,
      documents: this.#documents.length,
      units,
      passages: units,
      bytes: 1000,
      retrievers: 'hybrid',
      checkpoint: 'c'.repeat(64),
      teacher: 'lsa',
      createdAt: '2026-01-01T00:00:00.000Z',
      version: this.#version,
    };
  }

  async describe() {
    const { documents, units, passages, checkpoint, teacher } = this.summary();
    return { ...this.summary(), index: { documents, chunks: units, passages, dimension: 4, checkpoint, teacher } };
  }

  #visible(labels: AccessLabels): FakeDocument[] {
    const passes = compileFilter(labels === 'everything' ? EVERYTHING : withAccess(undefined, labels));
    return this.#documents.filter(({ id, metadata }) => passes(id, metadata));
  }

  async search(query: string, options: CollectionSearchOptions): Promise<SearchResult[]> {
    return [...(await this.searchWithNote(query, options)).results];
  }

  async searchWithNote(query: string, options: CollectionSearchOptions): Promise<NotedResults> {
    this.searches.push(options);
    options.signal?.throwIfAborted();
    const { k, labels, filter, units = false } = options;
    const words = query.toLowerCase().split(/\s+/);
    const passes = compileFilter(filter ?? EVERYTHING);
    const found = this.#visible(labels).flatMap(({ id, metadata, units: texts }) =>
      texts
        .map((text, number) => ({ id: `${id}-${number}`, metadata, text }))
        .filter((unit) => passes(unit.id, metadata))
        .map((unit) => ({ ...unit, score: words.filter((word) => unit.text.toLowerCase().includes(word)).length })),
    );
    const best = found
      .filter(({ score }) => score > 0)
      .sort((left, right) => right.score - left.score || (left.id < right.id ? 1 : -1));
    const results = best.slice(0, k).map(({ id, metadata, text, score }, chunk) => ({
      document: id,
      chunk,
      passage: 0,
      score,
      text,
      retriever: options.retrievers ?? 'hybrid',
      // Each word of the query finds itself.
      ...(options.field && { coarseScore: score / 2 }),
      ...(options.field?.explain && {
        matches: words.map((word, match) => ({ query: word, passage: word, match, score: 1, used: match < 3 })),
      }),
      ...(units && { unit: { text, passage: { start: 0, end: Buffer.byteLength(text) } } }),
      metadata,
    }));
    return { results, note: 'none of the words is in the index' };
  }

  /** Finds every unit that may be seen; its score is how many bytes the picture has. */
  async searchPictures(query: PictureQuery, options: LivePictureOptions): Promise<PictureResult[]> {
    this.pictureSearches.push({ query, options });
    const { decodePicture } = await import('../../encoders/index.ts');
    if (query.image !== undefined) await decodePicture(query.image);
    return this.#visible(options.labels).flatMap(({ id, metadata, units }) =>
      units.slice(0, options.k).map((text, number) => ({
        document: `${id}-${number}`,
        chunk: 0,
        passage: 0,
        score: query.image?.length ?? 0,
        text,
        retriever: 'dual',
        strategy: 'dual' as const,
        layer: 'visual' as const,
        parts: [{ retriever: 'visual', rank: 1, score: 0.5 }],
        metadata,
      })),
    );
  }

  /** One of a text, two of a picture, three of both. */
  async embedPictures(queries: readonly PictureQuery[]): Promise<Vectors> {
    const numbers = queries.map(({ text, image }) => (text === undefined ? 0 : 1) + (image === undefined ? 0 : 2));
    return { rows: queries.length, dimension: 1, data: Float32Array.from(numbers) };
  }

  async documents({
    labels,
    after = '',
    limit = 100,
    source = '',
  }: DocumentsWanted): Promise<{ documents: DocumentSummary[]; next?: string }> {
    const all = this.#visible(labels)
      .filter((document) => document.id > after && document.source.startsWith(source))
      .sort((left, right) => (left.id < right.id ? -1 : 1));
    const documents = all.slice(0, limit).map(summaryOf);
    return { documents, ...(all.length > limit && { next: documents.at(-1)!.id }) };
  }

  async document(id: string, labels: AccessLabels): Promise<LiveDocument | undefined> {
    const document = this.#visible(labels).find((one) => one.id === id);
    return document && { ...summaryOf(document), contents: document.units.map((_, number) => unitOf(document, number)) };
  }

  async unit(id: string, labels: AccessLabels): Promise<LiveUnit | undefined> {
    const [, name, number] = /^(.*)-(\d+)$/.exec(id) ?? [];
    const document = this.#visible(labels).find((one) => one.id === name);
    return document?.units[Number(number)] === undefined ? undefined : unitOf(document, Number(number));
  }

  async figure(id: string, labels: AccessLabels): ReturnType<CollectionService['figure']> {
    const figure = figureOfMetadata((await this.unit(id, labels))?.metadata);
    return figure?.stored === true ? { figure, mediaType: 'image/png', bytes: Buffer.from(`picture of ${id}`) } : undefined;
  }

  async checkReplaced(sources: readonly string[], labels: AccessLabels): Promise<void> {
    const seen = this.#visible(labels);
    const taken = this.#documents.find((one) => sources.includes(one.source) && !seen.includes(one));
    if (taken !== undefined) throw new UsageError('SOURCE_TAKEN', `the source ${taken.source} is taken`);
  }

  async change(
    { put = [], remove = [] }: DocumentsChange,
    { signal, onProgress, labels: asker = 'everything' }: ChangeOptions = {},
  ): Promise<ChangeResult> {
    const aborted = new Promise<never>((_, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
    aborted.catch(() => undefined);
    signal?.throwIfAborted();
    await Promise.race([this.gate, aborted]);
    onProgress?.(0, put.length, 'parsing');
    const sources = put.map(({ source }) => source);
    await this.checkReplaced(sources, asker);
    const before = this.#documents;
    const seen = this.#visible(asker);
    const gone = before.filter(
      ({ id, source }) =>
        put.some((document) => document.source === source) ||
        remove.some(
          (one) => ('source' in one ? one.source === source : one.document === id) && seen.some((document) => document.id === id),
        ),
    );
    const results: ChangeResult['put'][number][] = [];
    const come: FakeDocument[] = [];
    for (const { source, content, labels, fields, title } of put) {
      const text = typeof content === 'string' ? content : Buffer.from(content).toString();
      const had = before.find((document) => document.source === source);
      if (text.includes('\u0001')) {
        results.push({ source, documents: [], units: 0, problem: { code: 'PARSE', message: 'this cannot be read' } });
        continue;
      }
      const set = labels ?? had?.labels;
      const document = {
        id: Buffer.from(source).toString('hex'),
        source,
        ...(title !== undefined && { title }),
        ...(set && set.length > 0 && { labels: set }),
        metadata: { source, ...(set && set.length > 0 && { labels: set }), ...(fields && { fields }) } as Metadata,
        units: text.split('\n\n'),
      };
      come.push(document);
      results.push({ source, documents: [document.id], units: document.units.length });
    }
    this.#documents = [...before.filter((document) => !gone.includes(document)), ...come];
    onProgress?.(put.length, put.length, 'encoding');
    const at = '2026-01-01T00:00:00.000Z';
    this.#version++;
    this.#changes.unshift({
      version: this.#version,
      at,
      put: put.map(({ source }) => source),
      removed: gone.map(({ source }) => source),
    });
    return { version: this.#version, at, put: results, removed: gone.length };
  }

  async changes({
    before = Number.MAX_SAFE_INTEGER,
    limit = 100,
  }: {
    before?: number | undefined;
    limit?: number | undefined;
  } = {}) {
    return this.#changes.filter(({ version }) => version < before).slice(0, limit);
  }
}

const summaryOf = ({ id, source, title, labels, units }: FakeDocument): DocumentSummary => ({
  id,
  source,
  ...(title !== undefined && { title }),
  units: units.length,
  ...(labels && { labels }),
});

const unitOf = ({ id, source, units, metadata }: FakeDocument, number: number): LiveUnit => ({
  id: `${id}-${number}`,
  document: id,
  source,
  text: units[number]!,
  metadata,
});

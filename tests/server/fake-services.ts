import { UsageError } from '../../base/index.ts';
import type { SearchResult } from '../../rag/index.ts';
import type { EmbeddingModel } from '../../recipes/index.ts';
import type { Filter } from '../../search/index.ts';
import type {
  AccessLabels,
  Answer,
  AnswerEvent,
  AnswerService,
  Citation,
  CollectionSearchOptions,
  CollectionService,
} from '../../server/collection-service.ts';
import type { McpServices } from '../../server/mcp/index.ts';
import { ServerMetrics } from '../../server/metrics/index.ts';
import type { OpenAiServices } from '../../server/openai/index.ts';
import { QueryQueue } from '../../server/query-queue.ts';

/** A unit of a collection that stands in memory, with the labels that it takes to see it. */
export interface FakeUnit {
  readonly id: string;
  readonly text: string;
  readonly source: string;
  readonly labels?: readonly string[];
}

export const UNITS: readonly FakeUnit[] = [
  { id: 'a1-0', text: 'A run is resumed with --resume.', source: 'docs/training.md' },
  { id: 'a1-1', text: '继续训练用 --resume 😀 参数。', source: 'docs/training.md' },
  { id: 'b2-0', text: 'Salaries are paid on the 25th.', source: 'hr/pay.md', labels: ['hr'] },
];

/** What a fake was asked, to be looked at by a test. */
export interface Asked {
  readonly what: string;
  readonly labels?: AccessLabels;
  readonly filter?: Filter | undefined;
  readonly k?: number | undefined;
}

const sees = ({ labels }: FakeUnit, asker: AccessLabels): boolean =>
  labels === undefined || asker === 'everything' || labels.some((label) => asker.includes(label));

const SUMMARY = {
  documents: 2,
  units: UNITS.length,
  passages: UNITS.length,
  bytes: 1000,
  retrievers: 'hybrid' as const,
  checkpoint: 'c0ffee'.repeat(8),
  teacher: 'lsa',
  createdAt: '2026-11-29T12:00:00.000Z',
  version: 1,
};

/** A collection whose search gives every unit that the asker may see and one of the query's words is in. Queries of some names fail. */
function fakeCollection(name: string, asked: Asked[] = []): CollectionService {
  const refuse = async (): Promise<never> => {
    throw new UsageError('NOT_HERE', 'a fake does not do this');
  };
  const search = (query: string, { k, labels, filter }: CollectionSearchOptions): SearchResult[] => {
    asked.push({ what: query, labels, filter, k });
    if (query === 'bug') throw new Error('secret /path in a stack');
    const words = query.toLowerCase().split(/\s+/);
    return UNITS.filter((unit) => sees(unit, labels) && words.some((word) => unit.text.toLowerCase().includes(word)))
      .slice(0, k)
      .map(({ id, text, source, labels: own }, rank) => ({
        document: id,
        chunk: rank,
        passage: 0,
        score: 1 / (rank + 1),
        text,
        retriever: 'hybrid',
        metadata: {
          title: 'T',
          source,
          headings: ['Training', 'Runs'],
          pages: { first: 1, last: 2 },
          ...(own && { labels: own }),
        },
      }));
  };
  return {
    name,
    describe: async () => ({ name, ...SUMMARY, index: { ...SUMMARY, chunks: 3, dimension: 4, retrievers: 'hybrid' } }),
    search: async (query, options) => search(query, options),
    searchWithNote: async (query, options) => ({ results: search(query, options), note: 'nothing was found' }),
    async unit(id, labels) {
      const unit = UNITS.find((one) => one.id === id && sees(one, labels));
      return unit && { id, document: id.split('-')[0]!, source: unit.source, title: 'T', text: `${unit.text} And more.` };
    },
    searchPictures: refuse,
    embedPictures: refuse,
    figure: async () => undefined,
    documents: refuse,
    document: refuse,
    change: refuse,
    checkReplaced: refuse,
    changes: refuse,
  };
}

export const CITATIONS: readonly Citation[] = [
  {
    number: 1,
    document: 'a1-0',
    chunk: 0,
    passage: 0,
    text: 'resumed with --resume',
    span: { start: 9, end: 30 },
    source: 'docs/training.md',
    title: 'Training',
    relevance: 0.9,
    fields: { law_name: 'kept', articleNumber: 5 },
  },
  { number: 2, document: 'a1-1', chunk: 1, passage: 0, text: '继续训练', span: { start: 0, end: 12 }, relevance: 0.5 },
];

export const ANSWER: Answer = {
  answer: '😀 With --resume [1]. 也可以 [2][1], not [7].',
  answered: true,
  citations: CITATIONS,
  confidence: 0.8,
  dropped: 1,
  sources: [],
  usage: { promptTokens: 120, completionTokens: 9 },
  timings: { retrieve: 1, read: 2, total: 3 },
  model: 'fake',
};

/** Answers as the fake was told; some questions fail, before the first event or behind it. */
function fakeAnswers(asked: unknown[] = []): AnswerService {
  return {
    async answer(request) {
      asked.push(request);
      if (request.question === 'bug') throw new Error('secret /path in a stack');
      if (request.question === 'refused') throw new UsageError('SEARCH_QUERY', 'this query is refused');
      return ANSWER;
    },
    async *stream(request): AsyncGenerator<AnswerEvent> {
      asked.push(request);
      if (request.question === 'refused') throw new UsageError('SEARCH_QUERY', 'this query is refused');
      yield { type: 'sources', sources: [] };
      if (request.question === 'bug') throw new Error('secret /path in a stack');
      for (let from = 0; from < ANSWER.answer.length; from += 7)
        yield { type: 'delta', text: ANSWER.answer.slice(from, from + 7) };
      for (const citation of CITATIONS) yield { type: 'citation', citation };
      yield { type: 'done', answer: ANSWER };
    },
  };
}

/** A vector of a text that tells its side and its length: [side, length, 1, …] as it comes, not normalised. */
function fakeEmbeddings(asked: unknown[] = [], revision = SUMMARY.checkpoint): EmbeddingModel {
  return {
    name: 'small',
    describe: async () => ({ revision, dimension: 4, dimensions: [2, 4] }),
    async embed(texts, { side, dimension = 4 }) {
      asked.push({ texts, side, dimension });
      if (dimension !== 4 && dimension !== 2)
        throw new UsageError('DIMENSION_NOT_TRAINED', `vectors of ${dimension} are not here`);
      const rows = texts.map((text) => [side === 'query' ? 0.1 : 0.2, text.length, 1, -1].slice(0, dimension));
      const unread = side === 'document' && { unread: { passages: 1, symbols: 3, bytes: 5 } };
      return { rows: texts.length, dimension, data: Float32Array.from(rows.flat()), ...unread };
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

const NAMES = ['docs', 'more'];

/** Two collections, `docs` and `more`. */
const fakeCollections = (searched: Asked[]): OpenAiServices['collections'] => ({
  list: async () => NAMES.map((name) => ({ name, ...SUMMARY })),
  async get(name) {
    if (NAMES.includes(name)) return fakeCollection(name, searched);
    throw new UsageError('COLLECTION_MISSING', `there is no collection ${name} in /secret/folder`);
  },
});

export function fakeMcpServices(searched: Asked[] = []): McpServices {
  return {
    collections: fakeCollections(searched),
    searchWithNote: (collection, { labels }, query, options) => collection.searchWithNote(query, { ...options, labels }),
    queue: new QueryQueue(),
  };
}

export function fakeServices(asked: unknown[] = []): OpenAiServices {
  return {
    collections: fakeCollections([]),
    answerFor: () => fakeAnswers(asked),
    embeddings: fakeEmbeddings(asked),
    queue: new QueryQueue(),
    answers: new QueryQueue(),
    metrics: new ServerMetrics(() => ({ running: 0, waiting: 0, jobs: 0, jobBytes: 0 })),
  };
}

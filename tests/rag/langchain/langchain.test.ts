import { Document } from '@langchain/core/documents';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnablePassthrough, RunnableSequence } from '@langchain/core/runnables';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import type { SearchResult } from '../../../rag/index.ts';
import { CemEmbeddings, CemRetriever, CemVectorStore, createRagSearchTool } from '../../../rag/langchain/index.ts';
import { ExactStore } from '../../../search/exact/index.ts';
import type { Filter } from '../../../search/index.ts';
import { DIMENSION, hashVector, tableEmbedder } from '../fixtures.ts';

const test = suite('LangChain.js');

const METADATA = {
  title: 'Criminal Law',
  source: 'laws/criminal.md',
  headings: ['Criminal Law', 'Chapter 2', 'Article 10'],
  pages: { first: 3, last: 4 },
  labels: ['court'],
  fields: { year: 1979 },
};
const RESULT: SearchResult = {
  document: 'c1-9',
  chunk: 9,
  passage: 1,
  span: { start: 5, end: 20 },
  score: 0.5,
  text: 'Whoever does it.',
  unit: { text: 'Article 10. Whoever does it.', passage: { start: 12, end: 28 } },
  retriever: 'hybrid',
  metadata: METADATA,
};

interface Asked {
  readonly query: string;
  readonly k: number;
  readonly filter?: Filter | undefined;
  readonly units?: boolean | undefined;
}

/** Finds the one result, and keeps what it was asked. */
function fakeSearcher(asked: Asked[], results: readonly SearchResult[] = [RESULT]) {
  return {
    async search(query: string, options: Omit<Asked, 'query'>) {
      asked.push({ query, ...options });
      return [...results];
    },
  };
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    assert.ok(isCemError(error), String(error));
    return (error as { code: string }).code;
  }
  return 'nothing failed';
}

test('the retriever gives passages with where they stand, without labels of access', async () => {
  const asked: Asked[] = [];
  const retriever = new CemRetriever({ searcher: fakeSearcher(asked), k: 3, filter: { field: 'title', equals: 'x' } });
  const [document] = await retriever.invoke('who?');
  assert.instance(document, Document);
  assert.equal([document!.id, document!.pageContent], ['c1-9', RESULT.text]);
  const { labels: _, ...shown } = METADATA;
  assert.equal(document!.metadata, {
    id: 'c1-9',
    score: 0.5,
    chunk: 9,
    passage: 1,
    retriever: 'hybrid',
    span: RESULT.span,
    ...shown,
  });
  assert.equal(asked, [{ query: 'who?', k: 3, filter: { field: 'title', equals: 'x' }, units: false }]);
});

test("units are the whole of it; labels of access go into the store's query, around the filter", async () => {
  const asked: Asked[] = [];
  const retriever = new CemRetriever({
    searcher: fakeSearcher(asked),
    units: true,
    labels: ['court'],
    filter: { documents: ['c1-9'] },
  });
  const [document] = await retriever.invoke('who?');
  assert.is(document!.pageContent, RESULT.unit!.text);
  assert.equal(asked, [{ query: 'who?', k: 4, filter: { and: [{ access: ['court'] }, { documents: ['c1-9'] }] }, units: true }]);
});

test('a chain: what was retrieved stands in the prompt that the model gets', async () => {
  const prompts: string[] = [];
  const model = new FakeListChatModel({ responses: ['It is article 10.'] });
  const chain = RunnableSequence.from([
    {
      context: new CemRetriever({ searcher: fakeSearcher([]) }).pipe((documents) =>
        documents.map(({ pageContent }) => pageContent).join('\n'),
      ),
      question: new RunnablePassthrough<string>(),
    },
    ChatPromptTemplate.fromTemplate('Context: {context}\nQuestion: {question}'),
    (prompt) => {
      prompts.push(prompt.toString());
      return prompt;
    },
    model,
    new StringOutputParser(),
  ]);
  assert.is(await chain.invoke('who?'), 'It is article 10.');
  assert.match(prompts[0]!, /Context: Whoever does it\.\nQuestion: who\?/);
});

test('embeddings: the two sides; an encoder of queries alone refuses documents and says why', async () => {
  const encoder = {
    encodeQueries: tableEmbedder(new Map()).embedQueries,
    encodeTexts: async (texts: readonly string[]) => ({
      rows: texts.length,
      dimension: 2,
      data: Float32Array.from(texts.flatMap(() => [1, 0])),
    }),
  };
  const embeddings = new CemEmbeddings({ encoder });
  assert.equal(await embeddings.embedQuery('q'), [...hashVector('q')]);
  assert.equal(await embeddings.embedDocuments(['a', 'b']), [
    [1, 0],
    [1, 0],
  ]);
  assert.equal(await embeddings.embedDocuments([]), []);
  const { encodeQueries } = encoder;
  assert.is(
    await codeOf(() => new CemEmbeddings({ encoder: { encodeQueries } }).embedDocuments(['a'])),
    'LANGCHAIN_NO_DOCUMENTS',
  );
});

const embeddings = new CemEmbeddings({ encoder: { encodeQueries: tableEmbedder(new Map()).embedQueries } });
const vectorOf = (text: string): number[] => [...hashVector(text)];

test('a store of your own takes vectors, finds by them, filters, reads texts late, and forgets', async () => {
  const read: string[] = [];
  const store = new CemVectorStore(embeddings, {
    store: new ExactStore(DIMENSION),
    read: async ({ document }) => {
      read.push(document);
      return { pageContent: `text of ${document}`, metadata: { from: 'disk' } };
    },
  });
  const documents = ['a', 'b', 'c'].map(
    (id) => new Document({ id, pageContent: `text of ${id}`, metadata: { kind: id === 'c' ? 'rare' : 'common' } }),
  );
  // Twice as long: a store holds unit vectors.
  const vectors = documents.map(({ id }) => vectorOf(id!).map((value) => 2 * value));
  assert.equal(await store.addVectors(vectors, documents), ['a', 'b', 'c']);
  const [first, ...others] = await store.similaritySearchVectorWithScore(vectorOf('b'), 2);
  const [best, score] = first!;
  assert.equal([best!.id, best!.pageContent], ['b', 'text of b']);
  assert.ok(Math.abs(score - 1) < 1e-5);
  assert.equal(best!.metadata, { from: 'disk', id: 'b', chunk: 0, passage: 0, score });
  assert.is(others.length, 1);
  assert.is(read.length, 2);
  const rare = await store.similaritySearch('a', 3, { field: 'kind', equals: 'rare' });
  assert.equal(
    rare.map(({ id }) => id),
    ['c'],
  );
  const [nearest] = await store.asRetriever({ k: 1 }).invoke('a');
  assert.is(nearest!.id, 'a');
  await store.delete({ ids: ['a'] });
  assert.is((await store.similaritySearch('a', 5)).length, 2);
});

test('passages of one document are rows of their own; the document is found once, by its best', async () => {
  const store = new CemVectorStore(embeddings, { store: new ExactStore(DIMENSION) });
  const passages = [0, 1].map((passage) => new Document({ id: 'a', pageContent: '', metadata: { chunk: 4, passage } }));
  await store.addVectors([vectorOf('one'), vectorOf('two')], passages);
  const found = await store.similaritySearchVectorWithScore(vectorOf('two'), 5);
  assert.equal(
    found.map(([{ metadata }]) => [metadata['chunk'], metadata['passage']]),
    [[4, 1]],
  );
});

test("labels of access in a row's metadata hide it from who has none of them", async () => {
  const rows = new ExactStore(DIMENSION);
  const filling = new CemVectorStore(embeddings, { store: rows });
  await filling.addVectors([vectorOf('a')], [new Document({ id: 'a', pageContent: '', metadata: { labels: ['hr'] } })]);
  for (const [labels, count] of [
    [['hr'], 1],
    [['staff'], 0],
    [[], 0],
  ] as const)
    assert.is((await new CemVectorStore(embeddings, { store: rows, labels }).similaritySearch('a', 5)).length, count);
});

test('texts are refused, and say why; so are vectors that could not be used', async () => {
  const store = new CemVectorStore(embeddings, { store: new ExactStore(DIMENSION) });
  const text = new Document({ id: 'a', pageContent: 'a text' });
  const empty = (metadata = {}, id?: string) => new Document({ pageContent: '', metadata, ...(id !== undefined && { id }) });
  assert.is(await codeOf(() => store.addDocuments()), 'LANGCHAIN_TEXTS');
  assert.is(await codeOf(() => store.asRetriever().addDocuments([text])), 'LANGCHAIN_TEXTS');
  assert.is(await codeOf(() => CemVectorStore.fromTexts()), 'LANGCHAIN_TEXTS');
  assert.is(await codeOf(() => CemVectorStore.fromDocuments()), 'LANGCHAIN_TEXTS');
  assert.is(await codeOf(() => store.addVectors([vectorOf('a')], [text])), 'LANGCHAIN_NO_TEXT');
  assert.is(await codeOf(() => store.addVectors([vectorOf('a')], [empty()])), 'LANGCHAIN_NO_ID');
  assert.is(await codeOf(() => store.addVectors([vectorOf('a')], [empty({ chunk: -1 }, 'a')])), 'LANGCHAIN_NO_ID');
  assert.is(await codeOf(() => store.addVectors([], [text])), 'LANGCHAIN_VECTORS');
  assert.is(await codeOf(() => store.addVectors([[1, 2]], [empty({}, 'a')])), 'VECTOR_DIMENSION');
  const searcher = { searchVector: async () => [RESULT] };
  const ofIndex = new CemVectorStore(embeddings, { searcher });
  assert.is(await codeOf(() => ofIndex.addVectors([vectorOf('a')], [text])), 'LANGCHAIN_READ_ONLY');
  assert.is(await codeOf(() => ofIndex.delete({ ids: ['a'] })), 'LANGCHAIN_READ_ONLY');
  const [[found, score]] = (await ofIndex.similaritySearchVectorWithScore(vectorOf('a'), 1)) as [[Document, number]];
  assert.equal([found.id, found.pageContent, score], ['c1-9', RESULT.text, 0.5]);
});

test('rag_search: text with sources for the model, results for the program', async () => {
  const asked: Asked[] = [];
  const hyde: Asked[] = [];
  const tool = createRagSearchTool({
    databases: { laws: { searcher: fakeSearcher(asked), hyde: fakeSearcher(hyde) } },
    labels: ['court'],
  });
  assert.is(tool.name, 'rag_search');
  const text = await tool.invoke({ query: 'who?' });
  assert.is(text, '[1] Whoever does it.\nsource=laws/criminal.md | Criminal Law | Chapter 2 | Article 10 | pages 3-4');
  assert.equal(asked, [{ query: 'who?', k: 5, filter: { and: [{ access: ['court'] }] } }]);
  const message = await tool.invoke({
    id: '1',
    name: 'rag_search',
    type: 'tool_call',
    args: { query: 'q', topk: 20, is_hyde: true, db_name: 'laws' },
  });
  assert.equal((message as unknown as { artifact: SearchResult[] }).artifact, [RESULT]);
  assert.equal([asked.length, hyde.length, hyde[0]!.k], [1, 1, 20]);
});

test('rag_search: what it refuses', async () => {
  const searcher = fakeSearcher([], []);
  assert.is(await codeOf(async () => createRagSearchTool({ databases: {} })), 'RAG_SEARCH_DATABASE');
  const tool = createRagSearchTool({ databases: { one: { searcher }, two: { searcher } } });
  assert.is(await tool.invoke({ query: 'x', db_name: 'one' }), 'Nothing was found.');
  assert.is(await codeOf(() => tool.invoke({ query: 'x', db_name: 'three' })), 'RAG_SEARCH_DATABASE');
  assert.is(await codeOf(() => tool.invoke({ query: 'x', db_name: 'toString' })), 'RAG_SEARCH_DATABASE');
  assert.is(await codeOf(() => tool.invoke({ query: 'x', db_name: 'one', is_hyde: true })), 'RAG_SEARCH_HYDE');
  for (const args of [
    { query: '', db_name: 'one' },
    { query: 'x', db_name: 'one', topk: 21 },
    { query: 'x', topk: 0, db_name: 'one' },
    { query: 'x' },
  ])
    await tool.invoke(args).then(assert.unreachable, (error: Error) => assert.match(error.message, /schema/i));
});

test.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Filter, type Hit, withAccess } from '../../../search/index.ts';
import { Bm25Retriever } from '../../../search/lexical/index.ts';
import { FiguresFirstRetriever } from '../../../search/pictures/index.ts';
import { type RetrieverUnit, retrieverContract } from '../../contracts/retriever.ts';

const test = suite('figures first');

const figure = (number: number, labels?: readonly string[]): object => ({
  ...(labels && { labels }),
  fields: { chunk_type: 'figure', figure_number: String(number) },
});

// The text says the caption's words oftener than the figure does.
const UNITS: readonly RetrieverUnit[] = [
  { document: 'text', text: 'net profit net profit of the company figure 4', metadata: {} },
  { document: 'other text', text: 'net profit fell', metadata: {} },
  { document: 'third text', text: 'the company has a net', metadata: {} },
  {
    document: 'figure 4',
    text: 'figure 4 overview of the net profit and of much else besides that stands in it',
    metadata: figure(4),
  },
  { document: 'figure 5', text: 'figure 5 harbour', metadata: figure(5) },
  { document: 'figure 4 of others', text: 'figure 4 profit of others', metadata: figure(4, ['board']) },
].map((unit, chunk) => ({ ...unit, chunk, passage: 0 }));

const retriever = async (): Promise<FiguresFirstRetriever> => new FiguresFirstRetriever(await bm25(UNITS, 'bm25'));

function bm25(units: readonly RetrieverUnit[], name: string): Promise<Bm25Retriever> {
  return Bm25Retriever.create(units, { name });
}

async function search(query: string, k: number, filter?: Filter): Promise<Hit[]> {
  const [hits] = await (await retriever()).search([query], { k, filter });
  return hits!;
}

const documents = (hits: readonly Hit[]): string[] => hits.map(({ document }) => document);

test('a figure that is named stands before the texts, and these follow in their order', async () => {
  const plain = documents((await (await bm25(UNITS, 'bm25')).search(['net profit'], { k: 10 }))[0]!);
  assert.is(plain[0], 'text');
  const hits = await search('Figure 4: net profit', 10, withAccess(undefined, []));
  assert.is(hits[0]!.document, 'figure 4');
  assert.equal(
    hits.map(({ asked }) => asked),
    hits.map((_, place) => (place === 0 ? true : undefined)),
    'what is asked for is marked, for whatever ranks anew',
  );
  assert.is(hits[1]!.document, 'text');
  assert.ok(
    hits.every(({ score }, place) => place === 0 || score < hits[place - 1]!.score),
    'scores descend',
  );
  assert.ok(hits[0]!.score - hits[1]!.score < 1e-9, 'a score is raised by no more than it takes');
  assert.is(new Set(documents(hits)).size, hits.length);
  assert.equal(documents(await search('net profit', 10)), plain);
});

test('figures take half of the places, rules of access hold, and one that is not there changes nothing', async () => {
  assert.equal(documents(await search('figure 4 net profit', 1, withAccess(undefined, ['board']))).length, 1);
  const two = await search('a chart of the net profit of figure', 2, withAccess(undefined, ['board']));
  assert.equal(two.filter(({ document }) => document.startsWith('figure')).length, 1);
  const open = await search('Figure 4', 10, withAccess(undefined, []));
  assert.not.ok(documents(open).includes('figure 4 of others'));
  const closed = await search('Figure 4', 10, withAccess(undefined, ['board']));
  assert.ok(documents(closed).slice(0, 2).includes('figure 4 of others'));
  const missing = await search('Figure 99: net profit', 10);
  const [plain] = await (await bm25(UNITS, 'bm25')).search(['Figure 99: net profit'], { k: 10 });
  assert.equal(missing, plain);
  const texts = await search('Figure 4: net profit', 10, { not: { field: 'fields.chunk_type', equals: 'figure' } });
  assert.ok(documents(texts).every((document) => document.endsWith('text')));
});

test.run();

retrieverContract('figures first of bm25', {
  create: async (units, name) => new FiguresFirstRetriever(await bm25(units, name)),
  unfoundScore: 0,
});

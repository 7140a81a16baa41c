import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ImageEncoder } from '../../../encoders/index.ts';
import type { ReadableCollection } from '../../../rag/index.ts';
import { searchForPictures } from '../../../rag/pictures/index.ts';
import type { Hit } from '../../../search/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('pictures and texts');

const hit = (document: string): Hit => ({ document, chunk: 0, passage: 0, score: 1, retriever: 'test' });

/** A collection that finds pictures p1, p2, for words w1, p1, and for a vector v1. */
function collection(asked: unknown[]): Omit<ReadableCollection, 'corpus'> {
  const found = (documents: string[]) => documents.map((document) => ({ ...hit(document), text: document }));
  return {
    searcher: {
      description: { teacher: 'teacher', dimension: 2 },
      search: async (query: string) => {
        asked.push(query);
        return found(['w1', 'p1']);
      },
      searchVector: async (vector: Float32Array, { filter }: { filter: unknown }) => {
        asked.push([...vector], filter);
        return found(['v1']);
      },
      readHits: async (hits: readonly Hit[]) => hits.map((one) => ({ ...one, text: one.document })),
    },
    store: { pictures: { search: async () => [hit('p1'), hit('p2')] } },
    embedder: undefined,
    lexical: undefined,
  } as unknown as Omit<ReadableCollection, 'corpus'>;
}

function encoder(teacher: string): ImageEncoder {
  const one = async () => ({ rows: 1, dimension: 2, data: Float32Array.of(0, 1) });
  const description = { id: 'images:cem:run', revision: '1', dimension: 2, settings: { teacher } };
  return { description, encodeImages: one, encodeTexts: one, encodeFused: one, dispose: async () => {} };
}

const choice = { encoder: 'run', strategies: ['dual'] as const };
const image = Buffer.from('picture');

test('texts for words are fused in by rank; results of either say what they are', async () => {
  const asked: unknown[] = [];
  const results = await searchForPictures(collection(asked), encoder('x'), choice, { text: 'chart' }, { k: 3, texts: true });
  // p1: 1/61 + 1/62; w1: 1/61; p2: 1/62
  assert.equal(
    results.map(({ document, layer, strategy }) => [document, layer, strategy]),
    [
      ['p1', 'visual', 'dual'],
      ['w1', undefined, undefined],
      ['p2', 'visual', 'dual'],
    ],
  );
  assert.equal(asked, ['chart']);
});

test('a picture finds texts where its tower shares their space, and is refused by name elsewhere', async () => {
  const asked: unknown[] = [];
  const results = await searchForPictures(collection(asked), encoder('teacher'), choice, { image }, { k: 3, texts: true });
  assert.equal(results.map(({ document }) => document).sort(), ['p1', 'p2', 'v1']);
  assert.equal(asked, [[0, 1], { not: { field: 'fields.chunk_type', equals: 'figure' } }]);
  const other = await errorOf(() => searchForPictures(collection([]), encoder('clip'), choice, { image }, { k: 3, texts: true }));
  assert.is(other.code, 'PICTURES_QUERY');
  assert.match(other.message, 'images:cem:run');
  const fusion = await errorOf(() =>
    searchForPictures(collection([]), encoder('x'), choice, { image }, { k: 3, strategy: 'fusion' }),
  );
  assert.is(fusion.code, 'PICTURES_NONE');
});

test.run();

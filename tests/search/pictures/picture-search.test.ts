import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ImageEncoder, Vectors } from '../../../encoders/index.ts';
import { fuseVectors } from '../../../encoders/index.ts';
import { withAccess } from '../../../search/filter.ts';
import {
  expandQuery,
  FIGURE_ROWS,
  type PictureLayer,
  type PictureQuery,
  type PictureStrategy,
  searchPictures,
  textRows,
} from '../../../search/pictures/index.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import type { Retriever } from '../../../search/retriever.ts';
import { VectorRetriever } from '../../../search/vector-retriever.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('search for pictures');

const TEXT_DIMENSION = 6;
const PICTURE_DIMENSION = 5;
const COUNT = 40;

/** A vector of length 1 that depends on the text alone. */
function vectorOf(text: string, dimension: number): Float32Array {
  let state = 7;
  for (const character of text) state = (state * 31 + character.codePointAt(0)!) % 1_000_003;
  const numbers = Float32Array.from({ length: dimension }, (_, place) => Math.sin(state * (place + 1.3)));
  const length = Math.hypot(...numbers);
  return numbers.map((value) => value / length);
}

function rows(texts: readonly string[], dimension: number): Vectors {
  const data = new Float32Array(texts.length * dimension);
  texts.forEach((text, row) => {
    data.set(vectorOf(text, dimension), row * dimension);
  });
  return { rows: texts.length, dimension, data };
}

/** A picture is the UTF-8 of a text, and its vector that of `picture:text`. */
function encoder(id = 'images:test'): ImageEncoder {
  const imagesOf = (images: readonly Uint8Array[]) =>
    rows(
      images.map((image) => `picture:${Buffer.from(image).toString()}`),
      PICTURE_DIMENSION,
    );
  return {
    description: { id, revision: '1', dimension: PICTURE_DIMENSION, settings: {} },
    encodeImages: async (images) => imagesOf(images),
    encodeTexts: async (texts) => rows(texts, PICTURE_DIMENSION),
    encodeFused: async (pictures) =>
      fuseVectors(
        imagesOf(pictures.map(({ image }) => image)),
        rows(
          pictures.map(({ text }) => text),
          PICTURE_DIMENSION,
        ),
        0.5,
      ),
    dispose: async () => {},
  };
}

const texts = {
  description: { id: 'text', revision: '1', dimension: TEXT_DIMENSION, settings: {} },
  embedQueries: async (queries: readonly string[]) => rows(queries, TEXT_DIMENSION),
  dispose: async () => {},
};

interface TestFigure {
  readonly document: string;
  readonly description: string;
  readonly picture: string;
  readonly labels?: readonly string[];
  readonly year: number;
}

const figures: readonly TestFigure[] = Array.from({ length: COUNT }, (_, number) => ({
  document: `figure-${String(number).padStart(2, '0')}`,
  description: `description ${number}`,
  picture: `p${number}`,
  year: 2000 + (number % 4),
  ...(number % 5 === 0 && { labels: ['secret'] }),
}));
const bytesOf = (picture: string) => Buffer.from(picture);

/** Words of both: how many a description has of the query's. */
const keyword: Retriever = {
  name: 'keyword',
  search: async (queries) =>
    queries.map((query) =>
      figures
        .map(({ document, description }) => ({
          document,
          chunk: Number(document.slice(-2)),
          passage: 0,
          retriever: 'keyword',
          score: description.split(' ').filter((word) => query.split(' ').includes(word)).length,
        }))
        .filter(({ score }) => score > 1)
        .sort((left, right) => right.score - left.score || (left.document < right.document ? 1 : -1)),
    ),
};

const store = await PgvectorStore.open(await openPglite(), { dimension: TEXT_DIMENSION, name: 'pictures_test' });
test.after(() => store.close());

test.before(async () => {
  await store.upsert([
    ...figures.map(({ document, description, labels, year, picture }) => ({
      document,
      chunk: Number(document.slice(-2)),
      passage: 0,
      fingerprint: 'x',
      vector: vectorOf(description, TEXT_DIMENSION),
      metadata: { ...(labels && { labels }), fields: { chunk_type: 'figure', figure_id: picture, year } },
    })),
    {
      document: 'text-00',
      chunk: 99,
      passage: 0,
      fingerprint: 'x',
      vector: vectorOf('description 3', TEXT_DIMENSION),
      metadata: {},
    },
  ]);
  const made = encoder();
  await store.transaction(async (inner) => {
    for (const type of ['visual', 'fusion'] as const) {
      await inner.pictures.choose(type, made.description);
      const found = await inner.pictures.figures(type);
      assert.is(found.length, COUNT);
      const known = new Map(figures.map((figure) => [figure.document, figure]));
      const given = found.map(({ document }) => known.get(document)!);
      const vectors =
        type === 'visual'
          ? await made.encodeImages(given.map(({ picture }) => bytesOf(picture)))
          : await made.encodeFused(given.map(({ picture, description }) => ({ image: bytesOf(picture), text: description })));
      await inner.pictures.write(
        type,
        found.map(({ document, chunk, figure }, row) => ({
          document,
          chunk,
          fingerprint: figure,
          vector: vectors.data.slice(row * PICTURE_DIMENSION, (row + 1) * PICTURE_DIMENSION),
        })),
      );
    }
  });
});

const parts = (made = encoder()) => ({
  pictures: store.pictures,
  encoder: made,
  semantic: new VectorRetriever(texts, store),
  keyword,
});

const dot = (left: Float32Array, right: Float32Array) => left.reduce((sum, value, place) => sum + value * right[place]!, 0);

/** The same ranking in plain loops: cosine of a query's vector with each figure's. */
function slowly(
  query: Float32Array,
  of: (figure: TestFigure) => Float32Array,
  passes: (figure: TestFigure) => boolean = () => true,
) {
  return figures
    .filter(passes)
    .map((figure) => ({ document: figure.document, score: dot(query, of(figure)) }))
    .sort((left, right) => right.score - left.score || (left.document < right.document ? 1 : -1));
}

const visualOf = ({ picture }: TestFigure) => vectorOf(`picture:${picture}`, PICTURE_DIMENSION);
const textOf = ({ description }: TestFigure) => vectorOf(description, TEXT_DIMENSION);
const fusedOf = ({ picture, description }: TestFigure) => {
  const sum = vectorOf(`picture:${picture}`, PICTURE_DIMENSION).map(
    (value, place) => value + vectorOf(description, PICTURE_DIMENSION)[place]!,
  );
  return sum.map((value) => value / Math.hypot(...sum));
};

async function documentsOf(strategy: PictureStrategy, layer: PictureLayer, query: PictureQuery, k = 10): Promise<string[]> {
  const hits = await searchPictures(parts(), query, { k, strategy, layers: [layer] });
  assert.ok(hits.every((hit) => hit.strategy === strategy && hit.layer === layer && hit.parts.length === 1));
  return hits.map(({ document }) => document);
}

test('each layer ranks as plain loops do, with the query embedded by the model of what it searches', async () => {
  const top = (ranking: readonly { readonly document: string }[]) => ranking.slice(0, 10).map(({ document }) => document);
  const asked = 'quarterly profit, and costs';
  const inPictures = vectorOf(asked, PICTURE_DIMENSION);
  const picture = vectorOf('picture:p7', PICTURE_DIMENSION);
  assert.equal(await documentsOf('dual', 'semantic', { text: asked }), top(slowly(vectorOf(asked, TEXT_DIMENSION), textOf)));
  assert.equal(await documentsOf('dual', 'visual', { text: asked }), top(slowly(inPictures, visualOf)));
  assert.equal(await documentsOf('dual', 'visual', { image: bytesOf('p7') }), top(slowly(picture, visualOf)));
  assert.is((await documentsOf('dual', 'visual', { image: bytesOf('p7') }))[0], 'figure-07');
  assert.equal(await documentsOf('fusion', 'semantic', { text: asked }), top(slowly(inPictures, fusedOf)));
  const both = fusedOf({ document: '', description: asked, picture: 'p7', year: 0 });
  assert.equal(await documentsOf('fusion', 'semantic', { text: asked, image: bytesOf('p7') }), top(slowly(both, fusedOf)));
  assert.equal(await documentsOf('fusion', 'keyword', { text: 'description 12' }), ['figure-12']);

  // The best of both parts of the query, by each figure.
  const ways = expandQuery(asked);
  assert.equal(ways, ['quarterly profit', 'and costs']);
  for (const [strategy, dimension, of] of [
    ['dual', TEXT_DIMENSION, textOf],
    ['fusion', PICTURE_DIMENSION, fusedOf],
  ] as const) {
    const best = slowly(vectorOf(ways[0]!, dimension), of).map(({ document, score }) => ({
      document,
      score: Math.max(score, slowly(vectorOf(ways[1]!, dimension), of).find((other) => other.document === document)!.score),
    }));
    best.sort((left, right) => right.score - left.score);
    assert.equal(await documentsOf(strategy, 'expansion', { text: asked }), top(best));
  }

  // weighted scores: (s - least) / (best - least) of 40 results by vectors, s / best by words
  const text = 'description 12';
  const semantic = slowly(vectorOf(text, PICTURE_DIMENSION), fusedOf);
  const [first, last] = [semantic[0]!.score, semantic.at(-1)!.score];
  const sums = semantic
    .map(({ document, score }) => ({ document, score: (score - last) / (first - last) + (document === 'figure-12' ? 1 : 0) }))
    .sort((left, right) => right.score - left.score);
  assert.equal(await documentsOf('fusion', 'hybrid', { text }), top(sums));
});

test('layers are fused by their ranks, and each result says which found it', async () => {
  const query = { text: 'description 12' };
  const hits = await searchPictures(parts(), query, { k: 5, strategy: 'dual' });
  assert.is(hits[0]!.document, 'figure-12');
  assert.equal(
    hits[0]!.parts.map(({ retriever }) => retriever),
    ['semantic', 'visual', 'keyword'],
  );
  for (const { score, parts: found } of hits)
    assert.ok(Math.abs(score - found.reduce((sum, { rank }) => sum + 1 / (60 + rank), 0)) < 1e-12);
  const fusion = await searchPictures(parts(), query, { k: 3, strategy: 'fusion' });
  assert.ok(fusion.every(({ strategy }) => strategy === 'fusion'));
});

test('filters and labels of access hold in the same statement; thresholds are each layer’s own', async () => {
  const image = bytesOf('p10');
  const options = { k: COUNT, strategy: 'dual', layers: ['visual'] } as const;
  const query = vectorOf('picture:p10', PICTURE_DIMENSION);
  const open = await searchPictures(parts(), { image }, { ...options, filter: withAccess(undefined, []) });
  assert.equal(
    open.map(({ document }) => document),
    slowly(query, visualOf, ({ labels }) => labels === undefined).map(({ document }) => document),
  );
  const year = { field: 'fields.year', equals: 2001 } as const;
  const ofYear = await searchPictures(parts(), { image }, { ...options, filter: year });
  assert.equal(
    ofYear.map(({ document }) => document),
    slowly(query, visualOf, (figure) => figure.year === 2001).map(({ document }) => document),
  );
  const near = await searchPictures(parts(), { image }, { ...options, thresholds: { visual: 0.5 } });
  assert.is(near.length, slowly(query, visualOf).filter(({ score }) => score >= 0.5).length);
  assert.is(
    (await store.pictures.search('visual', query, encoder().description, { k: COUNT, threshold: 0.5 })).length,
    near.length,
  );
  // Rows of texts and of descriptions are told apart in the same table.
  assert.is(
    (await store.search(vectorOf('description 3', TEXT_DIMENSION), { k: 1, filter: textRows('text') }))[0]!.document,
    'text-00',
  );
  assert.is(
    (await store.search(vectorOf('description 3', TEXT_DIMENSION), { k: 1, filter: textRows('description') }))[0]!.document,
    'figure-03',
  );
});

test("a query of another type's model is refused by name, and so are layers that a query cannot have", async () => {
  const other = await errorOf(() =>
    searchPictures(parts(encoder('images:other')), { text: 'a' }, { k: 1, strategy: 'fusion', layers: ['semantic'] }),
  );
  assert.is(other.code, 'PICTURES_OTHER_ENCODER');
  assert.match(other.message, 'images:test');
  assert.match(other.message, 'images:other');
  // The collection's own text model made none of them.
  const text = await errorOf(() => store.pictures.search('visual', vectorOf('a', TEXT_DIMENSION), texts.description, { k: 1 }));
  assert.is(text.code, 'PICTURES_OTHER_ENCODER');
  const codes = [
    { query: {}, layers: undefined },
    { query: { image: bytesOf('p1') }, layers: ['keyword'] as const },
    { query: { text: 'a' }, layers: ['visual'] as const },
  ].map(({ query, layers }) => errorOf(() => searchPictures(parts(), query, { k: 1, strategy: 'fusion', layers })));
  assert.equal(
    (await Promise.all(codes)).map(({ code }) => code),
    ['PICTURES_QUERY', 'PICTURES_QUERY', 'PICTURES_QUERY'],
  );
});

test('a figure that goes takes its vectors with it; another encoder replaces them all; the bytes of both schemes', async () => {
  const visual = await store.pictures.count('visual');
  const fusion = await store.pictures.count('fusion');
  assert.is(visual.vectors, COUNT);
  assert.is(visual.bytes, fusion.bytes);
  await store.deleteDocuments(['figure-00']);
  const hits = await searchPictures(parts(), { image: bytesOf('p0') }, { k: COUNT, strategy: 'dual', layers: ['visual'] });
  assert.is(hits.length, COUNT - 1);
  await store.pictures.write('visual', []);
  assert.is((await store.pictures.count('visual')).vectors, COUNT - 1);

  await store.pictures.choose('visual', { ...encoder().description, revision: '2' });
  assert.is((await store.pictures.count('visual')).vectors, 0);
  assert.is((await store.pictures.count('fusion')).vectors, COUNT - 1);
  assert.equal(
    (await store.pictures.figures('visual')).map(({ fingerprint }) => fingerprint),
    new Array(COUNT - 1).fill(undefined),
  );
  await store.drop();
});

test('other ways to say a query', () => {
  assert.equal(expandQuery('图4：中芯国际归母净利润情况概览'), ['中芯国际归母净利润情况概览', '图4']);
  assert.equal(expandQuery('Figure 2. Net profit by quarter'), ['Net profit by quarter', 'Figure 2']);
  assert.equal(expandQuery('profit'), []);
  assert.equal(FIGURE_ROWS, { field: 'fields.chunk_type', equals: 'figure' });
});

test.run();

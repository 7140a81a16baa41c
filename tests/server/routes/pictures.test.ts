import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { png } from '../../fixtures/pictures.ts';
import { bearer, type CollectionsFixture, openFixture, withKeys } from '../collections-fixture.ts';

const test = suite<CollectionsFixture>('pictures over HTTP');

const search = (payload: object, { server }: CollectionsFixture, headers: object = {}) =>
  server.inject({ method: 'POST', url: '/v1/search', payload, headers: { ...headers } });

async function withCollection(
  body: (fixture: CollectionsFixture) => Promise<void>,
  options: Parameters<typeof openFixture>[0] = {},
): Promise<void> {
  const fixture = await openFixture(options);
  try {
    const collection = await fixture.collections.create('one').then(() => fixture.collections.get('one'));
    await collection.change(
      {
        put: [
          { source: 'a.md', content: 'a chart of profit' },
          { source: 'b.md', content: 'a secret chart', labels: ['board'] },
        ],
      },
      { labels: 'everything' },
    );
    await body(fixture);
  } finally {
    await fixture.server.close();
  }
}

test('a picture in base64 or as a data: address finds figures, with strategy and layer', () =>
  withCollection(async (fixture) => {
    const image = await png(4, 4, () => [200, 0, 0]);
    for (const sent of [image.toString('base64'), `data:image/png;base64,${image.toString('base64')}`]) {
      const options = { strategy: 'dual', layers: ['visual'], thresholds: { visual: 0.2 }, k: 3 };
      const answer = await search({ collection: 'one', image: sent, ...options }, fixture);
      assert.is(answer.statusCode, 200, answer.body);
      const [result] = answer.json().results;
      assert.equal([result.strategy, result.layer, result.score], ['dual', 'visual', image.length]);
      assert.equal(result.parts, [{ retriever: 'visual', rank: 1, score: 0.5 }]);
    }
    const collection = await fixture.collections.get('one');
    const [{ query, options }] = collection.pictureSearches as [(typeof collection.pictureSearches)[number]];
    assert.equal(query.image, image);
    assert.equal([options.strategy, options.layers, options.thresholds, options.k], ['dual', ['visual'], { visual: 0.2 }, 3]);
    const words = await search({ collection: 'one', query: 'profit', pictures: true, texts: true }, fixture);
    assert.is(words.statusCode, 200);
    assert.equal(
      [collection.pictureSearches.at(-1)!.query, collection.pictureSearches.at(-1)!.options.texts],
      [{ text: 'profit', image: undefined }, true],
    );
    // Without either it is a search for texts, as it was.
    assert.is((await search({ collection: 'one', query: 'profit' }, fixture)).statusCode, 200);
    assert.is(collection.searches.length, 1);
  }));

test('who asks sees what their labels open', () =>
  withKeys(async (keys, add) => {
    const everybody = await add({ name: 'everybody' });
    const board = await add({ name: 'board', labels: ['board'] });
    await withCollection(
      async (fixture) => {
        const image = (await png(4, 4, () => [0, 0, 0])).toString('base64');
        const sources = async (key: string) =>
          (await search({ collection: 'one', image }, fixture, bearer(key)))
            .json()
            .results.map(({ metadata }: { metadata: { source: string } }) => metadata.source);
        assert.equal(await sources(everybody), ['a.md']);
        assert.equal(await sources(board), ['a.md', 'b.md']);
      },
      { keys },
    );
  }));

test('what is no picture, and a request for nothing, are refused', () =>
  withCollection(async (fixture) => {
    const cases = [
      [{ image: 'https://example.org/a.png' }, 'PICTURE_BODY'],
      [{ image: Buffer.from('no picture at all').toString('base64') }, 'PICTURE_UNREADABLE'],
      [{}, 'SEARCH_REQUEST'],
      [{ query: 'a', pictures: true, layers: ['other'] }, 'SEARCH_REQUEST'],
    ] as const;
    for (const [body, code] of cases) {
      const answer = await search({ collection: 'one', ...body }, fixture);
      assert.equal([answer.statusCode, answer.json().error.code], [400, code]);
    }
  }));

test("vectors of pictures, texts and both in OpenAI's shape", () =>
  withCollection(async (fixture) => {
    const image = (await png(4, 4, () => [0, 0, 0])).toString('base64');
    const embed = (input: unknown, more: object = {}) =>
      fixture.server.inject({ method: 'POST', url: '/v1/embeddings', payload: { model: 'one', input, ...more } });
    const answer = await embed([{ image }, { text: 'a' }, 'b', { image, text: 'c' }]);
    assert.is(answer.statusCode, 200, answer.body);
    assert.equal(
      answer.json().data.map(({ index, embedding }: { index: number; embedding: number[] }) => [index, embedding[0]]),
      [
        [0, 2],
        [1, 1],
        [2, 1],
        [3, 3],
      ],
    );
    assert.is((await embed([{}])).statusCode, 400);
    assert.is((await embed([{ image: '***' }])).statusCode, 400);
    assert.is((await embed([{ image }], { dimensions: 7 })).statusCode, 400);
  }));

test.run();

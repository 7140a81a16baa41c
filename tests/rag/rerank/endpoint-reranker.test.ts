import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EndpointReranker, openReranker, RERANK_KEY_VARIABLE } from '../../../rag/rerank/index.ts';
import { type Asked, withJsonServer } from '../../fixtures/http-server.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('reranking endpoints');

/** By length, best first, as Cohere's and Jina's endpoints answer. */
const byLength = ({ body }: Asked) => ({
  id: 'x',
  results: (body.documents as string[])
    .map((text, index) => ({ index, relevance_score: text.length / 10, document: { text } }))
    .sort((left, right) => right.relevance_score - left.relevance_score),
});

test("Cohere's and Jina's shape: request, answer in any order, key from the environment", () =>
  withJsonServer(byLength, async (base, asked) => {
    process.env[RERANK_KEY_VARIABLE] = 'secret';
    try {
      const reranker = await openReranker(`endpoint:${base}/v2/rerank#rerank-multi`);
      assert.is(reranker.name, `endpoint:${new URL(base).host}#rerank-multi`);
      assert.equal(await reranker.score('问题', ['a', 'bbb', 'cc']), [0.1, 0.3, 0.2]);
      assert.equal(asked, [
        {
          path: '/v2/rerank',
          authorization: 'Bearer secret',
          body: { model: 'rerank-multi', query: '问题', documents: ['a', 'bbb', 'cc'], top_n: 3, return_documents: false },
        },
      ]);
      const few = new EndpointReranker({ url: `${base}/rerank`, batchSize: 2, key: '' });
      assert.equal(await few.score('q', ['a', 'bbb', 'cc']), [0.1, 0.3, 0.2]);
      assert.equal(
        asked.slice(1).map(({ body, authorization }) => [body.documents.length, body.model, authorization]),
        [
          [2, undefined, undefined],
          [1, undefined, undefined],
        ],
      );
      assert.equal(await few.score('q', []), []);
    } finally {
      delete process.env[RERANK_KEY_VARIABLE];
    }
  }));

test("text-embeddings-inference's shape", () =>
  withJsonServer(
    ({ body }) => (body.texts as string[]).map((text, index) => ({ index, score: text.length })).reverse(),
    async (base, asked) => {
      const reranker = await openReranker(`tei:${base}/rerank`);
      const texts = Array.from({ length: 40 }, (_, index) => 'x'.repeat(index + 1));
      assert.equal(
        await reranker.score('q', texts),
        texts.map(({ length }) => length),
      );
      assert.equal(
        asked.map(({ body }) => [body.texts.length, body.raw_scores, body.truncate, body.query]),
        [
          [32, true, true, 'q'],
          [8, true, true, 'q'],
        ],
      );
    },
  ));

test('what may pass is tried again, what may not is not', async () => {
  await withJsonServer(
    (asked, response, number) => {
      if (number === 3) return byLength(asked);
      response.writeHead(number === 1 ? 503 : 429).end();
      return undefined;
    },
    async (base, asked) => {
      const reranker = new EndpointReranker({ url: base, backoff: 1 });
      assert.equal(await reranker.score('q', ['a']), [0.1]);
      assert.is(asked.length, 3);
    },
  );
  await withJsonServer(
    (_, response) => {
      response.writeHead(401).end('{"message":"invalid api token"}');
    },
    async (base, asked) => {
      const error = await errorOf(() =>
        new EndpointReranker({ url: `${base}/v1/rerank?x=1`, backoff: 1, key: 'secret' }).score('q', ['a']),
      );
      assert.is(error.code, 'RERANKER_ENDPOINT');
      assert.match(
        error.message,
        /^the reranker at http:\/\/127\.0\.0\.1:\d+\/v1\/rerank failed: it answered 401: .*invalid api token.*; the key is taken from CEM_RERANK_API_KEY$/,
      );
      assert.not.match(JSON.stringify([error.message, error.details]), /secret/);
      assert.is(asked.length, 1);
    },
  );
  await withJsonServer(
    (_, response) => {
      response.writeHead(500).end('out of memory');
    },
    async (base, asked) => {
      const error = await errorOf(() => new EndpointReranker({ url: base, backoff: 1, retries: 2 }).score('q', ['a']));
      assert.match(error.message, /failed \(3 attempts\): it answered 500: out of memory/);
      assert.is(asked.length, 3);
    },
  );
});

test('an answer that does not come, no connection, a signal', async () => {
  await withJsonServer(
    () => undefined,
    async (base) => {
      const error = await errorOf(() => new EndpointReranker({ url: base, timeout: 50, retries: 0 }).score('q', ['a']));
      assert.match(error.message, /no answer within 0\.05 s/);
      const reason = new Error('enough');
      const controller = new AbortController();
      const asking = new EndpointReranker({ url: base }).score('q', ['a'], { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 20);
      assert.is(await asking.catch((thrown: unknown) => thrown), reason);
    },
  );
  // A port that was just free.
  let closed = '';
  await withJsonServer(
    () => ({}),
    async (base) => {
      closed = base;
    },
  );
  const refused = await errorOf(() => new EndpointReranker({ url: closed, retries: 1, backoff: 1 }).score('q', ['a']));
  assert.match(refused.message, /\(2 attempts\).*ECONNREFUSED/);
});

test('answers that are none are said to be so', async () => {
  const wrong: [unknown, RegExp][] = [
    [{ results: [] }, /has no score of text 0/],
    [
      {
        results: [
          { index: 0, relevance_score: 1 },
          { index: 0, relevance_score: 2 },
        ],
      },
      /stands there twice/,
    ],
    [{ results: [{ index: 7, relevance_score: 1 }] }, /a result 7, of 2 texts/],
    [{ scores: [1, 2] }, /is not \{ results/],
    [{ results: [{ index: 0, relevance_score: 'high' }] }, /relevance_score/],
    ['<html>', /is not \{ results/],
  ];
  for (const [answer, message] of wrong) {
    await withJsonServer(
      () => answer,
      async (base) => {
        const error = await errorOf(() => new EndpointReranker({ url: base }).score('q', ['a', 'b']));
        assert.is(error.code, 'RERANKER_ENDPOINT');
        assert.match(error.message, message);
      },
    );
  }
  for (const url of ['ftp://x/y', 'rerank', 'http://name:word@host/x']) {
    const error = await errorOf(() => openReranker(`endpoint:${url}`));
    assert.is(error.code, 'RERANKER_CHOICE', url);
    assert.not.match(error.message, /word@/);
  }
});

test.run();

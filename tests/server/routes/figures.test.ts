import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { figureFields, figureId } from '../../../data/index.ts';
import { bearer, openFixture, withKeys } from '../collections-fixture.ts';

const test = suite('figures over HTTP');

const id = figureId(Buffer.from('picture'));
const fields = figureFields({ id, stored: true, mediaType: 'image/png', width: 20, height: 10, caption: '图4：利润' });
const text = '图4：利润';

test('a result and its picture, which does nothing but to be shown', async () => {
  const { server, collections } = await openFixture();
  const ask = (url: string, headers = {}) => server.inject({ method: 'GET', url, headers });
  try {
    await collections.create('one');
    const payload = {
      documents: [
        { source: 'a.pdf', text, fields },
        { source: 'b.md', text: 'words alone' },
      ],
      wait: true,
    };
    const put = await server.inject({ method: 'POST', url: '/v1/collections/one/documents', payload });
    const [figure, words] = put.json().put.map(({ documents }: { documents: string[] }) => `${documents[0]}-0`);
    const found = await server.inject({ method: 'POST', url: '/v1/search', payload: { collection: 'one', query: text } });
    const shown = { id, caption: '图4：利润', media_type: 'image/png', width: 20, height: 10, stored: true };
    assert.equal([found.json().results[0].id, found.json().results[0].figure], [figure, shown]);
    const answer = await ask(`/v1/collections/one/figures/${figure}`);
    assert.equal([answer.statusCode, answer.headers['content-type']], [200, 'image/png']);
    assert.is(answer.body, `picture of ${figure}`);
    assert.is(answer.headers['x-content-type-options'], 'nosniff');
    assert.is(answer.headers['content-security-policy'], "default-src 'none'; sandbox");
    const again = await ask(`/v1/collections/one/figures/${figure}`, { 'if-none-match': answer.headers['etag'] });
    assert.equal([again.statusCode, again.body], [304, '']);
    for (const other of [words, `${figure}9`, 'none']) {
      const missing = await ask(`/v1/collections/one/figures/${other}`);
      assert.equal([missing.statusCode, missing.json().error.code], [404, 'FIGURE_MISSING'], other);
    }
  } finally {
    await server.close();
  }
});

test('who may not see the text of a figure does not see its picture', async () => {
  await withKeys(async (ring, add) => {
    const { server, collections } = await openFixture({ keys: ring });
    try {
      await collections.create('one');
      const admin = bearer(await add({ name: 'admin', scope: 'admin', labels: 'everything' }));
      const documents = [{ source: 'a.pdf', text, fields, labels: ['board'] }];
      const put = await server.inject({
        method: 'POST',
        url: '/v1/collections/one/documents',
        payload: { documents, wait: true },
        headers: admin,
      });
      const url = `/v1/collections/one/figures/${put.json().put[0].documents[0]}-0`;
      const statusFor = async (headers: Readonly<Record<string, string>>) =>
        (await server.inject({ method: 'GET', url, headers })).statusCode;
      assert.is(await statusFor(bearer(await add({ name: 'board', scope: 'read', labels: ['board'] }))), 200);
      assert.is(await statusFor(bearer(await add({ name: 'crew', scope: 'read', labels: ['crew'] }))), 404);
      assert.is(await statusFor({}), 401);
    } finally {
      await server.close();
    }
  });
});

test.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkListening,
  isLoopback,
  isLoopbackName,
  labelsToSet,
  type Principal,
  removeKey,
  scopesUpTo,
} from '../../../server/access/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { bearer, openFixture, withKeys } from '../collections-fixture.ts';

const test = suite('who may ask');

test('without keys everybody may do everything; with them each needs one of the scope', async () => {
  const open = await openFixture();
  assert.is((await open.server.inject('/v1/collections')).statusCode, 200);
  await open.server.close();

  await withKeys(async (ring, add, path) => {
    const { server } = await openFixture({ keys: ring });
    const [read, write, admin] = [
      await add({ name: 'read' }),
      await add({ name: 'write', scope: 'write' }),
      await add({ name: 'admin', scope: 'admin' }),
    ];
    const ask = (method: 'GET' | 'POST', url: string, headers: object, payload?: object) =>
      server.inject({ method, url, headers: { ...headers }, ...(payload && { payload }) });
    const nobody = await ask('GET', '/v1/collections', {});
    assert.is(nobody.statusCode, 401);
    assert.is(nobody.json().error.code, 'UNAUTHORIZED');
    assert.match(nobody.headers['www-authenticate'] as string, /^Bearer/);
    for (const wrong of [`${read}x`, 'x', read.replace(/^cem_/, '')])
      assert.is((await ask('GET', '/v1/collections', bearer(wrong))).statusCode, 401);
    assert.is((await ask('GET', '/v1/collections', { authorization: `Basic ${read}` })).statusCode, 401);

    assert.is((await ask('GET', '/v1/collections', bearer(read))).statusCode, 200);
    assert.is((await ask('GET', '/v1/collections', { 'x-api-key': read })).statusCode, 200);
    for (const [key, status] of [
      [read, 403],
      [write, 403],
      [admin, 201],
    ] as const)
      assert.is((await ask('POST', '/v1/collections', bearer(key), { name: 'one' })).statusCode, status);
    const documents = { documents: [{ source: 'a.md', text: 'x' }], wait: true };
    for (const [key, status] of [
      [read, 403],
      [write, 200],
      [admin, 200],
    ] as const)
      assert.is((await ask('POST', '/v1/collections/one/documents', bearer(key), documents)).statusCode, status);

    // Who may not ask is not told what is wrong with the body, nor is it read.
    assert.is((await ask('POST', '/v1/collections', {}, { name: '!' })).statusCode, 401);
    for (const url of ['/health', '/ready', '/openapi.json', '/docs/', '/nothing'])
      assert.is((await ask('GET', url, {})).statusCode, url === '/nothing' ? 404 : 200, url);
    assert.is((await ask('GET', '/metrics', {})).statusCode, 401);
    await removeKey(path, 'read');
    assert.is((await ask('GET', '/v1/collections', bearer(read))).statusCode, 401);
    await server.close();
  });
});

test('pages of others may not ask, and a server without keys has a name of this machine', async () => {
  const { server } = await openFixture();
  const ask = (headers: Record<string, string>) => server.inject({ url: '/v1/collections', headers });
  for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'app.localhost', 'LOCALHOST'])
    assert.is((await ask({ host })).statusCode, 200, host);
  for (const host of ['example.org', '127.0.0.1.example.org', '10.0.0.1', 'localhost.example.org:80']) {
    const refused = await ask({ host });
    assert.is(refused.statusCode, 403, host);
    assert.is(refused.json().error.code, 'HOST_REFUSED');
  }
  const own = { host: 'localhost:8080', origin: 'http://localhost:8080' };
  assert.is((await ask(own)).statusCode, 200);
  for (const origin of ['https://example.org', 'http://localhost:9000', 'null']) {
    const refused = await ask({ ...own, origin });
    assert.is(refused.statusCode, 403, origin);
    assert.is(refused.json().error.code, 'ORIGIN_REFUSED');
    assert.is(refused.headers['access-control-allow-origin'], undefined);
  }
  await server.close();

  const insecure = await openFixture({ anyName: true });
  assert.is((await insecure.server.inject({ url: '/v1/collections', headers: { host: 'example.org' } })).statusCode, 200);
  await insecure.server.close();
});

test('--cors lets the pages of an origin ask, and no others', async () => {
  const { server } = await openFixture({ cors: ['https://example.org'] });
  const ask = (origin: string, method: 'GET' | 'OPTIONS' = 'GET') =>
    server.inject({
      method,
      url: '/v1/collections',
      headers: { origin, ...(method === 'OPTIONS' && { 'access-control-request-method': 'POST' }) },
    });
  const allowed = await ask('https://example.org');
  assert.is(allowed.statusCode, 200);
  assert.is(allowed.headers['access-control-allow-origin'], 'https://example.org');
  const preflight = await ask('https://example.org', 'OPTIONS');
  assert.is(preflight.statusCode, 204);
  assert.match(preflight.headers['access-control-allow-methods'] as string, /DELETE/);
  assert.is((await ask('https://example.com')).statusCode, 403);
  await server.close();
});

test('answers have headers that keep browsers from more than is meant', async () => {
  const { server } = await openFixture();
  const { headers } = await server.inject('/v1/collections');
  assert.is(headers['x-content-type-options'], 'nosniff');
  assert.match(headers['content-security-policy'] as string, /default-src 'none'/);
  const page = await server.inject('/docs/');
  assert.is(page.statusCode, 200);
  assert.match(page.headers['content-security-policy'] as string, /script-src 'self'/);
  await server.close();
});

test('requests a minute are limited for each key, and for an address without one; probes are not', async () => {
  await withKeys(async (ring, add) => {
    const { server } = await openFixture({ keys: ring, rateLimit: 3 });
    const keys = [await add({ name: 'one' }), await add({ name: 'two' })];
    const ask = (headers: object, url = '/v1/collections') => server.inject({ url, headers: { ...headers } });
    for (const key of keys) {
      for (const left of [2, 1, 0]) {
        const answer = await ask(bearer(key));
        assert.is(answer.statusCode, 200);
        assert.is(Number(answer.headers['x-ratelimit-remaining']), left);
      }
      const refused = await ask(bearer(key));
      assert.is(refused.statusCode, 429);
      assert.is(refused.json().error.code, 'TOO_MANY_REQUESTS');
      assert.ok(Number(refused.headers['retry-after']) > 0);
    }
    for (const status of [401, 401, 401, 429]) assert.is((await ask({})).statusCode, status);
    for (let time = 0; time < 5; time++) assert.is((await ask({}, '/health')).statusCode, 200);
    await server.close();
  });
});

test('listening where others reach it is refused without keys, unless that is said', async () => {
  for (const name of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) assert.ok(await isLoopback(name), name);
  for (const name of ['0.0.0.0', '::', '10.0.0.1']) assert.not(await isLoopback(name), name);
  assert.ok(isLoopbackName('[::1]:80'));
  assert.not(isLoopbackName('127.0.0.1.example.org'));
  const none = { keys: false, insecure: false };
  await checkListening('127.0.0.1', none);
  const error = await errorOf(() => checkListening('0.0.0.0', none));
  assert.is(error.code, 'SERVER_INSECURE');
  assert.match(error.message, /cem keys add/);
  await checkListening('0.0.0.0', { keys: true, insecure: false });
  await checkListening('0.0.0.0', { keys: false, insecure: true });
});

test('a key sets labels that it has itself, one of the scope admin any; what it says nothing of has its own', () => {
  const principal = (scope: 'write' | 'admin', labels: Principal['labels']): Principal => ({
    name: 'x',
    scopes: scopesUpTo(scope),
    labels,
  });
  const writer = principal('write', ['a', 'b']);
  assert.equal(labelsToSet(writer), ['a', 'b']);
  assert.equal(labelsToSet(writer, ['b']), ['b']);
  assert.equal(labelsToSet(writer, []), []);
  assert.throws(
    () => labelsToSet(writer, ['a', 'c']),
    (error: { code: string }) => error.code === 'LABEL_FORBIDDEN',
  );
  assert.equal(labelsToSet(principal('admin', ['a']), ['c']), ['c']);
  assert.equal(labelsToSet(principal('write', 'everything'), ['c']), ['c']);
  assert.is(labelsToSet(principal('write', 'everything')), undefined);
});

test.run();

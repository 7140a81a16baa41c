import { readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { HttpRanges } from '../../../base/remote/http-ranges.ts';
import { RangeCacheStore } from '../../../base/remote/range-cache.ts';
import { RemoteFile, type RemoteFileOptions } from '../../../base/remote/remote-file.ts';
import { type Fault, withRangeServer } from '../../fixtures/range-server.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const HEAD = 128 * 1024;
const SIZE = 4_000_000;
const OBJECT = randomBytes(SIZE, 1);

const test = suite('remote files');

function randomBytes(length: number, seed: number): Uint8Array {
  const numbers = new RandomNumbers(seed, 'object');
  return Uint8Array.from({ length }, () => numbers.integer(256));
}

const openAt = (base: string, name = 'a', options: RemoteFileOptions = {}): Promise<RemoteFile> =>
  RemoteFile.open(new HttpRanges(`${base}/${name}`), { backoff: 1, ...options });

const same = (bytes: Uint8Array, position: number): void =>
  assert.ok(Buffer.from(bytes).equals(OBJECT.subarray(position, position + bytes.length)), `bytes at ${position}`);

test('the size, its beginning by one request; a read by one more; near ones joined', () =>
  withRangeServer({ a: OBJECT }, async ({ base, requests }) => {
    const file = await openAt(base);
    assert.is(file.size, SIZE);
    same(await file.read(0, 1000), 0);
    same(await file.read(HEAD - 10, 10), HEAD - 10);
    assert.is(requests.length, 1, 'the beginning is kept');
    same(await file.read(1_000_000, 700), 1_000_000);
    assert.equal(requests.slice(1), [{ name: 'a', start: 1_000_000, end: 1_000_700 }]);
    // In one turn: two that touch, one 60 KB behind them, one that overlaps, one far away, one of no bytes.
    const places = [
      [2_000_700, 300],
      [2_000_000, 700],
      [2_061_000, 500],
      [2_000_100, 50],
      [3_999_000, 1000],
      [500, 0],
    ] as const;
    const read = await Promise.all(places.map(([position, length]) => file.read(position, length)));
    for (const [number, [position, length]] of places.entries()) {
      assert.is(read[number]!.length, length);
      same(read[number]!, position);
    }
    assert.equal(requests.slice(2), [
      { name: 'a', start: 2_000_000, end: 2_061_500 },
      { name: 'a', start: 3_999_000, end: 4_000_000 },
    ]);
    await file.close();
  }));

test('small and empty objects need one request', () =>
  withRangeServer({ small: OBJECT.subarray(0, 100), empty: new Uint8Array(0) }, async ({ base, requests }) => {
    const small = await openAt(base, 'small');
    assert.is(small.size, 100);
    same(await small.read(90, 10), 90);
    const empty = await openAt(base, 'empty');
    assert.is(empty.size, 0);
    assert.is((await empty.read(0, 0)).length, 0);
    assert.is(requests.length, 2);
    assert.is((await errorOf(() => small.read(90, 11))).code, 'ZPKG_TRUNCATED');
  }));

test('failures that pass: the server is busy, connections break at random places', () => {
  const numbers = new RandomNumbers(7, 'faults');
  const fault: Fault = (_, response) => {
    const kind = numbers.integer(4);
    if (kind === 0) return void response.writeHead(503, { 'retry-after': '0' }).end('later') === undefined;
    if (kind === 1) return response.destroy() === response;
    if (kind === 2) {
      // The head is right; the body ends early.
      const { end } = response;
      response.end = ((body?: Uint8Array) => {
        if (!(body instanceof Uint8Array)) return Reflect.apply(end, response, []);
        response.write(body.subarray(0, Math.floor(body.length * numbers.uniform())), () =>
          setTimeout(() => response.destroy(), 5),
        );
        return response;
      }) as typeof response.end;
    }
    return false;
  };
  return withRangeServer(
    { a: OBJECT },
    async ({ base, requests }) => {
      const file = await openAt(base, 'a', { retries: 30 });
      for (let read = 0; read < 40; read++) {
        const position = Math.floor(numbers.uniform() * (SIZE - 5000));
        same(await file.read(position, 5000), position);
      }
      assert.ok(requests.length > 50, `${requests.length} requests of 41 ranges`);
    },
    fault,
  );
});

test('failures that stay are errors that say what, where and what to do', async () => {
  await withRangeServer({}, async ({ base }) => {
    const error = await errorOf(() => openAt(base, 'absent?key=SECRET'));
    assert.is(error.code, 'FILE_OPEN');
    assert.is(error.message, `cannot read ${base}/absent: there is no such object`);
    assert.is(error.details['missing'], true);
  });
  await withRangeServer(
    { a: OBJECT },
    async ({ base, requests }) => {
      const error = await errorOf(() => openAt(base, 'a', { retries: 2 }));
      assert.is(error.message, `cannot read ${base}/a: it answered 500: out of order (3 attempts)`);
      assert.is(requests.length, 3);
    },
    (_, response) => void response.writeHead(500).end('out of order') === undefined,
  );
  await withRangeServer(
    { a: OBJECT },
    async ({ base }) => {
      const error = await errorOf(() => openAt(base));
      assert.is(error.code, 'REMOTE_RANGES');
      assert.match(error.message, 'gives no ranges of it');
    },
    (_, response) => void response.writeHead(200, { 'content-length': SIZE }).end(OBJECT) === undefined,
  );
  await withRangeServer(
    { a: OBJECT },
    async ({ base, requests }) => {
      assert.match((await errorOf(() => openAt(base))).message, 'it answered 403');
      assert.is(requests.length, 1, 'asked once');
    },
    (_, response) => void response.writeHead(403).end('<Error>no</Error>') === undefined,
  );
  const silent = await errorOf(() => RemoteFile.open(new HttpRanges('http://127.0.0.1:9/x'), { retries: 1, backoff: 1 }));
  assert.match(silent.message, /cannot read http:\/\/127\.0\.0\.1:9\/x: .*\(2 attempts\)/);
});

test('a server that never answers', () =>
  withRangeServer(
    { a: OBJECT },
    async ({ base }) => {
      const error = await errorOf(() => openAt(base, 'a', { timeout: 50, retries: 1 }));
      assert.match(error.message, 'no answer within 0.05 s (2 attempts)');
    },
    () => true,
  ));

test('an object that is replaced while it is read is an error, never bytes of two states', () =>
  withRangeServer({ a: OBJECT }, async ({ base, objects }) => {
    const file = await openAt(base);
    same(await file.read(1_000_000, 10), 1_000_000);
    objects.set('a', randomBytes(SIZE, 2));
    const error = await errorOf(() => file.read(2_000_000, 10));
    assert.is(error.code, 'REMOTE_CHANGED');
    assert.match(error.message, 'was replaced while it was read');
    const again = await openAt(base);
    assert.not.equal(await again.read(2_000_000, 10), OBJECT.slice(2_000_000, 2_000_010));
  }));

test('a tag that is weak, or none: size and tag of each answer are compared', async () => {
  let tag: string | undefined = 'W/"1"';
  const fault: Fault = ({ start, end }, response) => {
    response.writeHead(206, { ...(tag && { etag: tag }), 'content-range': `bytes ${start}-${end - 1}/${SIZE}` });
    return response.end(OBJECT.subarray(start, end)) === response;
  };
  await withRangeServer(
    {},
    async ({ base }) => {
      const file = await openAt(base);
      same(await file.read(300_000, 9), 300_000);
      tag = 'W/"2"';
      assert.is((await errorOf(() => file.read(400_000, 9))).code, 'REMOTE_CHANGED');
    },
    fault,
  );
});

test('closed: reads that are under way and later ones end', () =>
  withRangeServer(
    { a: OBJECT },
    async ({ base }) => {
      const file = await openAt(base);
      const reading = errorOf(() => file.read(1_000_000, 10));
      await new Promise((resolve) => setTimeout(resolve, 20));
      await file.close();
      assert.is((await reading).code, 'FILE_CLOSED');
      assert.is((await errorOf(() => file.read(0, 1))).code, 'FILE_CLOSED');
    },
    ({ start }) => start > 0,
  ));

test('ranges on disk: asked for once, by later processes too; damage and other states are asked for again', () =>
  withTemporaryFolder(async (folder) =>
    withRangeServer({ a: OBJECT }, async ({ base, requests }) => {
      const store = new RangeCacheStore(folder, 1 << 20);
      const openCache: NonNullable<RemoteFileOptions['openCache']> = ({ tag }) => store.open(tag!.replaceAll('"', ''));
      const first = await openAt(base, 'a', { openCache });
      for (const position of [500_000, 700_000, 500_000]) same(await first.read(position, 3000), position);
      assert.is(requests.length, 3, 'open, and two ranges');
      await first.close();
      const second = await openAt(base, 'a', { openCache });
      for (const position of [500_000, 700_000]) same(await second.read(position, 3000), position);
      assert.is(requests.length, 4, 'open');
      await second.close();
      // A record that is cut off, and one whose bytes are others.
      const path = join(folder, (await readdir(folder))[0]!);
      const [name] = await readdir(path);
      const file = join(path, name!);
      await truncate(file, (await stat(file)).size - 1);
      const third = await openAt(base, 'a', { openCache });
      same(await third.read(500_000, 3000), 500_000);
      assert.is(requests.length, 5);
      same(await third.read(700_000, 3000), 700_000);
      assert.is(requests.length, 6, 'the second record was cut off');
      await third.close();
      await writeFile(file, 'CEMR and nothing of use', { flag: 'r+' });
      const fourth = await openAt(base, 'a', { openCache });
      same(await fourth.read(500_000, 3000), 500_000);
      await fourth.close();
    }),
  ));

test('ranges on disk keep to their limit', () =>
  withTemporaryFolder(async (folder) => {
    const store = new RangeCacheStore(folder, 1 << 20);
    for (let object = 0; object < 8; object++) {
      const cache = await store.open(`object-${object}`);
      for (let range = 0; range < 40; range++) {
        const start = range * 10_000;
        await cache.put(start, OBJECT.subarray(start, start + 10_000));
        same((await cache.get(start, 10_000))!, start);
      }
      await cache.close();
    }
    let total = 0;
    for (const name of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (name.isFile()) total += (await stat(join(name.parentPath, name.name))).size;
    assert.ok(total <= 1 << 20, `${total} bytes`);
    assert.ok(total > 1 << 19, `${total} bytes`);
  }));

test.run();

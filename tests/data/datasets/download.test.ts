import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { downloadFile } from '../../../data/datasets/download.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { type Behaviour, type FileServer, serveFiles } from './file-server.ts';

const test = suite('download of a file');

const CONTENT = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
const MD5 = createHash('md5').update(CONTENT).digest('hex');
const QUICK = { firstPauseMs: 1, md5: MD5 };

async function withServer(
  behaviours: readonly Behaviour[],
  action: (server: FileServer, path: string) => Promise<void>,
  options: { content?: () => Uint8Array; tag?: () => string } = {},
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const server = await serveFiles(() => new Map([['/set.zip', options.content?.() ?? CONTENT]]), behaviours, {
      part: join(folder, 'set.zip.part'),
      ...(options.tag && { tag: options.tag }),
    });
    try {
      await action(server, join(folder, 'set.zip'));
    } finally {
      await server.close();
    }
  });
}

const isWhole = async (path: string): Promise<void> => {
  assert.is(Buffer.compare(await readFile(path), CONTENT), 0);
  assert.not.ok(existsSync(`${path}.part`));
  assert.not.ok(existsSync(`${path}.part.json`));
};

test('in one go, with progress', () =>
  withServer([{}], async ({ address, requests }, path) => {
    const progress: number[] = [];
    const { bytes, resumedFrom } = await downloadFile(`${address}/set.zip`, path, {
      ...QUICK,
      onProgress: (done, total) => {
        assert.is(total, CONTENT.length);
        progress.push(done);
      },
    });
    assert.equal([bytes, resumedFrom, requests.length], [CONTENT.length, 0, 1]);
    assert.is(progress.at(-1), CONTENT.length);
    await isWhole(path);
  }));

test('cut connections: goes on from the bytes that are there', () =>
  withServer([{ cutAfter: 100_000 }, { cutAfter: 50_000 }, { status: 503 }, {}], async ({ address, requests }, path) => {
    await downloadFile(`${address}/set.zip`, path, QUICK);
    await isWhole(path);
    assert.equal(
      requests.map(({ range }) => range),
      [undefined, 'bytes=100000-', 'bytes=150000-', 'bytes=150000-'],
    );
    assert.is(requests[1]!.ifRange, '"1"');
  }));

test('a connection that brings nothing more is cut', () =>
  withServer([{ stallAfter: 1000 }, {}], async ({ address, requests }, path) => {
    await downloadFile(`${address}/set.zip`, path, { ...QUICK, idleMs: 300 });
    await isWhole(path);
    assert.ok(requests.length >= 2);
  }));

test('given up after tries without progress; a later call goes on', () =>
  withServer([{ cutAfter: 100_000 }, { cutAfter: 0 }, { cutAfter: 0 }, {}], async ({ address, requests }, path) => {
    const error = await errorOf(() => downloadFile(`${address}/set.zip`, path, { ...QUICK, attempts: 2 }));
    assert.is(error.code, 'DOWNLOAD_CUT');
    assert.match(error.message, 'first 100000 bytes');
    assert.is((await stat(`${path}.part`)).size, 100_000);
    assert.is((await downloadFile(`${address}/set.zip`, path, QUICK)).resumedFrom, 100_000);
    await isWhole(path);
    assert.is(requests.at(-1)!.range, 'bytes=100000-');
  }));

test('a file that changed meanwhile is fetched anew, not joined', async () => {
  let changed = false;
  const other = CONTENT.map((byte) => byte ^ 1);
  await withServer(
    [{ cutAfter: 100_000 }, { cutAfter: 0 }, {}],
    async ({ address }, path) => {
      await errorOf(() => downloadFile(`${address}/set.zip`, path, { ...QUICK, attempts: 1 }));
      changed = true;
      await downloadFile(`${address}/set.zip`, path, { ...QUICK, md5: createHash('md5').update(other).digest('hex') });
      assert.is(Buffer.compare(await readFile(path), other), 0);
    },
    { content: () => (changed ? other : CONTENT), tag: () => (changed ? '"2"' : '"1"') },
  );
});

test('a server without ranges: from the start again', () =>
  withServer([{ cutAfter: 100_000 }, { ignoreRange: true }], async ({ address }, path) => {
    await downloadFile(`${address}/set.zip`, path, QUICK);
    await isWhole(path);
  }));

test('all bytes were there, and only the renaming was missing', () =>
  withServer([{}], async ({ address }, path) => {
    await writeFile(`${path}.part`, CONTENT);
    await downloadFile(`${address}/set.zip`, path, QUICK);
    await isWhole(path);
  }));

test('more bytes are there than the server has: from the start again', () =>
  withServer([{}], async ({ address, requests }, path) => {
    await writeFile(`${path}.part`, Buffer.concat([CONTENT, CONTENT]));
    await downloadFile(`${address}/set.zip`, path, QUICK);
    await isWhole(path);
    assert.is(requests.length, 2);
  }));

test('a wrong checksum is refused, and what arrived removed', () =>
  withServer([{}], async ({ address }, path) => {
    const error = await errorOf(() => downloadFile(`${address}/set.zip`, path, { ...QUICK, md5: '0'.repeat(32) }));
    assert.is(error.code, 'DOWNLOAD_CHECKSUM');
    assert.match(error.message, MD5);
    assert.not.ok(existsSync(path) || existsSync(`${path}.part`) || existsSync(`${path}.part.json`));
  }));

test('what the server has not is not asked for again', () =>
  withServer([{}], async ({ address, requests }, path) => {
    assert.is((await errorOf(() => downloadFile(`${address}/other.zip`, path, QUICK))).code, 'DOWNLOAD_STATUS');
    assert.is(requests.length, 1);
  }));

test('no network', async () => {
  const server = await serveFiles(() => new Map());
  await server.close();
  await withTemporaryFolder(async (folder) => {
    const error = await errorOf(() => downloadFile(`${server.address}/set.zip`, join(folder, 'set.zip'), QUICK));
    assert.is(error.code, 'DOWNLOAD_NO_NETWORK');
  });
});

test.run();

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { besidePath, RandomNumbers } from '../../../base/index.ts';
import { DocumentReader, packCorpus } from '../../../data/index.ts';
import { ZpkgReader } from '../../../zpkg/index.ts';
import { withRangeServer } from '../../fixtures/range-server.ts';
import { collect, errorOf } from '../../fixtures/temporary-folder.ts';

/** Reads of chunks by random; the long run sets 10000. */
const READS = Number(process.env['CEM_REMOTE_READS'] ?? 500);
const DOCUMENTS = 1200;

const test = suite('documents on a server');

let files: Record<string, Uint8Array> = {};
let folder = '';

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cem-remote-'));
  files = await packed(folder);
  process.env['CEM_REMOTE_CACHE'] = '0';
});
test.after(async () => {
  await rm(folder, { recursive: true });
  delete process.env['CEM_REMOTE_CACHE'];
});

async function packed(folder: string): Promise<Record<string, Uint8Array>> {
  const numbers = new RandomNumbers(3, 'texts');
  const words = Array.from({ length: 2000 }, (_, word) => `w${word}${numbers.integer(1e6)}`);
  async function* documents() {
    for (let document = 0; document < DOCUMENTS; document++)
      yield {
        id: `d/${document}`,
        title: `title ${document}`,
        text: Array.from({ length: 20 + ((document * 37) % 150) }, (_, at) => words[(document * 31 + at * at) % 2000]).join(' '),
      };
  }
  const path = join(folder, 'c.zpkg');
  await packCorpus(documents, path, { level: 3, workers: 1 });
  return Object.fromEntries(
    await Promise.all(['', '.map', '.meta'].map(async (suffix) => [`c.zpkg${suffix}`, await readFile(path + suffix)] as const)),
  );
}

test('chunks, texts, ids and metadata equal those of the file; a chunk is one request, near ones are joined', () =>
  withRangeServer(files, async ({ base, requests }) => {
    await using local = await DocumentReader.open(join(folder, 'c.zpkg'));
    await using remote = await DocumentReader.open(`${base}/c.zpkg?key=SECRET`);
    assert.equal([...remote.ids()], [...local.ids()]);
    const opening = requests.length;
    assert.ok(opening <= 6, `${opening} requests: ${JSON.stringify(requests)}`);
    const numbers = new RandomNumbers(5, 'reads');
    for (let read = 0; read < READS; read++) {
      const chunk = numbers.integer(local.chunkCount);
      assert.ok(Buffer.from(await remote.compressedChunk(chunk)).equals(await local.compressedChunk(chunk)), `chunk ${chunk}`);
    }
    const beyond = requests.length - opening;
    // What lies in the first 128 KiB came with the first request.
    assert.ok(beyond <= READS && beyond > READS / 4, `${beyond} requests of ${READS} reads`);
    const before = requests.length;
    const ten = Array.from({ length: 10 }, (_, at) => local.chunkCount - 1 - at);
    assert.equal(
      await Promise.all(ten.map((chunk) => remote.chunkText(chunk))),
      await Promise.all(ten.map((chunk) => local.chunkText(chunk))),
    );
    assert.is(requests.length, before + 1, 'ten neighbours are one request');
    assert.equal(await remote.documentMetadata('d/1199'), await local.documentMetadata('d/1199'));
    assert.equal(await collect(remote.container.frames()), await collect(local.container.frames()));
    assert.not.match(remote.container.path, 'SECRET');
  }));

test('a container without its mapping, and one whose mapping is of another', () =>
  withRangeServer({ 'c.zpkg': files['c.zpkg']!, 'c.zpkg.map': files['c.zpkg']! }, async ({ base, objects }) => {
    assert.is((await errorOf(() => DocumentReader.open(`${base}/c.zpkg`))).code, 'MAPPING_MAGIC');
    objects.delete('c.zpkg.map');
    const error = await errorOf(() => DocumentReader.open(`${base}/c.zpkg?key=SECRET`));
    assert.is(error.message, `cannot read ${base}/c.zpkg.map: there is no such object`);
    // What a pack into a store leaves for a moment: side files that wait for their container.
    objects.set('c.zpkg.map.next', files['c.zpkg.map']!);
    objects.set('c.zpkg.meta.next', files['c.zpkg.meta']!);
    objects.set('c.zpkg.meta', files['c.zpkg.map']!);
    assert.is((await errorOf(() => DocumentReader.open(`${base}/c.zpkg`))).code, 'METADATA_MAGIC');
    objects.delete('c.zpkg.meta');
    await using reader = await DocumentReader.open(`${base}/c.zpkg`);
    assert.is((await reader.documentMetadata('d/7'))?.title, 'title 7');
  }));

test('a container that is replaced while it is open', () =>
  withRangeServer(files, async ({ base, objects }) => {
    await using reader = await ZpkgReader.open(`${base}/c.zpkg`);
    objects.set('c.zpkg', Buffer.concat([files['c.zpkg']!, Buffer.from('x')]));
    const error = await errorOf(() => reader.compressedChunk(reader.chunkCount - 1));
    assert.is(error.code, 'REMOTE_CHANGED');
    assert.is((await errorOf(() => ZpkgReader.open(`${base}/c.zpkg`))).code, 'ZPKG_TRAILING');
  }));

test('names beside an address keep its query', () => {
  assert.is(besidePath('https://x/a.zpkg?sig=1', '.map'), 'https://x/a.zpkg.map?sig=1');
  assert.is(besidePath('s3://b/a.zpkg', '.map'), 's3://b/a.zpkg.map');
  assert.is(besidePath('what?.zpkg', '.map'), 'what?.zpkg.map');
});

test('addresses that are none', async () => {
  for (const [address, code] of [
    ['s3://bucket', 'REMOTE_ADDRESS'],
    ['s3://b/x', 'REMOTE_ADDRESS'],
    ['https://user:hush@x/c.zpkg', 'REMOTE_ADDRESS'],
    ['https://', 'REMOTE_ADDRESS'],
  ] as const) {
    const error = await errorOf(() => ZpkgReader.open(address));
    assert.is(error.code, code, address);
    assert.not.match(error.message, 'hush');
  }
});

test.run();

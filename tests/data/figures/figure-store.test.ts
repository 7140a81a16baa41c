import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Figure, FigureStore, figureFields, figureId, figureOfMetadata } from '../../../data/index.ts';

const test = suite('figures on disk');

// `printf abc | sha256sum`
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'figures-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function idsOf(store: FigureStore): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of store.list()) ids.push(id);
  return ids;
}

test('a picture is stored once, under the hash of its bytes', async () => {
  await inFolder(async (folder) => {
    const store = new FigureStore(join(folder, 'figures'));
    assert.equal(await idsOf(store), []);
    const bytes = Buffer.from('abc');
    assert.is(await store.put({ bytes, mediaType: 'image/png' }), ABC);
    assert.is(await store.put({ bytes, mediaType: 'image/png' }), ABC);
    assert.equal(await readdir(join(folder, 'figures', 'ba')), [`${ABC}.png`]);
    assert.equal(await store.read(ABC), { mediaType: 'image/png', bytes });
    assert.is(await store.has(ABC), true);
    assert.is(await store.bytes(), 3);
    assert.is(await store.read(figureId(Buffer.from('other'))), undefined);
  });
});

test('what is not wanted goes, what a killed process left too', async () => {
  await inFolder(async (folder) => {
    const store = new FigureStore(folder);
    await store.put({ bytes: Buffer.from('abc'), mediaType: 'image/webp' });
    const other = await store.put({ bytes: Buffer.from('abd'), mediaType: 'image/jpeg' });
    await writeFile(join(folder, 'ba', `.${ABC}.webp.1.tmp`), 'ab');
    assert.is(await store.retain(new Set([ABC])), 1);
    assert.is(await store.has(other), false);
    assert.equal(await readdir(join(folder, 'ba')), [`${ABC}.webp`]);
  });
});

test('a store takes over what another has', async () => {
  await inFolder(async (folder) => {
    const [waiting, store] = [new FigureStore(join(folder, 'work')), new FigureStore(join(folder, 'figures'))];
    await waiting.put({ bytes: Buffer.from('abc'), mediaType: 'image/png' });
    const same = await store.put({ bytes: Buffer.from('abc'), mediaType: 'image/png' });
    const other = await waiting.put({ bytes: Buffer.from('abd'), mediaType: 'image/png' });
    await store.adopt(waiting);
    assert.equal(await idsOf(store), [other, same].sort());
    assert.equal(await idsOf(waiting), []);
  });
});

test('a damaged picture and one that is gone are named', async () => {
  await inFolder(async (folder) => {
    const store = new FigureStore(folder);
    const [, gone] = [await store.put({ bytes: Buffer.from('abc'), mediaType: 'image/png' }), figureId(Buffer.from('gone'))];
    assert.equal(await store.verify([ABC]), []);
    await writeFile(join(folder, 'ba', `${ABC}.png`), 'abd');
    const found = await store.verify([ABC, gone]);
    assert.equal(
      found.map(({ id }) => id),
      [ABC, gone],
    );
    assert.match(found[0]!.reason, /is not the picture/);
    assert.match(found[1]!.reason, /gone/);
  });
});

test('a figure comes back from metadata', () => {
  const figure: Figure = {
    id: ABC,
    mediaType: 'image/png',
    width: 640,
    height: 480,
    stored: true,
    file: 'docs/chart.png',
    page: 3,
    place: { left: 72, top: 100, width: 320, height: 240 },
    caption: '图4：中芯国际归母净利润情况概览',
    alt: 'bars',
  };
  assert.equal(figureOfMetadata({ pages: { first: 3, last: 3 }, fields: figureFields(figure) }), figure);
  assert.equal(figureOfMetadata({ fields: figureFields({ id: ABC, stored: false }) }), { id: ABC, stored: false });
  assert.is(figureOfMetadata({ fields: { chunk_type: 'figure', figure_id: '../../etc' } }), undefined);
  assert.is(figureOfMetadata({ fields: { figure_id: ABC } }), undefined);
  assert.is(figureOfMetadata(undefined), undefined);
});

test.run();

import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECTION_FILES } from '../../../checkpoints/index.ts';
import { bringHead, removeSharedHead, shareHeadOf } from '../../../rag/groups/shared-head.ts';
import { ingest } from '../../../recipes/ingest/index.ts';
import { openCollection } from '../../../recipes/search/index.ts';
import { objectKeys, objectStoreMissing, startObjectStore } from '../../fixtures/object-store.ts';
import { type CollectionsPlace, collectionsPlace } from './open-collections.ts';

const test = suite('vector groups of a shared collection');

const MODELS = fileURLToPath(new URL('../../../../shared/models/', import.meta.url));
// Random weights: what is under test is which groups are compared, and not what they mean.
const MODEL = 'qwen3-embedding-tiny';
const database = process.env['CEM_TEST_DATABASE_URL'];
const missing = database === undefined ? 'CEM_TEST_DATABASE_URL names no server' : await objectStoreMissing();

if (missing !== undefined) {
  test.skip(`skipped: ${missing}`, () => undefined);
  console.log(`vector groups of a shared collection: skipped, ${missing}`);
} else {
  let store = { address: '', stop: (): void => undefined };
  let place: CollectionsPlace;
  const prefix = `shared-groups-${process.pid}`;

  test.before(async () => {
    store = await startObjectStore();
    place = await collectionsPlace();
    await mkdir(place.folder, { recursive: true });
  });
  test.after(async () => {
    await place.remove();
    store.stop();
  });

  test('a head that one machine named is on every other, and goes with the collection', async () => {
    const segments = `s3://bucket/${prefix}/head`;
    const manifest = { segments, settings: { groups: { head: 'f'.repeat(64) } } };
    const [one, two] = [join(place.folder, 'one'), join(place.folder, 'two')];
    await mkdir(join(one, 'head'), { recursive: true });
    for (const file of PROJECTION_FILES) await writeFile(join(one, 'head', file), `of one: ${file}`);
    // Nobody gave it yet, or there is none to give.
    await bringHead(two, manifest);
    await shareHeadOf({ path: one, manifest }, undefined);
    await shareHeadOf({ path: one, manifest: { segments, settings: {} } }, one);
    assert.equal(await objectKeys(store.address, `${prefix}/head/`), []);

    for (let time = 0; time < 2; time++) await shareHeadOf({ path: one, manifest }, 'runs/head');
    await mkdir(two);
    await bringHead(two, manifest);
    for (const file of PROJECTION_FILES) assert.is(await readFile(join(two, 'head', file), 'utf8'), `of one: ${file}`);
    await removeSharedHead(segments, manifest);
    assert.equal(await objectKeys(store.address, `${prefix}/head/`), []);
  });

  if (!existsSync(join(MODELS, MODEL))) {
    console.log(`skipped: vector groups of a shared collection (no ${MODEL} in ${MODELS})`);
  } else {
    test('made by one machine, they rank what another finds', async () => {
      const files = join(place.folder, 'files');
      await mkdir(files);
      const texts = {
        'lantern.md': 'The lantern of the lighthouse burns before sunset',
        'cargo.md': 'Cargo is loaded by the derrick near the jetty',
      };
      for (const [name, text] of Object.entries(texts)) await writeFile(join(files, name), text);
      const shared = { database: database!, segments: `s3://bucket/${prefix}/ports`, models: MODELS };
      const groups = { encoder: { model: MODEL, queryPrompt: '' }, codec: 'residual2' } as const;
      const { checkpoint } = place;
      await ingest({ ...shared, paths: [files], groups, into: join(place.folder, 'made'), checkpoint, backend: 'cpu' });
      await using searcher = await openCollection(join(place.folder, 'other'), { ...shared, queries: 'teacher', field: {} });
      const [first] = await searcher.search(texts['cargo.md'], { k: 2 });
      assert.is(first!.retriever, 'field');
      assert.match(first!.text, /^Cargo is loaded/);
    });
  }
}

test.run();

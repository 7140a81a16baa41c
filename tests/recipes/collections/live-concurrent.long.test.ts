import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import type { Collections } from '../../../recipes/collections/index.ts';
import { ingest } from '../../../recipes/ingest/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { type CollectionsPlace, collectionsPlace, freshCollection, liveContentOf, openPlace } from './open-collections.ts';

const test = suite('searches while a collection changes');

let place: CollectionsPlace;
let collections: Collections;

test.before(async () => {
  place = await collectionsPlace();
  collections = await openPlace(place);
});
test.after(async () => {
  await collections.close();
  await place.remove();
});

/** A state in which every text has the state's number, of which some come and go. */
const textsAt = (state: number): Map<string, string> =>
  new Map(
    Array.from({ length: 6 }, (_, number): [string, string] => [
      `t${number}.txt`,
      `The pilot of state ${state}, text ${number}.`,
    ]).filter((_, number) => (state + number) % 4 !== 0),
  );

test('every search, list and reading is of one state, and those of many changes end in the last', async () => {
  const live = await freshCollection(place, collections, 'moving');
  const states = 8;
  let [committed, begun, searches] = [0, 0, 0];
  const stateOf = (texts: readonly string[]): number => {
    const states = new Set(texts.map((text) => Number(/state (\d+)/.exec(text)![1])));
    assert.is(states.size, 1, `texts of states ${[...states]}`);
    return [...states][0]!;
  };
  const writing = (async () => {
    for (let state = 1; state <= states; state++) {
      begun = state;
      const texts = textsAt(state);
      const remove = [...textsAt(state - 1).keys()].filter((source) => !texts.has(source)).map((source) => ({ source }));
      await live.change({ put: Array.from(texts, ([source, content]) => ({ source, content })), remove });
      committed = state;
    }
  })();
  const reading = async (): Promise<void> => {
    while (committed < states) {
      const earliest = committed;
      const retrievers = searches % 2 === 0 ? 'hybrid' : 'bm25';
      const found = await live.search('pilot', { k: 20, labels: 'everything', retrievers, units: true });
      searches++;
      // The writer wants the processor, too.
      await setTimeout(20);
      if (found.length === 0) {
        assert.is(earliest, 0);
        continue;
      }
      const state = stateOf(found.map(({ unit }) => unit!.text));
      assert.ok(state >= earliest && state <= begun, `a search begun in state ${earliest} found state ${state}`);
      assert.equal(found.map(({ unit }) => unit!.text).sort(), [...textsAt(state).values()].sort());
      const { documents } = await live.documents({ labels: 'everything' });
      const [first] = documents;
      if (first !== undefined) await live.document(first.id, 'everything');
    }
  };
  await Promise.all([writing, reading(), reading()]);
  assert.ok(searches > 0);
  assert.is((await live.describe()).version, states);
  await live.close();
  assert.equal(
    [...(await liveContentOf(join(place.folder, 'moving')))].map(([source, [text]]) => [source, text]).sort(),
    [...textsAt(states)].sort(),
  );
});

test('many writers at once: all that was acknowledged is there, the last of each source', async () => {
  const live = await freshCollection(place, collections, 'crowded');
  const random = new RandomNumbers(2, 'writers');
  const last = new Map<string, string | undefined>();
  const changes = Array.from({ length: 24 }, (_, step) => {
    const source = `d${random.integer(8)}.txt`;
    const isRemoval = random.integer(4) === 0;
    const content = `Writer ${step} wrote of ${source}.`;
    last.set(source, isRemoval ? undefined : content);
    return live.change(isRemoval ? { remove: [{ source }] } : { put: [{ source, content }] });
  });
  await Promise.all(changes);
  await live.close();
  const content = await liveContentOf(join(place.folder, 'crowded'));
  const expected = [...last].filter(([, text]) => text !== undefined).sort();
  assert.equal([...content].map(([source, [text]]) => [source, text]).sort(), expected);
});

test('many small changes leave few segments', async () => {
  const live = await freshCollection(place, collections, 'small');
  for (let step = 0; step < 11; step++)
    await live.change({ put: [{ source: `s${step}.txt`, content: `Step ${step} of the oar.` }] });
  await live.close();
  const content = await liveContentOf(join(place.folder, 'small'));
  assert.is(content.size, 11);
  const { CollectionFolder } = await import('../../../rag/index.ts');
  await using folder = await CollectionFolder.openForSearch(join(place.folder, 'small'));
  await using corpus = await folder.openCorpus();
  assert.ok(corpus!.segments.length <= 8, `${corpus!.segments.length} segments`);
});

test('while it is open no ingestion has it, by name', async () => {
  const live = await freshCollection(place, collections, 'taken');
  await live.describe();
  const error = await errorOf(() =>
    ingest({ paths: [place.checkpoint], into: join(place.folder, 'taken'), checkpoint: place.checkpoint, backend: 'cpu' }),
  );
  assert.is(error.code, 'FOLDER_LOCKED');
  assert.match(error.message, /taken/);
});

test.run();

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hotRowBytes } from '../../../search/codes/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { type CollectionsPlace, collectionsPlace, openPlace } from './open-collections.ts';

const test = suite('tiers of collections');

/** Of the student's vectors. */
const DIMENSION = 8;
const HOT = 3;
/** More passages than codes have room for. */
const WORDS = 'anchor bridge candle dinghy engine funnel galley harbour'
  .split(' ')
  .flatMap((word) => ['', ' of oak', ' of iron', ' of tin'].map((of) => `${word}${of}`));
let place: CollectionsPlace;

test.before(async () => {
  place = await collectionsPlace();
});
test.after(() => place.remove());

test('what searches find is hot, counted until the end, kept when a collection is closed, and of each by itself', async () => {
  let clock = Date.now();
  const options = { codesMemory: HOT * hotRowBytes(DIMENSION), tiers: { now: () => clock } };
  let promoted = 0;
  {
    await using collections = await openPlace(place, options);
    assert.is(collections.tiers, undefined);
    for (const name of ['one', 'two']) {
      await collections.create(name, { precision: 'binary' });
      const live = await collections.get(name);
      await live.change({ put: WORDS.map((word) => ({ source: `${word}.txt`, content: `About the ${word} of a ship.` })) });
    }
    const [one, two] = [await collections.get('one'), await collections.get('two')];
    const search = async (live: typeof one, word: string): Promise<string[]> => {
      clock += 1000;
      const found = await live.search(`the ${word} of a ship`, { k: 2, labels: 'everything', retrievers: 'vectors' });
      return found.map(({ text }) => text);
    };
    // The first search finds out that not all codes fit.
    for (const live of [one, two]) await search(live, 'anchor');
    assert.is((await one.describe()).index.vectors?.search, 'codes');
    const first = await search(one, 'anchor');
    assert.equal(collections.tiers, { rows: 2, room: 2 * HOT, promoted: 2, demoted: 0, hotResults: 0, coldResults: 2 });
    assert.equal(await search(one, 'anchor'), first);
    assert.is(collections.tiers!.hotResults, 2);
    await search(two, 'anchor');
    assert.equal([collections.tiers!.rows, collections.tiers!.coldResults], [4, 4]);

    // A hot document that goes is not found any more, and its place is free.
    await one.change({ remove: [{ source: 'anchor.txt' }] });
    assert.not.ok((await search(one, 'anchor')).includes('About the anchor of a ship.'));

    const before = collections.tiers!;
    await one.close();
    const closed = collections.tiers!;
    assert.equal(
      [closed.promoted, closed.hotResults, closed.coldResults, closed.room],
      [before.promoted, before.hotResults, before.coldResults, HOT],
    );
    assert.ok((await readdir(join(place.folder, 'one'))).includes('use.bin'));
    await search(one, 'anchor');
    assert.is(collections.tiers!.hotResults, before.hotResults + 2, 'what was hot is hot when it is opened again');
    await collections.delete('two');
    promoted = collections.tiers!.promoted;
    assert.ok(promoted >= before.promoted);
  }
  // Of what fits there are no tiers to speak of.
  await using roomy = await openPlace(place, { tiers: {} });
  await (await roomy.get('one')).search('anchor', { k: 1, labels: 'everything', retrievers: 'vectors' });
  assert.equal([roomy.tiers!.rows, roomy.tiers!.coldResults], [0, 0]);
});

test('numbers that cannot be are refused before anything is opened', async () => {
  const error = await errorOf(() => openPlace(place, { tiers: { days: 0 } }));
  assert.is(error.code, 'VECTOR_TIERS');
});

test.run();

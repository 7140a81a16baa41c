import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import type { Collections, LiveCollection } from '../../../recipes/collections/index.ts';
import { type CollectionsPlace, collectionsPlace, freshCollection, openPlace } from './open-collections.ts';

const test = suite('access to a collection that changes');

const LABELS = ['staff', 'legal', 'sales'];
const some = (random: RandomNumbers): string[] => LABELS.filter(() => random.integer(2) === 0);

interface Known {
  readonly id: string;
  readonly source: string;
  readonly labels: readonly string[];
}

let place: CollectionsPlace;
let collections: Collections;
let live: LiveCollection;
const known: Known[] = [];

test.before(async () => {
  place = await collectionsPlace();
  collections = await openPlace(place);
  live = await freshCollection(place, collections, 'secrets');
  const random = new RandomNumbers(9, 'labels of documents');
  const put = Array.from({ length: 30 }, (_, number) => ({
    source: `${number % 3 === 0 ? 'folder/' : ''}d${number}.txt`,
    content: `Document ${number} of the harbour.`,
    labels: some(random),
  }));
  const result = await live.change({ put });
  for (const [at, { documents }] of result.put.entries())
    known.push({ id: documents[0]!, source: put[at]!.source, labels: put[at]!.labels });
});
test.after(async () => {
  await collections.close();
  await place.remove();
});

/** By plain steps. */
const sees = (held: readonly string[], labels: readonly string[]): boolean =>
  labels.length === 0 || labels.some((label) => held.includes(label));

test('search, list, document and unit give what the asker may see, and no less', async () => {
  const random = new RandomNumbers(10, 'askers');
  for (let asker = 0; asker < 6; asker++) {
    const held = some(random);
    const mine = known.filter(({ labels }) => sees(held, labels));
    for (const retrievers of ['bm25', 'vectors', 'hybrid'] as const) {
      const k = 1 + random.integer(30);
      const found = await live.search('harbour document', { k, labels: held, retrievers });
      assert.ok(found.every(({ document }) => mine.some(({ id }) => `${id}-0` === document)));
      if (retrievers === 'bm25') assert.is(found.length, Math.min(k, mine.length));
    }
    const listed: string[] = [];
    const limit = 1 + random.integer(12);
    for (let after: string | undefined; ; ) {
      const page = await live.documents({ labels: held, after, limit });
      listed.push(...page.documents.map(({ id }) => id));
      assert.ok(page.documents.length <= limit);
      if (page.next === undefined) break;
      after = page.next;
    }
    assert.equal(listed, mine.map(({ id }) => id).sort());
    const inFolder = await live.documents({ labels: held, limit: 100, source: 'folder/' });
    assert.equal(
      inFolder.documents.map(({ source }) => source).sort(),
      mine
        .map(({ source }) => source)
        .filter((source) => source.startsWith('folder/'))
        .sort(),
    );
    for (const { id, source, labels } of known) {
      const may = sees(held, labels);
      const [document, unit] = [await live.document(id, held), await live.unit(`${id}-0`, held)];
      assert.equal([document?.source, unit?.source], may ? [source, source] : [undefined, undefined]);
    }
  }
});

test('whatever a filter says, it opens nothing', async () => {
  const everything = { or: [{ access: LABELS }, { not: { access: [] } }] } as const;
  const found = await live.search('harbour', { k: 50, labels: [], filter: everything, retrievers: 'bm25' });
  assert.equal(
    found.map(({ document }) => document).sort(),
    known
      .filter(({ labels }) => labels.length === 0)
      .map(({ id }) => `${id}-0`)
      .sort(),
  );
  assert.is((await live.search('harbour', { k: 50, labels: 'everything', retrievers: 'bm25' })).length, 30);
});

test.run();

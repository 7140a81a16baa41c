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

test('of two that put under one source at the same time the second does not replace what it may not see', async () => {
  const put = (label: string, content: string) =>
    live.change({ put: [{ source: 'race.txt', content, labels: [label] }] }, { labels: [label] });
  const results = await Promise.allSettled([put('staff', 'The staff was faster.'), put('board', 'The board was faster.')]);
  const [failed] = results.filter((result) => result.status === 'rejected');
  assert.equal([results.filter(({ status }) => status === 'fulfilled').length, failed?.reason.code], [1, 'SOURCE_TAKEN']);
  const [winner, other] = results[0]!.status === 'fulfilled' ? ['staff', 'board'] : ['board', 'staff'];
  const code = (labels: string[]) =>
    live.checkReplaced(['race.txt', 'new.txt'], labels).then(
      () => 'free',
      (error) => error.code,
    );
  assert.equal([await code([other!]), await code([winner!])], ['SOURCE_TAKEN', 'free']);
  const [made] = results.flatMap((result) => (result.status === 'fulfilled' ? result.value.put : []));
  const remove = [{ document: made!.documents[0]! }, { source: 'race.txt' }];
  for (const one of remove) assert.is((await live.change({ remove: [one] }, { labels: [other!] })).removed, 0);
  // Replaced and taken out by who sees it, also where it is still on its way.
  const both = await Promise.allSettled([
    put(winner!, 'Again.'),
    live.change({ put: [{ source: 'race.txt', content: 'Mine.', labels: [other!] }] }, { labels: [other!] }),
    live.change({ remove: [{ source: 'race.txt' }] }, { labels: [winner!] }),
  ]);
  assert.equal(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(await live.document(made!.documents[0]!, 'everything'), undefined);
});

test.run();

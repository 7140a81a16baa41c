import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { measureRanking } from '../../../eval/measures/metrics.ts';
import { hotRowBytes } from '../../../search/codes/index.ts';
import type { VectorRow } from '../../../search/index.ts';
import type { TierOptions, UseRecord } from '../../../search/postgres/hot-tier.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('tiers of a store');

const DIMENSION = 64;
const ROWS = 2000;
const TOPICS = 40;
const DAY = 86_400_000;
const NDCG = [{ name: 'ndcg', kind: 'ndcg', cutoff: 10 }] as const;
const driver = await openPglite();
const numbers = new RandomNumbers(1, 'tiers');
const CENTRES = Array.from({ length: TOPICS }, () => Float32Array.from({ length: DIMENSION }, () => numbers.normal()));

/** A unit vector of a topic. */
function about(topic: number): Float32Array {
  const vector = CENTRES[topic]!.map((value) => value + 1.5 * numbers.normal());
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

const ALL: VectorRow[] = Array.from({ length: ROWS }, (_, chunk) => ({
  document: `document ${chunk}`,
  chunk,
  passage: 0,
  vector: about(chunk % TOPICS),
  fingerprint: `${chunk}`,
  metadata: { even: chunk % 2 === 0 },
}));
/** Questions, and a skewed log of them: question t with a chance of 1 / t, about the topic of the same number. */
const QUESTIONS = Array.from({ length: TOPICS }, (_, topic) => about(topic));
const asked = (): number => Math.floor(TOPICS ** numbers.uniform()) - 1;

const open = (tiers?: TierOptions, hot = ROWS / 10, more: object = {}) =>
  PgvectorStore.open(
    { ...driver, close: async () => {} },
    {
      dimension: DIMENSION,
      precision: 'binary',
      candidates: 100,
      codesMemory: tiers === undefined ? 0 : hot * hotRowBytes(DIMENSION),
      tiers,
      ...more,
    },
  );

/** A record in memory. */
function record(): UseRecord & { bytes: Uint8Array | undefined } {
  const kept: UseRecord & { bytes: Uint8Array | undefined } = {
    bytes: undefined,
    load: async () => kept.bytes,
    save: async (bytes) => {
      kept.bytes = bytes;
    },
  };
  return kept;
}

test.before(async () => {
  const store = await open();
  await store.upsert(ALL);
});
test.after(() => driver.close());

test('what searches find becomes hot, to its size; both tiers together find what the store finds, and more', async () => {
  const [cold, tiered] = [await open(), await open({})];
  const exact = (query: Float32Array): string[] =>
    ALL.map(({ document, vector }) => ({ document, score: vector.reduce((sum, value, place) => sum + value * query[place]!, 0) }))
      .sort((left, right) => right.score - left.score)
      .slice(0, 10)
      .map(({ document }) => document);
  const found = { cold: 0, tiered: 0 };
  for (let step = 0; step < 150; step++) {
    const query = QUESTIONS[asked()]!;
    const best = new Set(exact(query));
    for (const [name, store] of Object.entries({ cold, tiered }) as ['cold' | 'tiered', PgvectorStore][])
      found[name] += (await store.search(query, { k: 10 })).filter(({ document }) => best.has(document)).length;
  }
  assert.ok(found.tiered >= found.cold, JSON.stringify(found));
  const { rows, room, promoted, demoted, hotResults, coldResults } = tiered.tiers!;
  assert.is(room, 200);
  assert.is(rows, room);
  assert.ok(promoted > room && demoted === promoted - rows, `${promoted} promoted, ${demoted} demoted`);
  assert.is(hotResults + coldResults, 1500);
  assert.ok(hotResults > 1.5 * coldResults, `${hotResults} of 1500 results were hot`);
  assert.is(cold.tiers, undefined);
  // A search of its own queries is no use.
  await tiered.measureRecall(10, 5);
  assert.is(tiered.tiers!.hotResults, hotResults);
});

test('with fewer cold candidates hot rows are found as before', async () => {
  const [full, few] = [await open({}), await open({ coldCandidates: 5 })];
  const queries = Array.from({ length: 20 }, () => about(0));
  let same = 0;
  for (let round = 0; round < 3; round++)
    for (const query of queries) {
      const [left, right] = [await full.search(query, { k: 5 }), await few.search(query, { k: 5 })];
      assert.is(right.length, 5);
      if (round === 2) same += right.filter(({ document }) => left.some((hit) => hit.document === document)).length;
    }
  assert.ok(same >= 70, `${same} of 100`);
});

test('filters hold for hot rows, and rows that went are forgotten', async () => {
  const name = 'changing';
  const store = await open({}, 50, { name });
  await store.upsert(ALL.slice(0, 400));
  const query = ALL[0]!.vector;
  const first = await store.search(query, { k: 10 });
  assert.is(first[0]!.document, 'document 0');
  const even = await store.search(query, { k: 10, filter: { field: 'even', equals: true } });
  assert.ok(even.every(({ chunk }) => chunk % 2 === 0));
  await store.deleteDocuments(['document 0']);
  const then = await store.search(query, { k: 10 });
  assert.equal(
    then.slice(0, 9).map(({ document }) => document),
    first.slice(1).map(({ document }) => document),
  );
  // Another vector under the same key is found by that, and not by the old one.
  const other = first[1]!;
  await store.upsert([{ ...ALL[other.chunk]!, vector: query.map((value) => -value) }]);
  assert.not((await store.search(query, { k: 10 })).some(({ document }) => document === other.document));
});

test('a store that is opened again knows what was hot, less what time took', async () => {
  const kept = record();
  let now = 1e12;
  const options: TierOptions = { record: kept, now: () => now };
  const first = await open(options, 50);
  for (let round = 0; round < 3; round++) await first.search(ALL[3]!.vector, { k: 10 });
  await first.search(ALL[4]!.vector, { k: 10 });
  await first.close();
  const { rows } = first.tiers!;
  now += 29 * DAY;
  const second = await open(options, 50);
  await second.search(ALL[3]!.vector, { k: 10 });
  assert.equal([second.tiers!.rows, second.tiers!.promoted, second.tiers!.hotResults], [rows, 0, 10]);
  await second.close();
  now += 32 * DAY;
  // What was asked for once is not hot any more: some ten rows of the one question.
  const third = await open(options, 50);
  await third.search(ALL[3]!.vector, { k: 10 });
  assert.equal([third.tiers!.hotResults, third.tiers!.promoted], [10, 0]);
  assert.ok(third.tiers!.rows < rows);
  // What cannot be read is as nothing.
  kept.bytes = Buffer.from('something else!!');
  const fourth = await open(options, 50);
  await fourth.search(ALL[3]!.vector, { k: 10 });
  assert.is(fourth.tiers!.promoted, 10);
});

test('a bonus of 0.2 brings what is asked for often before what answers: nDCG@10 falls', async () => {
  const ndcg = async (bonus: number | undefined): Promise<number> => {
    const store = await open({ bonus });
    let sum = 0;
    const queries = 150;
    for (let step = 0; step < queries; step++) {
      const topic = asked();
      const hits = await store.search(QUESTIONS[topic]!, { k: 10 });
      const judged = new Map(ALL.filter(({ chunk }) => chunk % TOPICS === topic).map(({ document }) => [document, 1]));
      sum += measureRanking(
        hits.map(({ document }) => document),
        judged,
        NDCG,
      )['ndcg']!;
    }
    return sum / queries;
  };
  const [without, withBonus] = [await ndcg(undefined), await ndcg(0.2)];
  assert.ok(without - withBonus > 0.05, `${without} without, ${withBonus} with it`);
});

test('numbers that cannot be', async () => {
  for (const tiers of [{ days: 0 }, { bonus: 2 }, { bonus: Number.NaN }, { coldCandidates: 0 }])
    assert.match((await errorOf(() => open(tiers))).message, /cannot be: give 1 to 36,500 days/);
});

test.run();

import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import type { Filter } from '../../../search/filter.ts';
import { compileFilter } from '../../../search/match-filter.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';
import type { VectorRow } from '../../../search/vector-store.ts';
import { compareIds } from '../../contracts/vector-rows.ts';

const LABELS = ['staff', 'legal', "o'hara", 'sales'];
/** Names with hyphens and numbers of their own, of digits, with what patterns take for something else, empty. */
const NAMES = ['manual', 'manual-3', 'a-1-b', '-', '', 'x\ny', 'éa', '\u{10000}', '\u{ff61}', 'back\\slash', '7', 'Manual'];

const pick = <Item>(random: RandomNumbers, items: readonly Item[]): Item => items[random.integer(items.length)]!;
const some = (random: RandomNumbers): string[] => LABELS.filter(() => random.integer(3) === 0);

/** Rows of some documents of groups, and of documents that are in none; each chunk has one or two passages. */
function randomRows(random: RandomNumbers): VectorRow[] {
  const rows: VectorRow[] = [];
  let chunk = 0;
  const add = (document: string): void => {
    // Labels may differ between parts of one document, and be missing or none.
    const metadata = random.integer(4) === 0 ? {} : { labels: some(random), source: pick(random, NAMES) };
    for (let passage = random.integer(2); passage >= 0; passage--)
      rows.push({ document, chunk, passage, fingerprint: 'f', vector: Float32Array.of(1, 0), metadata });
    chunk++;
  };
  for (const name of NAMES) {
    const documents = random.integer(4);
    for (let number = 0; number < documents; number++) add(`${name}-${random.integer(3) === 0 ? number + 9 : number}`);
  }
  for (const document of ['alone', 'manual-x', 'two words']) add(document);
  return rows;
}

/** What a document's id has in common with others, by plain steps. */
function groupOf(document: string): string {
  const hyphen = document.lastIndexOf('-');
  const digits = document.slice(hyphen + 1);
  return hyphen >= 0 && digits !== '' && [...digits].every((digit) => '0123456789'.includes(digit))
    ? document.slice(0, hyphen)
    : document;
}

function expectedGroups(rows: readonly VectorRow[], filter: Filter): { name: string; documents: Set<string> }[] {
  const passes = compileFilter(filter);
  const groups = new Map<string, Set<string>>();
  for (const { document, metadata } of rows) {
    if (!passes(document, metadata)) continue;
    const name = groupOf(document);
    groups.set(name, (groups.get(name) ?? new Set()).add(document));
  }
  return Array.from(groups, ([name, documents]) => ({ name, documents })).sort((left, right) =>
    compareIds(left.name, right.name),
  );
}

const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
// All that is awaited at the top comes before the first suite.
const embedded = await openPglite();
const server = serverUrl === undefined ? undefined : await openPostgres(serverUrl);
if (server === undefined) console.log('skipped: lists of documents on PostgreSQL (set CEM_TEST_DATABASE_URL)');
const drivers: Readonly<Record<string, SqlDriver>> = { PGlite: embedded, ...(server && { PostgreSQL: server }) };

for (const [database, driver] of Object.entries(drivers)) {
  const test = suite(`lists of documents, ${database}`);

  const withStore = async (body: (store: PgvectorStore) => Promise<void>): Promise<void> => {
    const store = await PgvectorStore.open(
      { ...driver, close: async () => {} },
      { dimension: 2, name: `t${randomBytes(6).toString('hex')}` },
    );
    try {
      await body(store);
    } finally {
      await store.drop();
    }
  };

  test('pages of groups, and chunks, are those of which plain loops say that the asker may see them', () =>
    withStore(async (store) => {
      const random = new RandomNumbers(11, 'groups of documents');
      for (let round = 0; round < 6; round++) {
        const rows = randomRows(random);
        const documents = [...new Set(rows.map(({ document }) => document))];
        await store.upsert(rows);
        for (let asker = 0; asker < 12; asker++) {
          const source: Filter = { field: 'source', equals: pick(random, NAMES) };
          const access: Filter = { access: some(random) };
          const filter: Filter = random.integer(2) === 0 ? access : { and: [access, source] };
          const expected = expectedGroups(rows, filter);
          const found: { name: string; documents: number; example: string }[] = [];
          const limit = 1 + random.integer(5);
          for (let after: string | undefined; ; after = found.at(-1)!.name) {
            const page = await store.listing.groups({ filter, after, limit });
            found.push(...page);
            if (page.length < limit) break;
          }
          assert.equal(
            found.map(({ name, documents: count }) => [name, count]),
            expected.map(({ name, documents: some }) => [name, some.size]),
          );
          for (const [place, { example }] of found.entries()) assert.ok(expected[place]!.documents.has(example));

          const asked = documents.filter(() => random.integer(2) === 0);
          const passes = compileFilter(filter);
          const chunks = new Map<number, string>();
          for (const row of rows)
            if (asked.includes(row.document) && passes(row.document, row.metadata)) chunks.set(row.chunk, row.document);
          const order = Array.from(chunks, ([chunk, document]) => ({ document, chunk })).sort(
            (left, right) => compareIds(left.document, right.document) || left.chunk - right.chunk,
          );
          assert.equal(await store.listing.chunks([...asked, 'unknown'], filter), order);
        }
        await store.deleteDocuments(documents);
      }
      assert.equal(await store.listing.groups({ limit: 5 }), []);
      assert.equal(await store.listing.chunks([]), []);
    }));

  test('a list goes on over more rows than are read at once, also of names that begin alike and of rows that the filter keeps from it', () =>
    withStore(async (store) => {
      // 256 characters are in the index; those of the second plane are two UTF-16 units each.
      const long = '\u{10000}'.repeat(256);
      const names = [...Array.from({ length: 300 }, (_, place) => `${long}${place}`), 'a', 'b', long, `${long.slice(2)}z`];
      const rows: VectorRow[] = [];
      for (const [place, name] of names.entries())
        for (let number = 0; number < 3; number++)
          rows.push({
            document: `${name}-${number}`,
            chunk: rows.length,
            passage: 0,
            fingerprint: 'f',
            vector: Float32Array.of(1, 0),
            metadata: { labels: [place % 50 === 0 ? 'few' : 'many'] },
          });
      await store.upsert(rows);
      for (const access of [['few'], ['many'], ['few', 'many'], []]) {
        const found: string[] = [];
        for (let after: string | undefined; ; after = found.at(-1)!) {
          const page = await store.listing.groups({ filter: { access }, after, limit: 7 });
          for (const { name, documents, example } of page) {
            assert.equal([documents, example], [3, `${name}-0`]);
            found.push(name);
          }
          if (page.length < 7) break;
        }
        assert.equal(
          found,
          expectedGroups(rows, { access }).map(({ name }) => name),
        );
      }
    }));

  test('the log of an owner counts with its transaction, and has its newest first', () =>
    withStore(async (store) => {
      assert.equal(await store.log.last({ limit: 5 }), []);
      assert.is(await store.transaction((inner) => inner.log.append('one')), 1);
      await store
        .transaction(async (inner) => {
          assert.is(await inner.log.append('lost'), 2);
          throw new RangeError('stop');
        })
        .catch((error: unknown) => assert.instance(error, RangeError));
      assert.is(await store.log.append('two'), 2);
      assert.is(await store.log.append("it's {}"), 3);
      const texts = async (options: { before?: number; limit: number }) =>
        (await store.log.last(options)).map(({ number, text }) => `${number} ${text}`);
      assert.equal(await texts({ limit: 2 }), ["3 it's {}", '2 two']);
      assert.equal(await texts({ before: 3, limit: 9 }), ['2 two', '1 one']);
      for (const before of [2 ** 31, Number.MAX_SAFE_INTEGER]) assert.equal(await texts({ before, limit: 1 }), ["3 it's {}"]);
    }));

  test.run();
}

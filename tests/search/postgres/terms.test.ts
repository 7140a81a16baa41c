import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CemError, countTerms, RandomNumbers } from '../../../base/index.ts';
import { Bm25Retriever, type Hit, type SearchOptions } from '../../../search/index.ts';
import { openAnalyzer } from '../../../search/lexical/index.ts';
import {
  openPglite,
  openPostgres,
  PgvectorStore,
  PostgresBm25Retriever,
  type SqlDriver,
} from '../../../search/postgres/index.ts';
import { finishTerms } from '../../../search/postgres/merge-terms.ts';
import { storeTables } from '../../../search/postgres/store-tables.ts';
import { lockRows } from '../../../search/postgres/store-terms.ts';
import { randomFilter, randomMetadata } from '../../contracts/random-filters.ts';

const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
const databases: [string, SqlDriver][] = [['PGlite', await openPglite()]];
if (serverUrl === undefined)
  console.log('skipped: terms of a store on PostgreSQL (set CEM_TEST_DATABASE_URL to a database with pgvector)');
else databases.push(['PostgreSQL', await openPostgres(serverUrl)]);

const analyzer = await openAnalyzer();
const other = await openAnalyzer({ kind: 'words' });
const sharing = (driver: SqlDriver): SqlDriver => ({ ...driver, close: async () => {} });
const freshName = (): string => `t${randomBytes(6).toString('hex')}`;
const vector = Float32Array.of(1, 0);

interface TestUnit {
  readonly document: string;
  readonly chunk: number;
  readonly passage: number;
  readonly text: string;
  readonly metadata?: object | undefined;
}

const rowOf = ({ text, ...unit }: TestUnit, termsOf = analyzer.terms) => ({
  ...unit,
  vector,
  fingerprint: 'f',
  terms: countTerms(termsOf(text)),
});

const open = (driver: SqlDriver, name: string, options: object = {}): Promise<PgvectorStore> =>
  PgvectorStore.open(sharing(driver), { dimension: 2, name, ...options });
const withTerms = { terms: { analyzer: analyzer.settings } };

/** Every merge that there can be; a batch of which a tenth is gone is written anew. */
const EAGER = { mostPostings: 400, mergedAtOnce: 1, loggedPostings: 0, loggedBatches: 0, goneShare: 0.1 };

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => (error as CemError).code,
  );
}

function assertSameHits(found: readonly Hit[], expected: readonly Hit[], what: string): void {
  assert.equal(
    found.map(({ document, chunk, passage }) => [document, chunk, passage]),
    expected.map(({ document, chunk, passage }) => [document, chunk, passage]),
    what,
  );
  for (const [rank, { score }] of found.entries())
    assert.ok(Math.abs(score - expected[rank]!.score) <= 1e-12 * Math.max(1, score), `${what}: ${score}`);
}

for (const [kind, driver] of databases) {
  const test = suite(`terms of a store in ${kind}`);
  const WORDS = Array.from({ length: 40 }, (_, number) => `word${number}`);

  test('after any sequence of writes, searches are those of BM25 in memory over what is there', async () => {
    const random = new RandomNumbers(11, 'terms');
    const name = freshName();
    const writer = await open(driver, name, withTerms);
    // One that has opened the store before, and one whose memory is too small for anything.
    const reader = await open(driver, name);
    const narrow = await open(driver, name, { termsMemory: 0 });
    const there = new Map<string, TestUnit>();
    let nextChunk = 0;
    const text = (): string =>
      Array.from({ length: random.integer(30) }, () => WORDS[Math.floor(40 * random.uniform() ** 3)]!).join(' ');
    const someDocument = (): string => `${['a', 'ä', '条', "it's"][random.integer(4)]} ${random.integer(25)}`;
    for (let round = 0; round < 60; round++) {
      const action = random.integer(10);
      if (action < 5) {
        const units: TestUnit[] = Array.from({ length: 1 + random.integer(12) }, () => {
          const chunk = random.integer(3) === 0 && nextChunk > 0 ? random.integer(nextChunk) : nextChunk++;
          const document = [...there.values()].find((unit) => unit.chunk === chunk)?.document ?? someDocument();
          return { document, chunk, passage: random.integer(3), text: text(), metadata: randomMetadata(random) };
        });
        await writer.upsert(units.map((unit) => rowOf(unit)));
        for (const unit of units) there.set(`${unit.chunk} ${unit.passage} ${unit.document}`, unit);
      } else if (action < 7) {
        const gone = [someDocument(), someDocument()];
        await writer.deleteDocuments(gone);
        for (const [key, { document }] of there) if (gone.includes(document)) there.delete(key);
      } else if (action === 7) {
        const units = [...there.values()].filter(() => random.integer(4) === 0).map((unit) => ({ ...unit, text: text() }));
        await writer.updateTerms(units.map((unit) => rowOf(unit)));
        for (const unit of units) there.set(`${unit.chunk} ${unit.passage} ${unit.document}`, unit);
      } else if (action === 8) {
        const units = [...there.values()]
          .filter(() => random.integer(4) === 0)
          .map((unit) => ({ ...unit, metadata: randomMetadata(random) }));
        await writer.updateMetadata(units.map((unit) => rowOf(unit)));
        for (const unit of units) there.set(`${unit.chunk} ${unit.passage} ${unit.document}`, unit);
      } else {
        const tables = storeTables(name);
        await finishTerms(driver, tables, (query) => lockRows(query, tables), EAGER);
      }
      if (there.size === 0) continue;
      const oracle = await Bm25Retriever.create([...there.values()].sort((left, right) => left.chunk - right.chunk));
      const documents = [...new Set([...there.values()].map(({ document }) => document))];
      for (const store of [writer, reader, narrow]) {
        const query = `${WORDS[random.integer(40)]} ${WORDS[random.integer(8)]} word1 word1`;
        const options: SearchOptions = {
          k: 1 + random.integer(30),
          ...(random.integer(2) === 0 && { filter: randomFilter(random, documents) }),
          ...(random.integer(3) === 0 && { scoring: { kind: 'mean', best: 1 + random.integer(4) } }),
        };
        const retriever = new PostgresBm25Retriever(store.terms!, analyzer);
        const [[found], [expected]] = [await retriever.search([query], options), await oracle.search([query], options)];
        assertSameHits(found!, expected!, `round ${round}, ${JSON.stringify(options)}`);
      }
    }
    await writer.drop();
  });

  test('terms that are kept as they are or by their digest are found, and told apart', async () => {
    const store = await open(driver, freshName(), withTerms);
    const long = 'x'.repeat(600);
    const terms = [
      'plain',
      '',
      long,
      `${long}y`,
      'null\0',
      '\ud800',
      '\uffffa',
      "it's",
      '第一条',
      'NULL',
      '{curly}',
      'back\\slash',
    ];
    await store.upsert(
      terms.map((term, chunk) => ({
        document: `d${chunk}`,
        chunk,
        passage: 0,
        vector,
        fingerprint: '',
        terms: { terms: [term], counts: [1 + chunk] },
      })),
    );
    for (const [chunk, term] of terms.entries()) {
      const hits = await store.terms!.search({ terms: [term], k: 5, best: 1 });
      assert.equal(
        hits!.map(({ document }) => document),
        [`d${chunk}`],
        JSON.stringify(term),
      );
    }
    assert.is(await store.terms!.search({ terms: ['unheard of'], k: 5, best: 1 }), undefined);
    await store.drop();
  });

  test('a store of before gets terms without its vectors; one analyzer at a time', async () => {
    const name = freshName();
    const plain = await open(driver, name);
    const units: TestUnit[] = ['alpha beta', 'beta gamma gamma', 'delta'].map((text, chunk) => ({
      document: `d${chunk}`,
      chunk,
      passage: 0,
      text,
    }));
    await plain.upsert(units.map((unit) => rowOf(unit)));
    assert.is(plain.termAnalyzer, undefined);
    assert.equal(
      (await plain.storedRows(['d0'])).map(({ terms }) => terms),
      [undefined],
    );
    const layout = async (): Promise<string> =>
      (await driver.query<{ value: string }>(`select value from ${name}_metadata where key = 'layout'`))[0]!.value;
    assert.is(await layout(), '3');
    const store = await open(driver, name, withTerms);
    assert.is(await layout(), '4');
    assert.equal(store.termAnalyzer, analyzer.settings);
    assert.equal(
      (await store.storedRows(['d0'])).map(({ terms }) => terms),
      [undefined],
    );
    await store.updateTerms([...units.slice(0, 2), { ...units[0]!, document: 'none' }].map((unit) => rowOf(unit)));
    assert.equal(
      (await store.storedRows(['d0', 'd1', 'd2'])).map(({ terms }) => terms),
      [true, true, undefined],
    );
    const search = async (from: PgvectorStore, query: string, by = analyzer) =>
      (await new PostgresBm25Retriever(from.terms!, by).search([query], { k: 5 }))[0]!.map(({ document }) => document);
    assert.equal(await search(store, 'beta delta'), ['d0', 'd1']);
    assert.is((await store.search(vector, { k: 5 })).length, 3);

    assert.is(await codeOf(open(driver, name, { terms: { analyzer: other.settings } })), 'SEARCH_ANALYZER_OTHER');
    assert.throws(() => new PostgresBm25Retriever(store.terms!, other), /analyzer/);
    assert.equal(await search(await open(driver, name, withTerms), 'beta delta'), ['d0', 'd1']);
    const replaced = await open(driver, name, { terms: { analyzer: other.settings, replace: true, k1: 1.5, b: 0.75 } });
    assert.equal(replaced.terms!.settings.parameters, { k1: 1.5, b: 0.75 });
    assert.equal(
      (await replaced.storedRows(['d0', 'd1'])).map(({ terms }) => terms),
      [undefined, undefined],
    );
    // One that read the store before finds nothing where nothing is any more.
    assert.equal(await search(store, 'beta'), []);
    await replaced.updateTerms(units.map((unit) => rowOf(unit, other.terms)));
    assert.equal(await search(replaced, 'beta delta', other), ['d2', 'd0', 'd1']);
    await (await open(driver, name, { terms: 'none' })).upsert([rowOf(units[0]!)]);
    const none = await open(driver, name);
    assert.is(none.terms, undefined);
    assert.is((await none.search(vector, { k: 5 })).length, 3);
    await none.drop();
  });

  test('a filter that few of many candidates pass finds them', async () => {
    const store = await open(driver, freshName(), withTerms);
    // More than are asked for by number, all with the query's word; what passes ranks last.
    const units = Array.from({ length: 9_000 }, (_, chunk): TestUnit => {
      const rare = chunk % 1_000 === 0;
      return { document: `d${chunk}`, chunk, passage: 0, text: `alpha${rare ? ' beta gamma' : ''}`, metadata: { rare } };
    });
    for (let first = 0; first < units.length; first += 3_000)
      await store.upsert(units.slice(first, first + 3_000).map((unit) => rowOf(unit)));
    const [retriever, oracle] = [new PostgresBm25Retriever(store.terms!, analyzer), await Bm25Retriever.create(units)];
    for (const filter of [
      { field: 'rare', equals: true },
      { documents: ['d7', 'd1000', 'none'] },
      { and: [{ field: 'rare', equals: true }, { access: [] }] },
    ]) {
      for (const k of [1, 5, 20]) {
        const [[found], [expected]] = [
          await retriever.search(['alpha'], { k, filter }),
          await oracle.search(['alpha'], { k, filter }),
        ];
        assertSameHits(found!, expected!, JSON.stringify(filter));
      }
    }
    const [[all], [expected]] = [await retriever.search(['alpha'], { k: 3 }), await oracle.search(['alpha'], { k: 3 })];
    assertSameHits(all!, expected!, 'equal scores of thousands');
    await store.drop();
  });

  test('the database is asked whether it is the same, unless nobody has changed it', async () => {
    const name = freshName();
    const writer = await open(driver, name, withTerms);
    const unit = (chunk: number): TestUnit => ({ document: `d${chunk}`, chunk, passage: 0, text: 'same' });
    await writer.upsert([rowOf(unit(1))]);
    let asked = 0;
    const query: SqlDriver['query'] = (...statement) => {
      asked++;
      return driver.query(...statement);
    };
    const reader = new PostgresBm25Retriever((await open({ ...driver, query }, name)).terms!, analyzer);
    const search = async () => (await reader.search(['same'], { k: 5 }))[0]!.length;
    for (const round of [1, 2]) {
      assert.is(await search(), round);
      assert.is(await search(), round);
      asked = 0;
      assert.is(await search(), round);
      assert.is(asked, driver.changes === undefined ? 1 : 0);
      await writer.upsert([rowOf(unit(round + 1))]);
    }
    await writer.drop();
  });

  test('a write that fails leaves the terms as they were', async () => {
    const name = freshName();
    const store = await open(driver, name, withTerms);
    const unit: TestUnit = { document: 'a', chunk: 0, passage: 0, text: 'alpha' };
    await store.upsert([rowOf(unit)]);
    const failing = await open(
      {
        ...driver,
        transaction: (body) =>
          driver.transaction((query) =>
            body((statement, parameters) => {
              if (statement.includes(`insert into ${name}_chunks`) || statement.includes(`delete from ${name}_chunks`))
                throw new Error('cut short');
              return query(statement, parameters);
            }),
          ),
      },
      name,
    );
    for (const action of [() => failing.upsert([rowOf({ ...unit, text: 'beta' })]), () => failing.deleteDocuments(['a'])])
      assert.is(
        await action().then(
          () => undefined,
          (error: Error) => error.message,
        ),
        'cut short',
      );
    assert.is((await store.terms!.search({ terms: ['alpha'], k: 1, best: 1 }))!.length, 1);
    assert.is(await store.terms!.search({ terms: ['beta'], k: 1, best: 1 }), undefined);
    await store.drop();
  });

  test('what is written in a transaction that is taken back has no terms, and is found within it', async () => {
    const store = await open(driver, freshName(), withTerms);
    const unit: TestUnit = { document: 'a', chunk: 0, passage: 0, text: 'alpha' };
    await store.upsert([rowOf(unit)]);
    const find = (from: PgvectorStore, term: string) => from.terms!.search({ terms: [term], k: 1, best: 1 });
    assert.is((await find(store, 'alpha'))!.length, 1);
    const change = async (inner: PgvectorStore, finish: boolean): Promise<void> => {
      await inner.deleteDocuments(['a']);
      await inner.upsert([rowOf({ ...unit, text: 'beta' })]);
      await inner.finishWriting();
      assert.is((await find(inner, 'beta'))!.length, 1);
      if (!finish) throw new RangeError('stop');
    };
    await store
      .transaction((inner) => change(inner, false))
      .then(
        () => assert.unreachable(),
        (error: unknown) => assert.instance(error, RangeError),
      );
    assert.is((await find(store, 'alpha'))!.length, 1);
    assert.is(await find(store, 'beta'), undefined);
    await store.transaction((inner) => change(inner, true));
    assert.is(await find(store, 'alpha'), undefined);
    assert.is((await find(store, 'beta'))!.length, 1);
    await store.drop();
  });

  test('searches while another writes find what is there at a moment', async () => {
    const name = freshName();
    const [writer, reader] = [await open(driver, name, withTerms), await open(driver, name)];
    const pair = (round: number): TestUnit[] =>
      ['a', 'b'].map((document, chunk) => ({ document, chunk, passage: 0, text: `alpha round${round}` }));
    await writer.upsert(pair(0).map((unit) => rowOf(unit)));
    const retriever = new PostgresBm25Retriever(reader.terms!, analyzer);
    let done = false;
    const writing = (async () => {
      for (let round = 1; round <= 30; round++) await writer.upsert(pair(round).map((unit) => rowOf(unit)));
      done = true;
    })();
    while (!done) {
      const [hits] = await retriever.search(['alpha'], { k: 5 });
      assert.equal(
        hits!.map(({ document }) => document),
        ['b', 'a'],
      );
    }
    await writing;
    assert.is((await retriever.search(['round30'], { k: 5 }))[0]!.length, 2);
    assert.is((await retriever.search(['round29'], { k: 5 }))[0]!.length, 0);
    await writer.drop();
  });

  test.after(() => driver.close());
  test.run();
}

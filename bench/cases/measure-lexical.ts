import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countTerms } from '../../base/index.ts';
import { Bm25Retriever, type Retriever } from '../../search/index.ts';
import type { Analyzer } from '../../search/lexical/index.ts';
import { openPglite, openPostgres, PgvectorStore, PostgresBm25Retriever } from '../../search/postgres/index.ts';

/** Rows of one upsert, as indexing has them. */
const BATCH = 512;
/** The vectors are of no interest here. */
const VECTOR = Float32Array.of(1, 0);
const RESULTS = 10;
/** Searches before those that count, for the beginnings of texts. */
const WARM_UP = 50;
const WARM_UP_LENGTH = 30;

/** Milliseconds of each query; processor time is that of this process, all of its threads together. */
interface QueryTimes {
  readonly times: readonly number[];
  readonly processor: readonly number[];
}

export interface LexicalMeasures {
  readonly buildSeconds: number;
  readonly buildProcessorSeconds: number;
  /** Of all tables. */
  readonly megabytes: number;
  /** The queries for the first time: most of them bring terms that were not read yet. */
  readonly first: QueryTimes;
  /** The same again. */
  readonly again: QueryTimes;
  /** Of BM25 in memory over the same texts. */
  readonly peer: QueryTimes;
  /** Largest difference of a score from the peer's. */
  readonly difference: number;
}

export interface LexicalInput {
  readonly texts: readonly string[];
  readonly queries: readonly string[];
  readonly analyzer: Analyzer;
  /** Embedded without. */
  readonly database: string | undefined;
}

/** Fills a store with the terms of texts, and asks it and its peer in memory the same. */
export async function measureLexical({ texts, queries, analyzer, database }: LexicalInput): Promise<LexicalMeasures> {
  const folder = await mkdtemp(join(tmpdir(), 'cem-bench-'));
  const driver = database === undefined ? await openPglite(join(folder, 'pgdata')) : await openPostgres(database);
  const name = `b${randomBytes(6).toString('hex')}`;
  try {
    const store = await PgvectorStore.open(driver, { dimension: VECTOR.length, name, terms: { analyzer: analyzer.settings } });
    const [start, processor] = [performance.now(), process.cpuUsage()];
    for (let first = 0; first < texts.length; first += BATCH) {
      await store.upsert(
        texts.slice(first, first + BATCH).map((text, index) => ({
          document: `document-${first + index}`,
          chunk: first + index,
          passage: 0,
          vector: VECTOR,
          fingerprint: (first + index).toString(16).padStart(32, '0'),
          terms: countTerms(analyzer.terms(text)),
        })),
      );
    }
    await store.finishWriting();
    const buildSeconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(processor);
    // Tables are looked at anew after a large change, as autovacuum does on a server.
    await driver.query(`vacuum analyze ${name}_chunks`);
    await driver.query(`vacuum analyze ${name}_postings`);
    const [size] = await driver.query<{ bytes: number }>(
      `select sum(pg_total_relation_size(oid))::float8 as bytes from pg_class where relname = any($1::text[])`,
      [['units', 'logs', 'postings', 'gone'].map((table) => `${name}_${table}`)],
    );
    const retriever = new PostgresBm25Retriever(store.terms!, analyzer);
    // The units' lengths and the log are read with the first search, and code is compiled with some more.
    await ask(
      retriever,
      texts.slice(0, WARM_UP).map((text) => text.slice(0, WARM_UP_LENGTH)),
    );
    const [first, again] = [await ask(retriever, queries), await ask(retriever, queries)];
    const inMemory = await Bm25Retriever.create(
      texts.map((text, chunk) => ({ document: `document-${chunk}`, chunk, text })),
      { tokenize: analyzer.terms },
    );
    await ask(inMemory, queries);
    const peer = await ask(inMemory, queries);
    let difference = 0;
    again.hits.forEach((hits, query) => {
      hits.forEach(({ score }, rank) => {
        difference = Math.max(difference, Math.abs(score - (peer.hits[query]![rank]?.score ?? 0)));
      });
    });
    return {
      buildSeconds,
      buildProcessorSeconds: (user + system) / 1e6,
      megabytes: size!.bytes / 1e6,
      first,
      again,
      peer,
      difference,
    };
  } finally {
    if (database !== undefined) {
      const tables = ['chunks', 'metadata', 'units', 'logs', 'postings', 'gone'];
      await driver.query(`drop table if exists ${tables.map((table) => `${name}_${table}`).join(', ')}`);
    }
    await driver.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function ask(
  retriever: Retriever,
  queries: readonly string[],
): Promise<QueryTimes & { readonly hits: readonly (readonly { readonly score: number }[])[] }> {
  const times: number[] = [];
  const hits: { readonly score: number }[][] = [];
  const processor: number[] = [];
  for (const query of queries) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    const [found] = await retriever.search([query], { k: RESULTS });
    times.push(performance.now() - start);
    const { user, system } = process.cpuUsage(before);
    processor.push((user + system) / 1000);
    hits.push(found!);
  }
  return { times, processor, hits };
}

import assert from 'node:assert/strict';
import { DocumentScores } from '../document-scores.ts';
import type { Filter } from '../filter.ts';
import type { Bm25Parameters } from '../lexical/bm25-formula.ts';
import { compareRanked } from '../rank-order.ts';
import type { StoreHit } from '../vector-store.ts';
import { filterCondition, namesDocuments } from './filter-sql.ts';
import { bestMeans, bestUnits, type ScoredUnits, UnitScorer } from './rank-units.ts';
import type { SqlDriver, SqlParameter, SqlQuery } from './sql-driver.ts';
import type { StoreTables } from './store-tables.ts';
import { STATE_KEY, versionOf } from './term-tables.ts';
import { TermsInMemory } from './terms-in-memory.ts';

/** What one search looks for. */
export interface TermQuery {
  /** Terms of the query, each as often as it occurs. */
  readonly terms: readonly string[];
  readonly k: number;
  /** How many of a document's best units its score is the mean of. */
  readonly best: number;
  readonly filter?: Filter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was found; undefined: no unit has any of the query's terms. */
export type TermHits = StoreHit[] | undefined;

/** Searches of which the index changed so often while they were under way go on in a transaction, to which nothing changes. */
const MOST_CHANGES = 4;
/** With a filter, so many times the documents wanted are asked for at first, and as many times more the next time. */
const FILTERED_DOCUMENTS = 4;
/** Units that are asked for by number; where a filter has let too few of more pass, all that pass are asked for. */
const MOST_ASKED = 8_192;
/** Rows of units that are remembered; then they are asked for anew. */
const MOST_KNOWN = 20_000;

/** The index was another one in the end than it had been when units were ranked. */
const CHANGED = Symbol('changed');

type Row = readonly [unit: number, document: string, chunk: number, passage: number];

/** Searches by words over a store's inverted index. The database says which rows there are and which of them pass the filter, as of the version that was ranked; this process scores. */
export class TermSearch {
  readonly #driver: SqlDriver;
  readonly #tables: StoreTables;
  readonly #limit: number;
  readonly #memory: TermsInMemory;
  readonly #scorers = new Map<string, UnitScorer>();
  /** Rows of units that were found. */
  readonly #known = new Map<number, Row>();
  #reading: Promise<unknown> = Promise.resolve();
  /** The version that the database had at a number of its changes, where it counts them. */
  #seen: { readonly changes: number; readonly version: number } | undefined;

  /** @param limit bytes of postings in memory */
  constructor(driver: SqlDriver, tables: StoreTables, limit: number) {
    this.#driver = driver;
    this.#tables = tables;
    this.#limit = limit;
    this.#memory = new TermsInMemory(tables, limit);
  }

  /** The best k documents. */
  async search(wanted: TermQuery, parameters: Bm25Parameters): Promise<TermHits> {
    const scorer = this.#scorerOf(parameters);
    for (let attempt = 0; attempt < MOST_CHANGES; attempt++) {
      const hits = await this.#searchOnce(this.#driver.query, wanted, scorer, attempt > 0);
      if (hits !== CHANGED) return hits;
    }
    // With a memory of its own, which no other search brings further.
    const own = new TermSearch(this.#driver, this.#tables, this.#limit);
    return this.#driver.transaction(async (query) => {
      await query('set transaction isolation level repeatable read, read only');
      const hits = await own.#searchOnce(query, wanted, own.#scorerOf(parameters), true);
      assert.ok(hits !== CHANGED, 'nothing changes within a transaction');
      return hits;
    });
  }

  #scorerOf(parameters: Bm25Parameters): UnitScorer {
    const key = `${parameters.k1} ${parameters.b}`;
    const scorer = this.#scorers.get(key) ?? new UnitScorer(this.#memory, parameters);
    this.#scorers.set(key, scorer);
    return scorer;
  }

  async #searchOnce(query: SqlQuery, wanted: TermQuery, scorer: UnitScorer, stale: boolean): Promise<TermHits | typeof CHANGED> {
    const { terms, best, filter } = wanted;
    const distinct = [...new Set(terms)];
    if (stale) await this.#read(query, distinct, wanted.signal);
    while (!this.#memory.has(distinct)) await this.#read(query, distinct, wanted.signal);
    // From here to the next await everything is of one version.
    const scored = scorer.score(terms);
    const version = this.#memory.version!;
    if (scored === undefined) return (await this.#isNow(query, version, wanted.signal)) ? undefined : CHANGED;
    const { owners, firstUnit } = this.#memory;
    const resolve = (places: Iterable<number>, within: Filter | undefined): Promise<Row[] | typeof CHANGED> => {
      const units = Array.from(places, (place) => place + firstUnit);
      return within === undefined
        ? this.#knownRows(query, version, units, wanted.signal)
        : this.#rows(query, version, units, within, wanted.signal);
    };
    if (best > 1) return this.#searchMeans(query, { ...wanted, version, scored }, resolve);
    for (let documents = filter === undefined ? wanted.k : FILTERED_DOCUMENTS * wanted.k; ; documents *= FILTERED_DOCUMENTS) {
      const { places, all } = bestUnits(scored, owners, documents);
      // Few documents are found faster by their key.
      if (filter !== undefined && (namesDocuments(filter) || places.length > MOST_ASKED)) break;
      const rows = await resolve(places, filter);
      if (rows === CHANGED) return CHANGED;
      const hits = hitsOf(rows, scored.scores, firstUnit, wanted.k);
      if (all || filter === undefined || hits.length === wanted.k) return hits;
    }
    const passes = await this.#passing(query, version, filter, owners.length, firstUnit, wanted.signal);
    if (passes === CHANGED) return CHANGED;
    const { places } = bestUnits(scored, owners, wanted.k, passes);
    const rows = await resolve(places, undefined);
    return rows === CHANGED ? CHANGED : hitsOf(rows, scored.scores, firstUnit, wanted.k);
  }

  async #searchMeans(
    query: SqlQuery,
    wanted: TermQuery & { readonly version: number; readonly scored: ScoredUnits },
    resolve: (places: Iterable<number>, within: Filter | undefined) => Promise<Row[] | typeof CHANGED>,
  ): Promise<StoreHit[] | typeof CHANGED> {
    const { k, best, filter, version, scored, signal } = wanted;
    const { owners, alive, firstUnit } = this.#memory;
    const passes = filter === undefined ? alive : await this.#passing(query, version, filter, owners.length, firstUnit, signal);
    if (passes === CHANGED) return CHANGED;
    const documents = bestMeans(scored, owners, { k, best, passes });
    const rows = await resolve(
      documents.flatMap(({ places }) => places),
      undefined,
    );
    if (rows === CHANGED) return CHANGED;
    const byUnit = new Map(rows.map((row) => [row[0] - firstUnit, row]));
    return documents
      .map(({ mean, places }) => {
        const [first] = places.map((place) => byUnit.get(place)!).sort((left, right) => left[2] - right[2] || left[3] - right[3]);
        const [, document, chunk, passage] = first!;
        return { document, chunk, passage, score: mean };
      })
      .sort(compareRanked)
      .slice(0, k);
  }

  /** One reads at a time. */
  async #read(query: SqlQuery, terms: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const read = this.#reading.then(() => this.#memory.read(query, terms, signal));
    this.#reading = read.catch(() => {});
    await read;
  }

  get #state(): string {
    return `select value as state from ${this.#tables.settings} where key = '${STATE_KEY}'`;
  }

  async #isNow(query: SqlQuery, version: number, signal: AbortSignal | undefined): Promise<boolean> {
    signal?.throwIfAborted();
    const changes = query === this.#driver.query ? this.#driver.changes?.() : undefined;
    if (changes !== undefined && this.#seen?.changes === changes) return this.#seen.version === version;
    const [answer] = await query<{ state: string }>(this.#state, [], signal);
    const now = versionOf(answer!.state);
    if (changes !== undefined) this.#seen = { changes, version: now };
    return now === version;
  }

  /** The rows of units, if the index still is what it was: which row a unit is never changes, only whether there is one. */
  async #knownRows(
    query: SqlQuery,
    version: number,
    units: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<Row[] | typeof CHANGED> {
    const known = this.#known;
    const unknown = units.filter((unit) => !known.has(unit));
    if (unknown.length === 0) {
      if (!(await this.#isNow(query, version, signal))) return CHANGED;
    } else {
      const rows = await this.#rows(query, version, unknown, undefined, signal);
      if (rows === CHANGED) return CHANGED;
      assert.equal(rows.length, unknown.length, 'units with terms have rows');
      for (const row of rows) known.set(row[0], row);
    }
    const found = units.map((unit) => known.get(unit)!);
    if (known.size > MOST_KNOWN) known.clear();
    return found;
  }

  /** The rows of units, those that pass the filter, if the index still is what it was. */
  async #rows(
    query: SqlQuery,
    version: number,
    units: readonly number[],
    filter: Filter | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Row[] | typeof CHANGED> {
    const parameters: SqlParameter[] = [];
    const passes = filter === undefined ? '' : ` and ${filterCondition(filter, parameters)}`;
    // Numbers of ours may stand in the statement; one without parameters is half the work of one with them.
    const [answer] = await query<{ state: string; rows: Row[] | null }>(
      `select (${this.#state}), (select json_agg(json_build_array(unit, document, chunk, passage)) from ${this.#tables.chunks} where unit = any('{${units.join()}}'::integer[])${passes}) as rows`,
      parameters,
      signal,
    );
    return versionOf(answer!.state) === version ? (answer!.rows ?? []) : CHANGED;
  }

  /** [places] 1: the unit passes the filter. */
  async #passing(
    query: SqlQuery,
    version: number,
    filter: Filter | undefined,
    places: number,
    firstUnit: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | typeof CHANGED> {
    const parameters: SqlParameter[] = [firstUnit];
    const condition = filter === undefined ? 'true' : filterCondition(filter, parameters);
    const [answer] = await query<{ state: string; units: string | null }>(
      `select (${this.#state}), (select encode(string_agg(int4send(unit), ''::bytea), 'base64') from ${this.#tables.chunks} where unit >= $1 and ${condition}) as units`,
      parameters,
      signal,
    );
    if (versionOf(answer!.state) !== version) return CHANGED;
    const passes = new Uint8Array(places);
    const units = Buffer.from(answer!.units ?? '', 'base64');
    for (let position = 0; position < units.length; position += 4) passes[units.readInt32BE(position) - firstUnit] = 1;
    return passes;
  }
}

function hitsOf(rows: readonly Row[], scores: Float64Array, firstUnit: number, k: number): StoreHit[] {
  const documents = new DocumentScores(k);
  for (const [unit, document, chunk, passage] of rows)
    documents.push({ document, chunk, passage, score: scores[unit - firstUnit]! });
  return documents.sorted();
}

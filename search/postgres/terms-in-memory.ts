import { eachPosting, postingCount } from './posting-bytes.ts';
import type { SqlQuery } from './sql-driver.ts';
import type { StoreTables } from './store-tables.ts';
import { termKey } from './term-key.ts';
import { eachLogged } from './term-log.ts';
import { parseState, STATE_KEY, type TermState, termTables } from './term-tables.ts';
import { eachUnit } from './unit-bytes.ts';

/** A term's postings: of merged batches, as far as they were asked for, and of the log. */
interface TermPostings {
  readonly lists: readonly Uint8Array[];
  /** Units among them that are not gone. */
  readonly count: number;
}

interface Kept {
  readonly lists: readonly Uint8Array[];
  readonly bytes: number;
}

/** What an answer of the database says of units, logs and terms. */
interface Answer {
  readonly state: string;
  readonly units: string | null;
  readonly logs: string | null;
  readonly gone: string | null;
  readonly lists: readonly (readonly [place: number, bytes: number])[] | null;
  readonly postings: string | null;
}

/** Terms whose living units are counted once. */
const MOST_REMEMBERED = 50_000;
/** Beside its bytes, what a list costs in the map. */
const LIST_COST = 100;

/**
 * What searches by words have read of a store's inverted index: every unit's owner and length, the log, and the postings of the terms that were asked for lately, as bytes. It is of one version of the
 * index; which one the store has, every search asks.
 */
export class TermsInMemory {
  readonly #tables: StoreTables;
  readonly #limit: number;
  #state: TermState | undefined;
  #lastBatch = 0;
  #lastGone = 0;
  /** That were read. */
  #batches = 0;
  /** [units], by number less `firstUnit` */
  #owners = new Int32Array(0);
  #lengths = new Uint32Array(0);
  /** 1: it has terms */
  #alive = new Uint8Array(0);
  #units = 0;
  #totalLength = 0;
  /** Whether a unit is gone of which there are postings. */
  #hasGone = false;
  #logged = new Map<string, Uint8Array[]>();
  /** Postings of merged batches, those used last at the end. */
  #kept = new Map<string, Kept>();
  #keptBytes = 0;
  /** Of terms that were asked for, as of this version. */
  #postings = new Map<string, TermPostings>();

  /** @param limit bytes that postings may take; those of one search's terms are kept whatever they take */
  constructor(tables: StoreTables, limit: number) {
    this.#tables = tables;
    this.#limit = limit;
  }

  /** What it knows the store to be; undefined before the first reading. */
  get version(): number | undefined {
    return this.#state?.version;
  }

  /** The number of the first unit, which is at place 0. */
  get firstUnit(): number {
    return this.#state?.firstUnit ?? 0;
  }

  /** Units that have terms. */
  get units(): number {
    return this.#units;
  }

  get meanLength(): number {
    return this.#totalLength / this.#units || 1;
  }

  /** [places]: a place of the document, one for all of its units */
  get owners(): Int32Array {
    return this.#owners;
  }

  /** [places] */
  get lengths(): Uint32Array {
    return this.#lengths;
  }

  /** [places] */
  get alive(): Uint8Array {
    return this.#alive;
  }

  /** Whether postings of these terms can be had without the database: the log is here as a whole. */
  has(terms: readonly string[]): boolean {
    if (this.#state === undefined) return false;
    return this.#batches === this.#state.logged || terms.every((term) => this.#kept.has(term));
  }

  /** Reads what is new, and the postings of terms that are not here, as of one moment. */
  async read(query: SqlQuery, terms: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const missing = terms.filter((term) => !this.#kept.has(term));
    const answer = await this.#ask(query, missing, signal);
    const state = parseState(answer.state);
    if (this.#state !== undefined && state.epoch !== this.#state.epoch) {
      this.#forget();
      return this.read(query, terms, signal);
    }
    this.#take(state, answer);
    const lists = missing.map((): Uint8Array[] => []);
    const bytes = Buffer.from(answer.postings ?? '', 'base64');
    let position = 0;
    for (const [place, length] of answer.lists ?? []) {
      lists[place - 1]!.push(bytes.subarray(position, position + length));
      position += length;
    }
    for (const [place, term] of missing.entries()) this.#keep(term, lists[place]!);
    this.#dropOldest(new Set(terms));
  }

  /** Of a term that was read; none where no unit has it. */
  postingsOf(term: string): TermPostings {
    const kept = this.#kept.get(term);
    if (kept !== undefined) {
      this.#kept.delete(term);
      this.#kept.set(term, kept);
    }
    const known = this.#postings.get(term);
    if (known !== undefined) return known;
    const lists = [...(kept?.lists ?? []), ...(this.#logged.get(termKey(term)) ?? [])];
    const count = lists.reduce((sum, list) => sum + (this.#hasGone ? this.#livingOf(list) : postingCount(list)), 0);
    const postings = { lists, count };
    if (this.#postings.size >= MOST_REMEMBERED) this.#postings.clear();
    this.#postings.set(term, postings);
    return postings;
  }

  #livingOf(list: Uint8Array): number {
    const first = this.firstUnit;
    let living = 0;
    eachPosting(list, (unit) => {
      living += this.#alive[unit - first]!;
    });
    return living;
  }

  async #ask(query: SqlQuery, missing: readonly string[], signal: AbortSignal | undefined): Promise<Answer> {
    const { settings } = this.#tables;
    const { units, logs, postings, gone } = termTables(this.#tables);
    const lists = missing.length === 0 ? 'null as lists, null as postings' : 'lists.lists, lists.postings';
    const wanted =
      missing.length === 0
        ? ''
        : `, (select json_agg(json_build_array(place, octet_length(data)) order by place, batch) as lists, encode(string_agg(data, ''::bytea order by place, batch), 'base64') as postings
            from unnest($3::text[]) with ordinality as wanted (term, place) join ${postings} as stored on stored.term = wanted.term) as lists`;
    const [answer] = await query<Answer>(
      `select
        (select value from ${settings} where key = '${STATE_KEY}') as state,
        (select encode(string_agg(int4send(batch) || int4send(first) || int4send(count) || int4send(octet_length(data)) || data, ''::bytea order by batch), 'base64') from ${units} where batch > $1) as units,
        (select encode(string_agg(int4send(octet_length(data)) || data, ''::bytea order by batch), 'base64') from ${logs} where batch > $1) as logs,
        (select encode(string_agg(int8send(number) || int4send(unit), ''::bytea order by number), 'base64') from ${gone} where number > $2::bigint) as gone,
        ${lists}
        from (values (1)) as one (row)${wanted}`,
      [this.#lastBatch, this.#lastGone, ...(missing.length === 0 ? [] : [missing.map(termKey)])],
      signal,
    );
    return answer!;
  }

  #take(state: TermState, { units, logs, gone }: Answer): void {
    if (state.version !== this.#state?.version) this.#postings.clear();
    this.#state = state;
    this.#makeRoom(state.nextUnit - state.firstUnit);
    const batches = Buffer.from(units ?? '', 'base64');
    for (let position = 0; position < batches.length; ) {
      const [batch, first, count, length] = [0, 4, 8, 12].map((at) => batches.readInt32BE(position + at)) as [
        number,
        number,
        number,
        number,
      ];
      position += 16;
      this.#addUnits(batches.subarray(position, position + length), first, count);
      this.#lastBatch = batch;
      this.#batches++;
      position += length;
    }
    const log = Buffer.from(logs ?? '', 'base64');
    for (let position = 0; position < log.length; ) {
      const length = log.readInt32BE(position);
      position += 4;
      eachLogged(log.subarray(position, position + length), (key, postings) => {
        const lists = this.#logged.get(key);
        if (lists === undefined) this.#logged.set(key, [postings]);
        else lists.push(postings);
      });
      position += length;
    }
    const removed = Buffer.from(gone ?? '', 'base64');
    for (let position = 0; position < removed.length; position += 12) {
      this.#lastGone = Number(removed.readBigInt64BE(position));
      this.#removeUnit(removed.readInt32BE(position + 8) - state.firstUnit);
    }
  }

  #addUnits(bytes: Uint8Array, first: number, count: number): void {
    const base = this.firstUnit;
    eachUnit(bytes, first, count, (unit, owner, length) => {
      if (length === undefined) return;
      const place = unit - base;
      this.#owners[place] = owner - base;
      this.#lengths[place] = length;
      this.#alive[place] = 1;
      this.#units++;
      this.#totalLength += length;
    });
  }

  #removeUnit(place: number): void {
    if (place < 0 || this.#alive[place] !== 1) return;
    this.#alive[place] = 0;
    this.#units--;
    this.#totalLength -= this.#lengths[place]!;
    this.#hasGone = true;
  }

  #makeRoom(places: number): void {
    if (places <= this.#alive.length) return;
    const [owners, lengths, alive] = [new Int32Array(places), new Uint32Array(places), new Uint8Array(places)];
    owners.set(this.#owners);
    lengths.set(this.#lengths);
    alive.set(this.#alive);
    [this.#owners, this.#lengths, this.#alive] = [owners, lengths, alive];
  }

  #keep(term: string, lists: readonly Uint8Array[]): void {
    // Copied: a view would keep the whole answer.
    const own = lists.map((list) => list.slice());
    const bytes = own.reduce((sum, list) => sum + list.length, 2 * term.length + LIST_COST);
    this.#kept.set(term, { lists: own, bytes });
    this.#keptBytes += bytes;
  }

  #dropOldest(wanted: ReadonlySet<string>): void {
    for (const [term, { bytes }] of this.#kept) {
      if (this.#keptBytes <= this.#limit) return;
      if (wanted.has(term)) continue;
      this.#kept.delete(term);
      this.#postings.delete(term);
      this.#keptBytes -= bytes;
    }
  }

  #forget(): void {
    this.#state = undefined;
    [this.#lastBatch, this.#lastGone, this.#batches] = [0, 0, 0];
    [this.#owners, this.#lengths, this.#alive] = [new Int32Array(0), new Uint32Array(0), new Uint8Array(0)];
    [this.#units, this.#totalLength, this.#hasGone] = [0, 0, false];
    this.#logged = new Map();
    this.#kept = new Map();
    this.#keptBytes = 0;
  }
}

import { CemError } from '../../base/index.ts';
import type { Filter } from '../filter.ts';
import { checkFilter } from '../filter-schema.ts';
import { compileFilter } from '../match-filter.ts';
import { MeanScores } from '../mean-scores.ts';
import { atPassagePlace, passagePlace } from '../passage-place.ts';
import { assertResultCount, idOrder } from '../rank-order.ts';
import type { Hit, Retriever, SearchOptions } from '../retriever.ts';
import { scoredPassages } from '../scoring.ts';
import { yieldToSignal } from '../search-signal.ts';
import { type TopItem, TopK } from '../top-k.ts';
import type { RowMetadata } from '../vector-store.ts';
import { type Bm25Parameters, bm25Parameters, inverseFrequency, saturations } from './bm25-formula.ts';
import { tokenize } from './tokenizer.ts';

export interface Bm25Options {
  readonly name?: string;
  /** How fast repeated terms saturate. */
  readonly k1?: number;
  /** How much longer documents are discounted, 0 (not) to 1 (in full). */
  readonly b?: number;
  readonly tokenize?: (text: string) => Iterable<string>;
}

/** What BM25 ranks by: a passage's text, a chunk's, or a whole document's. */
export interface LexicalUnit {
  readonly document: string;
  /** Chunk number in the container; left out where the text is the whole document. */
  readonly chunk?: number | undefined;
  /** Number of the passage within the chunk; 0 unless given. */
  readonly passage?: number | undefined;
  readonly text: string;
  /** What filters may ask about. */
  readonly metadata?: RowMetadata | undefined;
}

type LexicalUnits = Iterable<LexicalUnit> | AsyncIterable<LexicalUnit>;

/** Whole documents as units, e.g. of a Map of texts by id. */
export function* wholeDocuments(texts: Iterable<readonly [id: string, text: string]>): Generator<LexicalUnit> {
  for (const [document, text] of texts) yield { document, text };
}

/** Part of a unit that is a whole document. */
const WHOLE = -1;
/** Postings between two looks at the signal: some milliseconds. */
const POSTINGS_PER_LOOK = 1 << 20;

/** Postings by term: of term t, those from `starts[t]` up to `starts[t + 1]`, by ascending unit. */
interface InvertedIndex {
  /** [documents] */
  readonly ids: readonly string[];
  /** [units]: place of its document in `ids` */
  readonly owners: Int32Array;
  /** [units]: place of the passage, or WHOLE */
  readonly parts: Float64Array;
  /** [units] */
  readonly metadata: readonly (RowMetadata | undefined)[];
  readonly terms: ReadonlyMap<string, number>;
  /** [terms + 1] */
  readonly starts: Uint32Array;
  /** [postings] */
  readonly units: Uint32Array;
  /** [postings]: how often the term occurs in the unit */
  readonly frequencies: Uint32Array;
  /** [units]: terms in each */
  readonly lengths: Uint32Array;
}

/**
 * Okapi BM25 (Robertson et al. 1994) over an inverted index in memory, with the never negative
 * IDF = ln(1 + (N - n + 0.5) / (n + 0.5)), N and n being counts of units (passages, chunks, or whole documents), whatever a filter lets pass. A document's score comes from
 * those of its units, as the search's `scoring` says; a unit that shares no term with the query counts as 0 in a mean. A term that a query repeats counts each time; documents that share no term with the query are not returned, so that there may be fewer
 * than k results.
 */
export class Bm25Retriever implements Retriever {
  readonly name: string;
  readonly settings: Bm25Parameters;
  readonly #index: InvertedIndex;
  readonly #tokenize: (text: string) => Iterable<string>;
  readonly #tieOrder: Int32Array;
  /** [units]: k1 (1 - b + b length / mean length) */
  readonly #saturation: Float64Array;
  readonly #compareTies = (left: number, right: number): number => this.#tieOrder[left]! - this.#tieOrder[right]!;

  private constructor(index: InvertedIndex, options: Bm25Options) {
    this.name = options.name ?? 'bm25';
    this.settings = bm25Parameters(options);
    this.#index = index;
    this.#tokenize = options.tokenize ?? tokenize;
    this.#tieOrder = idOrder(index.ids);
    const meanLength = index.lengths.reduce((sum, length) => sum + length, 0) / index.lengths.length || 1;
    this.#saturation = saturations(this.settings, index.lengths, meanLength);
  }

  /** @throws CemError `SEARCH_DUPLICATE_ID` for a document whose passage, or which as a whole, is there twice; `SEARCH_EMPTY_CORPUS` */
  static async create(units: LexicalUnits, options: Bm25Options = {}): Promise<Bm25Retriever> {
    const index = await buildIndex(units, options.tokenize ?? tokenize);
    if (index.ids.length === 0) throw new CemError('SEARCH_EMPTY_CORPUS', 'there is no document to search; give at least one');
    return new Bm25Retriever(index, options);
  }

  async search(queries: readonly string[], { k, filter, scoring, signal, onUnsearchable }: SearchOptions): Promise<Hit[][]> {
    assertResultCount(k);
    checkFilter(filter);
    const best = scoredPassages(scoring);
    const passes = filter && this.#unitFilter(filter);
    const results: Hit[][] = [];
    const scores = new Float64Array(this.#index.owners.length);
    for (const [place, query] of queries.entries()) {
      await yieldToSignal(signal);
      const terms = Array.from(this.#tokenize(query), (term) => this.#index.terms.get(term)).filter((term) => term !== undefined);
      if (terms.length === 0) onUnsearchable?.(place, "none of the query's words is in the index");
      results.push(await this.#searchOne(terms, scores, { k, passes, best, signal }));
    }
    return results;
  }

  /** Which units pass; each is asked once, and only when a query meets it. */
  #unitFilter(filter: Filter): (unit: number) => boolean {
    const { ids, owners, metadata } = this.#index;
    const test = compileFilter(filter);
    const known = new Int8Array(owners.length);
    return (unit) => {
      if (known[unit] === 0) known[unit] = test(ids[owners[unit]!]!, metadata[unit]) ? 1 : -1;
      return known[unit] === 1;
    };
  }

  /** @param scores [units], all zero before and after */
  async #searchOne(
    queryTerms: readonly number[],
    scores: Float64Array,
    {
      k,
      passes,
      best,
      signal,
    }: Pick<SearchOptions, 'k' | 'signal'> & {
      readonly passes: ((unit: number) => boolean) | undefined;
      readonly best: number;
    },
  ): Promise<Hit[]> {
    const { ids, owners, starts, units, frequencies } = this.#index;
    const { k1 } = this.settings;
    const touched: number[] = [];
    let postings = 0;
    for (const term of queryTerms) {
      const start = starts[term]!;
      const end = starts[term + 1]!;
      const weight = inverseFrequency(owners.length, end - start);
      for (let posting = start; posting < end; posting++) {
        if (++postings % POSTINGS_PER_LOOK === 0) await yieldToSignal(signal);
        const unit = units[posting]!;
        const frequency = frequencies[posting]!;
        if (scores[unit] === 0) touched.push(unit);
        scores[unit]! += (weight * frequency * (k1 + 1)) / (frequency + this.#saturation[unit]!);
      }
    }
    const found = passes === undefined ? touched : touched.filter(passes);
    const items = best === 1 ? this.#bestOf(found, scores, k) : this.#meansOf(found, scores, { k, passes, best });
    for (const unit of touched) scores[unit] = 0;
    return items.map(({ item, score, part }) => ({
      document: ids[item]!,
      ...(part !== WHOLE && atPassagePlace(part)),
      score,
      retriever: this.name,
    }));
  }

  #bestOf(found: readonly number[], scores: Float64Array, k: number): TopItem[] {
    const { ids, owners, parts } = this.#index;
    const top = new TopK(Math.min(k, found.length), { compareTies: this.#compareTies, repeats: owners.length > ids.length });
    for (const unit of found) top.push(owners[unit]!, scores[unit]!, parts[unit]!);
    return top.sorted();
  }

  /** Over the documents of the units that were found; of those all units that pass count. */
  #meansOf(
    found: readonly number[],
    scores: Float64Array,
    { k, passes, best }: { readonly k: number; readonly passes: ((unit: number) => boolean) | undefined; readonly best: number },
  ): TopItem[] {
    const { ids, owners, parts } = this.#index;
    const wanted = new Uint8Array(ids.length);
    for (const unit of found) wanted[owners[unit]!] = 1;
    const means = new MeanScores(ids.length, best);
    owners.forEach((owner, unit) => {
      if (wanted[owner] === 1 && passes?.(unit) !== false) means.push(owner, scores[unit]!, parts[unit]!);
    });
    return means.sorted(Math.min(k, ids.length), this.#compareTies);
  }
}

async function buildIndex(source: LexicalUnits, cut: (text: string) => Iterable<string>): Promise<InvertedIndex> {
  const places = new Map<string, number>();
  const [owners, parts, lengths]: [number[], number[], number[]] = [[], [], []];
  const metadata: (RowMetadata | undefined)[] = [];
  const terms = new Map<string, number>();
  /** For each unit its distinct terms and, in the second half, their frequencies. */
  const unitTerms: Uint32Array[] = [];
  for await (const unit of source) {
    const owner = places.get(unit.document) ?? places.size;
    places.set(unit.document, owner);
    const counts = new Map<number, number>();
    let length = 0;
    for (const term of cut(unit.text)) {
      let number = terms.get(term);
      if (number === undefined) {
        number = terms.size;
        terms.set(term, number);
      }
      counts.set(number, (counts.get(number) ?? 0) + 1);
      length++;
    }
    owners.push(owner);
    parts.push(unit.chunk === undefined ? WHOLE : passagePlace(unit.chunk, unit.passage ?? 0));
    metadata.push(unit.metadata);
    lengths.push(length);
    unitTerms.push(Uint32Array.from([...counts.keys(), ...counts.values()]));
  }
  const ids = [...places.keys()];
  checkUnique(ids, owners, parts);
  return {
    ids,
    owners: Int32Array.from(owners),
    parts: Float64Array.from(parts),
    metadata,
    terms,
    lengths: Uint32Array.from(lengths),
    ...invert(unitTerms, terms.size),
  };
}

/** A document is one whole, or passages at different places. */
function checkUnique(ids: readonly string[], owners: readonly number[], parts: readonly number[]): void {
  if (owners.length === ids.length) return;
  const order = Int32Array.from(owners.keys()).sort(
    (left, right) => owners[left]! - owners[right]! || parts[left]! - parts[right]!,
  );
  for (let place = 1; place < order.length; place++) {
    const [before, unit] = [order[place - 1]!, order[place]!];
    if (owners[before] !== owners[unit] || (parts[before] !== WHOLE && parts[before] !== parts[unit])) continue;
    const document = ids[owners[unit]!]!;
    const { chunk, passage } = atPassagePlace(parts[unit]!);
    const what = parts[before] === WHOLE ? '' : `, chunk ${chunk}${passage === 0 ? '' : `, passage ${passage}`},`;
    throw new CemError(
      'SEARCH_DUPLICATE_ID',
      `document id ${JSON.stringify(document)}${what} is there twice; ids must be unique`,
      {
        details: { document },
      },
    );
  }
}

/** Turns terms by unit into units by term: counts, then fills. */
function invert(unitTerms: readonly Uint32Array[], termCount: number): Pick<InvertedIndex, 'starts' | 'units' | 'frequencies'> {
  const starts = new Uint32Array(termCount + 1);
  for (const entry of unitTerms) {
    for (let index = 0; index < entry.length / 2; index++) starts[entry[index]! + 1]!++;
  }
  for (let term = 0; term < termCount; term++) starts[term + 1]! += starts[term]!;
  const next = starts.slice();
  const units = new Uint32Array(starts[termCount]!);
  const frequencies = new Uint32Array(starts[termCount]!);
  unitTerms.forEach((entry, unit) => {
    const distinct = entry.length / 2;
    for (let index = 0; index < distinct; index++) {
      const posting = next[entry[index]!]!++;
      units[posting] = unit;
      frequencies[posting] = entry[distinct + index]!;
    }
  });
  return { starts, units, frequencies };
}

import { CemError } from '../../base/index.ts';
import { assertResultCount, idOrder } from '../rank-order.ts';
import type { Hit, Retriever } from '../retriever.ts';
import { TopK } from '../top-k.ts';
import { tokenize } from './tokenizer.ts';

/** Anserini's defaults for BM25 on BEIR (Thakur et al. 2021, arXiv 2104.08663). */
const DEFAULT_K1 = 0.9;
const DEFAULT_B = 0.4;

export interface Bm25Options {
  readonly name?: string;
  /** How fast repeated terms saturate. */
  readonly k1?: number;
  /** How much longer documents are discounted, 0 (not) to 1 (in full). */
  readonly b?: number;
  readonly tokenize?: (text: string) => Iterable<string>;
}

/** Ids with their texts, e.g. a Map. */
type Texts = Iterable<readonly [id: string, text: string]> | AsyncIterable<readonly [id: string, text: string]>;

/** Postings by term: of term t, those from `starts[t]` up to `starts[t + 1]`, by ascending document. */
interface InvertedIndex {
  readonly ids: readonly string[];
  readonly terms: ReadonlyMap<string, number>;
  /** [terms + 1] */
  readonly starts: Uint32Array;
  /** [postings] */
  readonly documents: Uint32Array;
  /** [postings]: how often the term occurs in the document */
  readonly frequencies: Uint32Array;
  /** [documents]: terms in each */
  readonly lengths: Uint32Array;
}

/**
 * Okapi BM25 (Robertson et al. 1994) over an inverted index in memory, with the never negative
 * IDF = ln(1 + (N - n + 0.5) / (n + 0.5)). A term that a query repeats counts each time; documents that share no term with the query
 * are not returned, so that there may be fewer than k results.
 */
export class Bm25Retriever implements Retriever {
  readonly name: string;
  readonly settings: Readonly<{ k1: number; b: number }>;
  readonly #index: InvertedIndex;
  readonly #tokenize: (text: string) => Iterable<string>;
  readonly #tieOrder: Int32Array;
  /** [documents]: k1 (1 - b + b length / mean length) */
  readonly #saturation: Float64Array;

  private constructor(index: InvertedIndex, options: Bm25Options) {
    this.name = options.name ?? 'bm25';
    this.settings = { k1: options.k1 ?? DEFAULT_K1, b: options.b ?? DEFAULT_B };
    this.#index = index;
    this.#tokenize = options.tokenize ?? tokenize;
    this.#tieOrder = idOrder(index.ids);
    const { k1, b } = this.settings;
    const meanLength = index.lengths.reduce((sum, length) => sum + length, 0) / index.lengths.length || 1;
    this.#saturation = Float64Array.from(index.lengths, (length) => k1 * (1 - b + (b * length) / meanLength));
  }

  /** @throws CemError `SEARCH_DUPLICATE_ID`, `SEARCH_EMPTY_CORPUS` */
  static async create(texts: Texts, options: Bm25Options = {}): Promise<Bm25Retriever> {
    const index = await buildIndex(texts, options.tokenize ?? tokenize);
    if (index.ids.length === 0) throw new CemError('SEARCH_EMPTY_CORPUS', 'there is no document to search; give at least one');
    return new Bm25Retriever(index, options);
  }

  async search(queries: readonly string[], k: number): Promise<Hit[][]> {
    assertResultCount(k);
    const scores = new Float64Array(this.#index.ids.length);
    return queries.map((query) => this.#searchOne(query, k, scores));
  }

  /** @param scores [documents], all zero before and after */
  #searchOne(query: string, k: number, scores: Float64Array): Hit[] {
    const { ids, terms, starts, documents, frequencies } = this.#index;
    const { k1 } = this.settings;
    const touched: number[] = [];
    for (const term of this.#tokenize(query)) {
      const number = terms.get(term);
      if (number === undefined) continue;
      const start = starts[number]!;
      const end = starts[number + 1]!;
      const inverseFrequency = Math.log1p((ids.length - (end - start) + 0.5) / (end - start + 0.5));
      for (let posting = start; posting < end; posting++) {
        const document = documents[posting]!;
        const frequency = frequencies[posting]!;
        if (scores[document] === 0) touched.push(document);
        scores[document]! += (inverseFrequency * frequency * (k1 + 1)) / (frequency + this.#saturation[document]!);
      }
    }
    const order = this.#tieOrder;
    const best = new TopK(Math.min(k, touched.length), { compareTies: (left, right) => order[left]! - order[right]! });
    for (const document of touched) {
      best.push(document, scores[document]!);
      scores[document] = 0;
    }
    return best.sorted().map(({ item, score }) => ({ id: ids[item]!, score, chunk: -1 }));
  }
}

async function buildIndex(texts: Texts, cut: (text: string) => Iterable<string>): Promise<InvertedIndex> {
  const ids: string[] = [];
  const lengths: number[] = [];
  const terms = new Map<string, number>();
  /** Of each document: its distinct terms and, in the second half, their frequencies. */
  const documentTerms: Uint32Array[] = [];
  for await (const [id, text] of texts) {
    const counts = new Map<number, number>();
    let length = 0;
    for (const term of cut(text)) {
      let number = terms.get(term);
      if (number === undefined) {
        number = terms.size;
        terms.set(term, number);
      }
      counts.set(number, (counts.get(number) ?? 0) + 1);
      length++;
    }
    ids.push(id);
    lengths.push(length);
    documentTerms.push(Uint32Array.from([...counts.keys(), ...counts.values()]));
  }
  return { ids, terms, lengths: Uint32Array.from(lengths), ...invert(documentTerms, terms.size) };
}

/** Turns terms by document into documents by term: counts, then fills. */
function invert(
  documentTerms: readonly Uint32Array[],
  termCount: number,
): Pick<InvertedIndex, 'starts' | 'documents' | 'frequencies'> {
  const starts = new Uint32Array(termCount + 1);
  for (const entry of documentTerms) {
    for (let index = 0; index < entry.length / 2; index++) starts[entry[index]! + 1]!++;
  }
  for (let term = 0; term < termCount; term++) starts[term + 1]! += starts[term]!;
  const next = starts.slice();
  const documents = new Uint32Array(starts[termCount]!);
  const frequencies = new Uint32Array(starts[termCount]!);
  documentTerms.forEach((entry, document) => {
    const distinct = entry.length / 2;
    for (let index = 0; index < distinct; index++) {
      const posting = next[entry[index]!]!++;
      documents[posting] = document;
      frequencies[posting] = entry[distinct + index]!;
    }
  });
  return { starts, documents, frequencies };
}

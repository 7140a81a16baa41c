import type { SparseMatrix } from './sparse-matrix.ts';
import { splitWords } from './words.ts';

/** How terms are counted, chosen and weighted. */
export interface TfIdfOptions {
  /** Count pairs of neighbouring words beside the words. */
  readonly bigrams: boolean;
  /** Shorter words are left out, unless they are of a script without spaces (counted in UTF-16 code units). */
  readonly minimumWordLength: number;
  /** A term in fewer documents than this is left out. */
  readonly minimumDocumentFrequency: number;
  /** A term in more than this share of the documents is left out: the corpus' own stop words. */
  readonly maximumDocumentShare: number;
  /** The terms with the highest counts are kept, this many at most. */
  readonly vocabularySize: number;
  /** Weigh a count as 1 + ln(count) instead of the count itself. */
  readonly sublinear: boolean;
}

const ASCII_ONLY = /^[\x20-\x7f]*$/;

/** The terms of a text in order, with repeats. */
function termsOf(text: string, options: TfIdfOptions): string[] {
  const words = splitWords(text).filter((word) => word.length >= options.minimumWordLength || !ASCII_ONLY.test(word));
  if (!options.bigrams) return words;
  const terms = words.slice();
  for (let i = 1; i < words.length; i++) terms.push(`${words[i - 1]} ${words[i]}`);
  return terms;
}

/** One text as weighted terms: L2-normalised, empty when it has no known term. */
export interface WeightedTerms {
  /** Columns, ascending. */
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

/**
 * Bag of words with inverse document frequencies: weight = tf * idf, idf = ln((1 + documents) / (1 + frequency)) + 1, rows L2-normalised
 * (the smoothed form of scikit-learn's TfidfVectorizer, which the tests use as a definition).
 */
export class TfIdf {
  readonly options: TfIdfOptions;
  /** Term of each column, in ascending order of UTF-16 code units. */
  readonly terms: readonly string[];
  /** [terms] inverse document frequency of each column. */
  readonly inverseFrequencies: Float32Array;
  readonly #columns: ReadonlyMap<string, number>;

  constructor(options: TfIdfOptions, terms: readonly string[], inverseFrequencies: Float32Array) {
    this.options = options;
    this.terms = terms;
    this.inverseFrequencies = inverseFrequencies;
    this.#columns = new Map(terms.map((term, column) => [term, column]));
  }

  transform(text: string): WeightedTerms {
    const counts = new Map<number, number>();
    for (const term of termsOf(text, this.options)) {
      const column = this.#columns.get(term);
      if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
    }
    const indices = Uint32Array.from(counts.keys()).sort();
    const values = new Float32Array(indices.length);
    for (let i = 0; i < indices.length; i++) values[i] = this.#weight(indices[i]!, counts.get(indices[i]!)!);
    normalize(values, 0, values.length);
    return { indices, values };
  }

  #weight(column: number, count: number): number {
    return (this.options.sublinear ? 1 + Math.log(count) : count) * this.inverseFrequencies[column]!;
  }

  /** Counts the terms of the texts, chooses the vocabulary, and gives the model with its matrix of the same texts. */
  static async fit(
    texts: Iterable<string> | AsyncIterable<string>,
    options: TfIdfOptions,
  ): Promise<{ model: TfIdf; matrix: SparseMatrix }> {
    const counts = new TermCounts();
    for await (const text of texts) counts.add(termsOf(text, options));
    const { terms, columnOf } = counts.choose(options);
    const inverseFrequencies = new Float32Array(terms.length);
    for (let id = 0; id < columnOf.length; id++) {
      const column = columnOf[id]!;
      if (column >= 0) inverseFrequencies[column] = Math.log((1 + counts.documents) / (1 + counts.frequencies[id]!)) + 1;
    }
    const model = new TfIdf(options, terms, inverseFrequencies);
    return { model, matrix: counts.matrix(columnOf, terms.length, (column, count) => model.#weight(column, count)) };
  }
}

/** Counts by document, before the vocabulary is chosen: a term's id is the order of its first sight. */
class TermCounts {
  readonly frequencies: number[] = [];
  readonly #ids = new Map<string, number>();
  readonly #totals: number[] = [];
  readonly #starts: number[] = [0];
  #entryIds = new Uint32Array(1 << 16);
  #entryCounts = new Uint32Array(1 << 16);
  #entries = 0;

  get documents(): number {
    return this.#starts.length - 1;
  }

  add(terms: readonly string[]): void {
    const counts = new Map<number, number>();
    for (const term of terms) {
      let id = this.#ids.get(term);
      if (id === undefined) {
        id = this.#ids.size;
        this.#ids.set(term, id);
        this.frequencies.push(0);
        this.#totals.push(0);
      }
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    this.#reserve(counts.size);
    for (const [id, count] of counts) {
      this.frequencies[id] = this.frequencies[id]! + 1;
      this.#totals[id] = this.#totals[id]! + count;
      this.#entryIds[this.#entries] = id;
      this.#entryCounts[this.#entries++] = count;
    }
    this.#starts.push(this.#entries);
  }

  #reserve(more: number): void {
    if (this.#entries + more <= this.#entryIds.length) return;
    const capacity = Math.max(this.#entryIds.length * 2, this.#entries + more);
    this.#entryIds = enlarge(this.#entryIds, capacity);
    this.#entryCounts = enlarge(this.#entryCounts, capacity);
  }

  choose(options: TfIdfOptions): { terms: string[]; columnOf: Int32Array } {
    const most = options.maximumDocumentShare * this.documents;
    const kept: { term: string; id: number; total: number }[] = [];
    for (const [term, id] of this.#ids) {
      const frequency = this.frequencies[id]!;
      if (frequency >= options.minimumDocumentFrequency && frequency <= most) kept.push({ term, id, total: this.#totals[id]! });
    }
    // Ties by the term itself, so that the vocabulary does not depend on the order of the texts.
    const byTerm = (a: { term: string }, b: { term: string }) => (a.term < b.term ? -1 : 1);
    kept.sort((a, b) => b.total - a.total || byTerm(a, b));
    const chosen = kept.slice(0, options.vocabularySize).sort(byTerm);
    const columnOf = new Int32Array(this.#ids.size).fill(-1);
    chosen.forEach(({ id }, column) => {
      columnOf[id] = column;
    });
    return { terms: chosen.map(({ term }) => term), columnOf };
  }

  /** [documents, columns]; rows L2-normalised. */
  matrix(columnOf: Int32Array, columns: number, weight: (column: number, count: number) => number): SparseMatrix {
    const starts = new Float64Array(this.documents + 1);
    const indices = new Uint32Array(this.#entries);
    const values = new Float32Array(this.#entries);
    let filled = 0;
    for (let row = 0; row < this.documents; row++) {
      starts[row] = filled;
      for (let entry = this.#starts[row]!; entry < this.#starts[row + 1]!; entry++) {
        const column = columnOf[this.#entryIds[entry]!]!;
        if (column < 0) continue;
        indices[filled] = column;
        values[filled++] = weight(column, this.#entryCounts[entry]!);
      }
      normalize(values, starts[row]!, filled);
    }
    starts[this.documents] = filled;
    return { rows: this.documents, columns, starts, indices: indices.slice(0, filled), values: values.slice(0, filled) };
  }
}

function enlarge(array: Uint32Array<ArrayBuffer>, capacity: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(capacity);
  larger.set(array);
  return larger;
}

function normalize(values: Float32Array, start: number, end: number): void {
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i]! * values[i]!;
  if (sum === 0) return;
  const scale = 1 / Math.sqrt(sum);
  for (let i = start; i < end; i++) values[i] = values[i]! * scale;
}

import assert from 'node:assert/strict';
import type { Filter } from '../filter.ts';
import { checkFilter } from '../filter-schema.ts';
import { compileFilter } from '../match-filter.ts';
import { atPassagePlace, passagePlace } from '../passage-place.ts';
import { assertResultCount, compareIds } from '../rank-order.ts';
import type { SearchOptions } from '../retriever.ts';
import { scoredPassages } from '../scoring.ts';
import { type CheckedRow, checkDimension, isZero, lastRowsByKey, metadataJson, whyUnsearchable } from '../vector-row.ts';
import type { MetadataRow, RowMetadata, StoredRow, StoreHit, VectorCount, VectorRow, VectorStore } from '../vector-store.ts';
import { ExactIndex, type ExactIndexOptions } from './exact-index.ts';

/** One document: its number in the index, and its rows by the place of their passage. */
interface StoredDocument {
  readonly number: number;
  readonly rows: Map<number, number>;
}

/** What is kept of a row beside its vector. */
interface RowFacts {
  readonly document: string;
  readonly chunk: number;
  readonly fingerprint: string;
  readonly metadata: RowMetadata;
  /** Its vector is all zeros. */
  readonly empty: boolean;
}

/** The vector store in this process's memory, over exact search: for corpora that need no database, and what other stores are checked against. */
export class ExactStore implements VectorStore {
  readonly dimension: number;
  readonly #index: ExactIndex;
  readonly #documents = new Map<string, StoredDocument>();
  /** [documents]: ids by number; a removed document's number is given to a later one */
  readonly #ids: string[] = [];
  /** [rows]: undefined where a row is free */
  readonly #rows: (RowFacts | undefined)[] = [];
  readonly #freeRows: number[] = [];
  readonly #freeNumbers: number[] = [];
  /** What runs now; the next operation begins after it, so that no search sees half a write. */
  #running: Promise<unknown> = Promise.resolve();

  constructor(dimension: number, options: ExactIndexOptions = {}) {
    this.dimension = dimension;
    this.#index = new ExactIndex(dimension, options);
  }

  async upsert(rows: readonly VectorRow[]): Promise<void> {
    // What is wrong with a row is found before the first is written.
    const all = lastRowsByKey(rows, this.dimension);
    await this.#inTurn(() => {
      for (const row of all) this.#put(row);
    });
  }

  async updateMetadata(rows: readonly MetadataRow[]): Promise<void> {
    const all = rows.map((row) => ({ ...row, metadata: JSON.parse(metadataJson(row)) as RowMetadata }));
    await this.#inTurn(() => {
      for (const { document, chunk, passage, fingerprint, metadata } of all) {
        const row = this.#documents.get(document)?.rows.get(passagePlace(chunk, passage));
        if (row !== undefined) this.#rows[row] = { ...this.#rows[row]!, fingerprint, metadata };
      }
    });
  }

  async deleteDocuments(documents: readonly string[]): Promise<number> {
    return this.#inTurn(() => {
      let removed = 0;
      for (const id of documents) {
        const document = this.#documents.get(id);
        if (document === undefined) continue;
        for (const row of document.rows.values()) {
          this.#index.release(row);
          this.#rows[row] = undefined;
          this.#freeRows.push(row);
        }
        removed += document.rows.size;
        this.#freeNumbers.push(document.number);
        this.#documents.delete(id);
      }
      return removed;
    });
  }

  async finishWriting(): Promise<void> {}

  async search(vector: Float32Array, { k, filter, scoring, signal }: SearchOptions): Promise<StoreHit[]> {
    assertResultCount(k);
    checkDimension(vector, this.dimension, "the query's vector");
    checkFilter(filter);
    const best = scoredPassages(scoring);
    signal?.throwIfAborted();
    if (whyUnsearchable(vector) !== undefined) return [];
    const passes = filter && this.#rowFilter(filter);
    const ids = this.#ids;
    return this.#inTurn(async () => {
      const [items] = await this.#index.search({ rows: 1, dimension: this.dimension, data: vector }, k, {
        compareTies: (left, right) => compareIds(ids[left]!, ids[right]!),
        passes,
        best,
        signal,
      });
      return (items ?? []).map(({ item, score, part }) => ({ document: ids[item]!, ...atPassagePlace(part), score }));
    });
  }

  async count(filter?: Filter): Promise<VectorCount> {
    checkFilter(filter);
    const passes = filter && this.#rowFilter(filter);
    return this.#inTurn(() => {
      const documents = new Set<string>();
      const chunks = new Set<string>();
      let [passages, empty] = [0, 0];
      this.#rows.forEach((facts, row) => {
        if (facts === undefined || passes?.(row) === false) return;
        documents.add(facts.document);
        chunks.add(`${facts.chunk} ${facts.document}`);
        passages++;
        if (facts.empty) empty++;
      });
      return { documents: documents.size, chunks: chunks.size, passages, empty };
    });
  }

  async storedRows(documents: readonly string[]): Promise<StoredRow[]> {
    return this.#inTurn(() =>
      [...new Set(documents)]
        .sort(compareIds)
        .flatMap((document) =>
          [...(this.#documents.get(document)?.rows ?? [])]
            .sort(([left], [right]) => left - right)
            .map(([place, row]) => ({ document, ...atPassagePlace(place), fingerprint: this.#rows[row]!.fingerprint })),
        ),
    );
  }

  async *documents(): AsyncIterable<string> {
    yield* await this.#inTurn(() => [...this.#documents.keys()]);
  }

  async close(): Promise<void> {
    await this.#running;
  }

  #put({ document: id, chunk, passage, vector, fingerprint, json }: CheckedRow): void {
    let document = this.#documents.get(id);
    if (document === undefined) {
      document = { number: this.#freeNumbers.pop() ?? this.#ids.length, rows: new Map() };
      this.#ids[document.number] = id;
      this.#documents.set(id, document);
    }
    const facts: RowFacts = {
      document: id,
      chunk,
      fingerprint,
      metadata: JSON.parse(json) as RowMetadata,
      empty: isZero(vector),
    };
    const place = passagePlace(chunk, passage);
    const row = document.rows.get(place) ?? this.#freeRows.pop();
    if (row === undefined) {
      assert.equal(this.#rows.length, this.#index.rows);
      document.rows.set(place, this.#index.rows);
      this.#rows.push(facts);
      this.#index.add(
        { rows: 1, dimension: this.dimension, data: vector },
        Int32Array.of(document.number),
        Float64Array.of(place),
      );
    } else {
      document.rows.set(place, row);
      this.#rows[row] = facts;
      this.#index.replace(row, vector, document.number, place);
    }
  }

  #rowFilter(filter: Filter): (row: number) => boolean {
    const test = compileFilter(filter);
    return (row) => {
      const facts = this.#rows[row];
      return facts !== undefined && test(facts.document, facts.metadata);
    };
  }

  #inTurn<Result>(operation: () => Result | Promise<Result>): Promise<Result> {
    const result = this.#running.then(operation);
    this.#running = result.catch(() => {});
    return result;
  }
}

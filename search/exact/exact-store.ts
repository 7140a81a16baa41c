import assert from 'node:assert/strict';
import { compareIds } from '../rank-order.ts';
import type { Hit } from '../retriever.ts';
import { checkVector, lastRowsByKey } from '../vector-row.ts';
import type { StoredChunk, VectorCount, VectorFilter, VectorRow, VectorStore } from '../vector-store.ts';
import { ExactIndex, type ExactIndexOptions } from './exact-index.ts';

/** One document: its number in the index, and its rows by chunk. */
interface StoredDocument {
  readonly number: number;
  readonly rows: Map<number, number>;
}

/** What is kept of a row beside its vector. */
type RowFacts = Pick<VectorRow, 'fingerprint'> & { readonly documentId: string; readonly metadata: VectorRow['metadata'] };

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
  readonly #metadata = new Map<string, string>();
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

  async deleteDocuments(documentIds: readonly string[]): Promise<number> {
    return this.#inTurn(() => {
      let removed = 0;
      for (const id of documentIds) {
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

  async search(vector: Float32Array, k: number, filter?: VectorFilter): Promise<Hit[]> {
    checkVector(vector, this.dimension, "the query's vector");
    if (k < 1) return [];
    const passes = this.#rowFilter(filter);
    const ids = this.#ids;
    return this.#inTurn(async () => {
      const [best] = await this.#index.search({ rows: 1, dimension: this.dimension, data: vector }, k, {
        compareTies: (left, right) => compareIds(ids[left]!, ids[right]!),
        ...(passes && { passes }),
      });
      return (best ?? []).map(({ item, score, part }) => ({ id: ids[item]!, score, chunk: part }));
    });
  }

  async count(filter?: VectorFilter): Promise<VectorCount> {
    const passes = this.#rowFilter(filter);
    return this.#inTurn(() => {
      const documents = new Set<string>();
      let chunks = 0;
      this.#rows.forEach((facts, row) => {
        if (facts === undefined || passes?.(row) === false) return;
        documents.add(facts.documentId);
        chunks++;
      });
      return { documents: documents.size, chunks };
    });
  }

  async has(documentId: string): Promise<boolean> {
    return this.#inTurn(() => this.#documents.has(documentId));
  }

  async storedChunks(documentIds: readonly string[]): Promise<StoredChunk[]> {
    return this.#inTurn(() =>
      [...new Set(documentIds)]
        .sort(compareIds)
        .flatMap((documentId) =>
          [...(this.#documents.get(documentId)?.rows ?? [])]
            .sort(([left], [right]) => left - right)
            .map(([chunk, row]) => ({ documentId, chunk, fingerprint: this.#rows[row]!.fingerprint })),
        ),
    );
  }

  async *documentIds(): AsyncIterable<string> {
    yield* await this.#inTurn(() => [...this.#documents.keys()].sort(compareIds));
  }

  async getMetadata(key: string): Promise<string | undefined> {
    return this.#metadata.get(key);
  }

  async setMetadata(key: string, value: string): Promise<void> {
    this.#metadata.set(key, value);
  }

  async close(): Promise<void> {
    await this.#running;
  }

  #put({ documentId, chunk, vector, fingerprint, metadata }: VectorRow): void {
    let document = this.#documents.get(documentId);
    if (document === undefined) {
      document = { number: this.#freeNumbers.pop() ?? this.#ids.length, rows: new Map() };
      this.#ids[document.number] = documentId;
      this.#documents.set(documentId, document);
    }
    const row = document.rows.get(chunk) ?? this.#freeRows.pop();
    if (row === undefined) {
      assert.equal(this.#rows.length, this.#index.rows);
      document.rows.set(chunk, this.#index.rows);
      this.#rows.push({ documentId, fingerprint, metadata });
      this.#index.add({ rows: 1, dimension: this.dimension, data: vector }, Int32Array.of(document.number), Int32Array.of(chunk));
    } else {
      document.rows.set(chunk, row);
      this.#rows[row] = { documentId, fingerprint, metadata };
      this.#index.replace(row, vector, document.number, chunk);
    }
  }

  #rowFilter(filter: VectorFilter | undefined): ((row: number) => boolean) | undefined {
    if (filter?.documentIds === undefined && filter?.metadata === undefined) return undefined;
    const ids = filter.documentIds && new Set(filter.documentIds);
    const wanted = Object.entries(filter.metadata ?? {});
    return (row) => {
      const facts = this.#rows[row];
      if (facts === undefined || ids?.has(facts.documentId) === false) return false;
      return wanted.every(
        ([key, value]) => facts.metadata !== undefined && Object.hasOwn(facts.metadata, key) && facts.metadata[key] === value,
      );
    };
  }

  #inTurn<Result>(operation: () => Result | Promise<Result>): Promise<Result> {
    const result = this.#running.then(operation);
    this.#running = result.catch(() => {});
    return result;
  }
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { CemError, FormatError, type OnProgress } from '../../base/index.ts';
import type { CorpusVectors, Encoder, EncoderDescription, Vectors } from '../encoder.ts';
import { NpyReader } from './npy.ts';
import { readVectorEncoder, readVectorOwners, type VectorOwner, vectorFilePaths } from './vector-files.ts';

/**
 * Vectors that were computed before, here (`cem encode`) or by another program: a `.npy` of documents and one of queries, each with its `.ids.jsonl`. Rows are read from the
 * file when they are asked for, and normalised (16 bits keep no length exactly). Queries are found by their text.
 */
export class PrecomputedEncoder implements Encoder {
  readonly description: EncoderDescription;
  readonly #documents: NpyReader;
  readonly #rowsById: ReadonlyMap<string, readonly number[]>;
  readonly #queries: NpyReader;
  readonly #rowByText: ReadonlyMap<string, number>;

  private constructor(
    description: EncoderDescription,
    documents: readonly [NpyReader, readonly VectorOwner[]],
    queries: readonly [NpyReader, readonly VectorOwner[]],
  ) {
    this.description = description;
    this.#documents = documents[0];
    this.#rowsById = rowsById(documents[1]);
    this.#queries = queries[0];
    this.#rowByText = new Map(queries[1].flatMap(({ text }, row) => (text === undefined ? [] : [[text, row] as const])));
  }

  /**
   * @param paths the two `.npy` files; `<name>.ids.jsonl` lies beside each (the queries' with `text`), `<name>.encoder.json` may
   * @throws CemError `FILE_OPEN`; FormatError `VECTOR_ROWS` (not one id a row), `VECTOR_DIMENSION` (documents and queries differ), and as `NpyReader.open`,
   *   `readVectorOwners`, `readVectorEncoder`
   */
  static async open(paths: { readonly documents: string; readonly queries: string }): Promise<PrecomputedEncoder> {
    const [documents, documentOwners] = await openVectors(paths.documents);
    try {
      const [queries, queryOwners] = await openVectors(paths.queries);
      try {
        if (queries.dimension !== documents.dimension) {
          throw new FormatError(
            'VECTOR_DIMENSION',
            `${paths.documents} has vectors of ${documents.dimension} numbers and ${paths.queries} of ${queries.dimension}: they come from different encoders`,
            { details: paths },
          );
        }
        const description = (await readVectorEncoder(vectorFilePaths(paths.documents).encoder)) ?? {
          id: `precomputed:${basename(paths.documents)}`,
          revision: await hashOfFile(paths.documents),
          dimension: documents.dimension,
          settings: {},
        };
        return new PrecomputedEncoder(description, [documents, documentOwners], [queries, queryOwners]);
      } catch (error) {
        await queries.close();
        throw error;
      }
    } catch (error) {
      await documents.close();
      throw error;
    }
  }

  /** @throws CemError `ENCODER_UNKNOWN_QUERY` for a text that has no vector */
  async encodeQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    const rows = texts.map((text) => {
      const row = this.#rowByText.get(text);
      if (row !== undefined) return row;
      throw new CemError(
        'ENCODER_UNKNOWN_QUERY',
        `${this.#queries.path} has no vector of the query ${JSON.stringify(text.slice(0, 100))}; encode the queries of this split`,
        { details: { text } },
      );
    });
    return this.#read(this.#queries, rows, onProgress);
  }

  async encodeCorpus(ids: readonly string[], onProgress?: OnProgress): Promise<CorpusVectors> {
    const rows: number[] = [];
    const owners: number[] = [];
    ids.forEach((id, owner) => {
      const own = this.#rowsById.get(id);
      if (own === undefined) {
        throw new CemError(
          'ENCODER_UNKNOWN_ID',
          `${this.#documents.path} has no vector of the document ${JSON.stringify(id)}; encode this corpus`,
          { details: { id } },
        );
      }
      for (const row of own) {
        rows.push(row);
        owners.push(owner);
      }
    });
    return { ...(await this.#read(this.#documents, rows, onProgress)), owners: Int32Array.from(owners) };
  }

  async close(): Promise<void> {
    await Promise.all([this.#documents.close(), this.#queries.close()]);
  }

  async #read(matrix: NpyReader, rows: readonly number[], onProgress?: OnProgress): Promise<Vectors> {
    const { dimension } = matrix;
    const data = new Float32Array(rows.length * dimension); // [rows, dimension]
    for (let at = 0; at < rows.length; ) {
      // Rows that follow one another in the file are read at once: all of them, when a corpus is asked for in its order.
      let end = at + 1;
      while (end < rows.length && rows[end] === rows[end - 1]! + 1) end++;
      data.set(await matrix.read(rows[at]!, end - at), at * dimension);
      at = end;
      onProgress?.(at, rows.length);
    }
    for (let row = 0; row < rows.length; row++) normalize(data.subarray(row * dimension, (row + 1) * dimension));
    return { rows: rows.length, dimension, data };
  }
}

async function openVectors(npy: string): Promise<[NpyReader, VectorOwner[]]> {
  const { ids } = vectorFilePaths(npy);
  const matrix = await NpyReader.open(npy);
  try {
    const owners = await readVectorOwners(ids);
    if (owners.length === matrix.rows) return [matrix, owners];
    throw new FormatError(
      'VECTOR_ROWS',
      `${npy} has ${matrix.rows} rows and ${ids} ${owners.length} ids: they do not belong together`,
      {
        details: { npy, rows: matrix.rows, ids: owners.length },
      },
    );
  } catch (error) {
    await matrix.close();
    throw error;
  }
}

function rowsById(owners: readonly VectorOwner[]): Map<string, number[]> {
  const rows = new Map<string, number[]>();
  owners.forEach(({ id }, row) => {
    const own = rows.get(id);
    if (own === undefined) rows.set(id, [row]);
    else own.push(row);
  });
  return rows;
}

/** A vector of zeros stays one: it has no direction. */
function normalize(vector: Float32Array): void {
  const norm = Math.hypot(...vector);
  if (norm > 0) for (let index = 0; index < vector.length; index++) vector[index] = vector[index]! / norm;
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

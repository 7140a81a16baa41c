import { createReadStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import * as z from 'zod';
import { AtomicFile, CemError, FormatError, messageOf, writeFileAtomically } from '../../base/index.ts';
import type { EncoderDescription } from '../encoder.ts';
import { type NpyPrecision, NpyWriter } from './npy.ts';

/** Whose vector a row of the matrix is. */
export interface VectorOwner {
  /** Id of the document or query; rows of one document stand together. */
  readonly id: string;
  /** The text, of a query. */
  readonly text?: string;
}

/** Files beside a `.npy`: `<name>.ids.jsonl` with `{"_id", "text"?}` a row, and `<name>.encoder.json` with the encoder's description. */
export function vectorFilePaths(npy: string): { readonly npy: string; readonly ids: string; readonly encoder: string } {
  const stem = npy.replace(/\.npy$/i, '');
  return { npy, ids: `${stem}.ids.jsonl`, encoder: `${stem}.encoder.json` };
}

/** Vectors with their owners and their encoder, written as they come; the three files appear together, the matrix last: where it stands, the others belong to it. */
export class VectorFilesWriter {
  readonly #paths: ReturnType<typeof vectorFilePaths>;
  readonly #matrix: NpyWriter;
  readonly #ids: AtomicFile;
  readonly #description: EncoderDescription;

  private constructor(
    paths: ReturnType<typeof vectorFilePaths>,
    matrix: NpyWriter,
    ids: AtomicFile,
    description: EncoderDescription,
  ) {
    this.#paths = paths;
    this.#matrix = matrix;
    this.#ids = ids;
    this.#description = description;
  }

  /** @throws CemError `FILE_CREATE` */
  static async create(npy: string, description: EncoderDescription, precision: NpyPrecision): Promise<VectorFilesWriter> {
    const paths = vectorFilePaths(npy);
    const matrix = await NpyWriter.create(paths.npy, description.dimension, precision);
    try {
      return new VectorFilesWriter(paths, matrix, await AtomicFile.create(paths.ids), description);
    } catch (error) {
      await matrix.abort();
      throw error;
    }
  }

  get rows(): number {
    return this.#matrix.rows;
  }

  /**
   * @param owners one a row
   * @param data [owners.length, dimension]
   * @throws CemError `FILE_WRITE`
   */
  async append(owners: readonly VectorOwner[], data: Float32Array): Promise<void> {
    const lines = owners.map(({ id, text }) => `${JSON.stringify(text === undefined ? { _id: id } : { _id: id, text })}\n`);
    await this.#matrix.append(data);
    await this.#ids.append(Buffer.from(lines.join('')));
  }

  /** @throws CemError `FILE_WRITE` */
  async commit(): Promise<void> {
    // A matrix of before would for a moment stand beside ids that are not its own.
    await rm(this.#paths.npy, { force: true });
    await this.#ids.commit();
    await writeFileAtomically(this.#paths.encoder, Buffer.from(`${JSON.stringify(this.#description, null, 2)}\n`));
    await this.#matrix.commit();
  }

  /** Removes what was written and not committed. */
  async abort(): Promise<void> {
    await this.#ids.abort();
    await this.#matrix.abort();
  }
}

const ownerRow = z.object({ _id: z.string().min(1), text: z.string().optional() });

/**
 * Owners of the rows of a matrix, in their order.
 *
 * @throws CemError `FILE_OPEN`; FormatError `VECTOR_IDS_MALFORMED`
 */
export async function readVectorOwners(path: string): Promise<VectorOwner[]> {
  const owners: VectorOwner[] = [];
  const take = (line: string): void => {
    if (line === '') return;
    const row = ownerRow.safeParse(parseJson(line));
    if (!row.success) {
      throw new FormatError(
        'VECTOR_IDS_MALFORMED',
        `${path}:${owners.length + 1} is not {"_id": …}: every row of the matrix has one such line`,
        { details: { path, line: owners.length + 1 } },
      );
    }
    const { _id: id, text } = row.data;
    owners.push(text === undefined ? { id } : { id, text });
  };
  // Only LF ends a line: JSON strings may hold U+2028, at which Node's readline breaks.
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for await (const piece of createReadStream(path)) {
      const lines = (rest + decoder.write(piece as Buffer)).split('\n');
      rest = lines.pop()!;
      lines.forEach(take);
    }
  } catch (cause) {
    if (cause instanceof CemError) throw cause;
    throw new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}; it says whose vector each row is`, {
      details: { path },
      cause,
    });
  }
  take(rest);
  return owners;
}

const descriptionContent = z.object({
  id: z.string().min(1),
  revision: z.string(),
  dimension: z.int().positive(),
  settings: z.record(z.string(), z.unknown()),
});

/**
 * What made the vectors; undefined when no file says it.
 *
 * @throws FormatError `VECTOR_ENCODER_MALFORMED`
 */
export async function readVectorEncoder(path: string): Promise<EncoderDescription | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const description = descriptionContent.safeParse(parseJson(text));
  if (description.success) return description.data;
  throw new FormatError('VECTOR_ENCODER_MALFORMED', `${path} does not describe an encoder: encode again, or remove it`, {
    details: { path },
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

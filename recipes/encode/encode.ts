import { batches, closing, type Listener, UsageError } from '../../base/index.ts';
import { readBeir } from '../../data/index.ts';
import { type EncoderDescription, VectorFilesWriter, vectorFilePaths } from '../../encoders/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { duplicateDocument, type EncodeSource, type EncodeSourceOptions, openEncodeSource } from './encode-source.ts';

export interface EncodeOptions extends Omit<EncodeSourceOptions, 'note' | 'dimension'>, LongCall, OnBackend {
  /** The .npy file. */
  readonly output: string;
  /** How numbers are stored; `float32` unless given. */
  readonly precision?: 'float16' | 'float32' | undefined;
  /** BEIR folder whose queries are encoded too, into `OUTPUT.queries.npy`. */
  readonly queries?: string | undefined;
  /** Which queries; `test` unless given. */
  readonly split?: string | undefined;
  /** Length of the vectors of `random` and of a new `lsa`; 256 unless given. */
  readonly dimension?: number | undefined;
}

const DEFAULT_DIMENSION = 256;

/** What is written, and how. */
interface Target {
  readonly output: string;
  readonly precision: 'float16' | 'float32';
}

export interface EncodedFile {
  readonly vectors: string;
  readonly ids: string;
  readonly rows: number;
}

/** The files that were written. */
export interface EncodeResult {
  readonly encoder: EncoderDescription;
  readonly precision: string;
  /** A document has as many rows as it has chunks; one where texts are read. */
  readonly documents: EncodedFile & { readonly documents: number };
  readonly queries?: EncodedFile;
}

/** Queries encoded in one call. */
const QUERIES_PER_BATCH = 1024;

/**
 * Writes an encoder's vectors of a corpus as .npy, with the ids of its rows beside it.
 *
 * @throws UsageError `ENCODE_OUTPUT`, `ENCODE_DIMENSION`; CemError `ENCODE_DUPLICATE_DOCUMENT`; and what `openEncodeSource` throws
 */
export async function encode(options: EncodeOptions): Promise<EncodeResult> {
  const { dimension = DEFAULT_DIMENSION, precision = 'float32', split = 'test' } = options;
  const listener = listenerOf(options);
  if (!options.output.endsWith('.npy')) {
    throw new UsageError(
      'ENCODE_OUTPUT',
      `--output ${options.output} does not end in .npy; the ids are written beside it under the same name`,
    );
  }
  if (!Number.isSafeInteger(dimension) || dimension < 1) {
    throw new UsageError('ENCODE_DIMENSION', `--dimension ${dimension} is no whole number from 1`);
  }
  const queries = options.queries === undefined ? undefined : (await readBeir(options.queries, split)).queries;
  await useBackend(options, listener);
  const source = await openEncodeSource({
    ...options,
    models: modelsFolder(options.models),
    dimension,
    note: (line) => listener.note(line),
  });
  await using _source = closing(() => source.close());
  const target = { output: options.output, precision };
  const documents = await encodeDocuments(source, target, listener);
  return {
    encoder: source.description,
    precision,
    documents,
    ...(queries !== undefined && { queries: await encodeQueries(source, queries, target, listener) }),
  };
}

async function encodeDocuments(
  source: EncodeSource,
  { output, precision }: Target,
  listener: Listener,
): Promise<EncodeResult['documents']> {
  const writer = await VectorFilesWriter.create(output, source.description, precision);
  const stage = listener.stage('encoding documents');
  try {
    const seen = new Set<string>();
    for await (const { ids, encoder } of source.batches()) {
      for (const id of ids) {
        if (seen.has(id)) throw duplicateDocument(id);
        seen.add(id);
      }
      const before = seen.size - ids.length;
      const { owners, data } = await encoder.encodeCorpus(ids, (done, total) =>
        stage.progress(before + Math.floor((ids.length * done) / total), source.documents),
      );
      await writer.append(
        Array.from(owners, (owner) => ({ id: ids[owner]! })),
        data,
      );
    }
    const { rows } = writer;
    await writer.commit();
    stage.done(`${seen.size} documents`);
    return { vectors: output, ids: vectorFilePaths(output).ids, rows, documents: seen.size };
  } catch (error) {
    stage.fail();
    await writer.abort();
    throw error;
  }
}

async function encodeQueries(
  source: EncodeSource,
  queries: ReadonlyMap<string, string>,
  { output, precision }: Target,
  listener: Listener,
): Promise<EncodedFile> {
  const vectors = output.replace(/\.npy$/, '.queries.npy');
  const writer = await VectorFilesWriter.create(vectors, source.description, precision);
  const stage = listener.stage('encoding queries');
  try {
    const owners = Array.from(queries, ([id, text]) => ({ id, text }));
    let done = 0;
    for (const batch of batches(owners, QUERIES_PER_BATCH)) {
      const { data } = await source.encodeQueries(batch.map(({ text }) => text));
      await writer.append(batch, data);
      done += batch.length;
      stage.progress(done, owners.length);
    }
    await writer.commit();
    stage.done(`${owners.length} queries`);
    return { vectors, ids: vectorFilePaths(vectors).ids, rows: owners.length };
  } catch (error) {
    stage.fail();
    await writer.abort();
    throw error;
  }
}

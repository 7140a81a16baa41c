import { batches, UsageError } from '../../base/index.ts';
import { readBeir } from '../../data/index.ts';
import { type EncoderDescription, VectorFilesWriter, vectorFilePaths } from '../../encoders/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { duplicateDocument, type EncodeSource, type EncodeSourceOptions, openEncodeSource } from '../encode/encode-source.ts';
import { checkpointOption } from '../options/default-checkpoint.ts';
import { ENCODER_DESCRIPTION, transformersOptions } from '../options/encoder-options.ts';
import { modelsOption } from '../options/index-options.ts';
import type { Reporter } from '../output/reporter.ts';

interface EncodeOptions extends EncodeSourceOptions {
  readonly output: string;
  readonly precision: 'float16' | 'float32';
  readonly queries: string | undefined;
  readonly split: string;
}

interface EncodedFile {
  readonly vectors: string;
  readonly ids: string;
  readonly rows: number;
}

interface EncodeResult {
  readonly encoder: EncoderDescription;
  readonly precision: string;
  /** A document has as many rows as it has chunks; one where texts are read. */
  readonly documents: EncodedFile & { readonly documents: number };
  readonly queries?: EncodedFile;
}

/** Queries encoded in one call. */
const QUERIES_PER_BATCH = 1024;

export const encodeCommand = defineCommand<EncodeOptions, EncodeResult>({
  command: 'encode',
  describe: "Write an encoder's vectors of a corpus as .npy, with the ids of its rows beside it",
  examples: [
    [
      'encode --encoder student --checkpoint runs/demo --zpkg runs/demo/held-out.zpkg --output student.npy',
      'from compressed chunks alone; ids in student.ids.jsonl',
    ],
    [
      'encode --encoder transformers:all-MiniLM-L6-v2 --data scifact --queries scifact --output minilm.npy --precision float16',
      'documents, and the test queries in minilm.queries.npy',
    ],
  ],
  options: (parser) =>
    parser
      .option('encoder', {
        type: 'string',
        demandOption: true,
        describe: `${ENCODER_DESCRIPTION}; vectors are there already`,
      })
      .option('checkpoint', { ...checkpointOption, describe: `of student and teacher: ${checkpointOption.describe}` })
      .option('data', { type: 'string', describe: 'texts: BEIR folder, JSONL file or folder of text files' })
      .option('zpkg', { type: 'string', describe: 'packed corpus: what the student reads' })
      .option('output', { type: 'string', demandOption: true, describe: 'the .npy file' })
      .option('precision', {
        choices: ['float32', 'float16'] as const,
        default: 'float32' as const,
        describe: 'how numbers are stored',
      })
      .option('queries', { type: 'string', describe: 'BEIR folder whose queries are encoded too, into OUTPUT.queries.npy' })
      .option('split', { type: 'string', default: 'test', describe: 'which queries' })
      .options(transformersOptions)
      .option('dimension', { type: 'number', default: 256, describe: 'length of the vectors of random and lsa' })
      .option('models', modelsOption),
  run: runEncode,
  text: ({ encoder, documents, queries }) =>
    [
      `${documents.vectors}: ${documents.rows} vectors of ${encoder.dimension} numbers, of ${documents.documents} documents (${documents.ids})`,
      ...(queries ? [`${queries.vectors}: ${queries.rows} queries (${queries.ids})`] : []),
    ].join('\n'),
  dataKeys: ['encoder.settings'],
});

async function runEncode(options: EncodeOptions & GlobalOptions, reporter: Reporter): Promise<EncodeResult> {
  if (!options.output.endsWith('.npy')) {
    throw new UsageError(
      'ENCODE_OUTPUT',
      `--output ${options.output} does not end in .npy; the ids are written beside it under the same name`,
    );
  }
  if (!Number.isSafeInteger(options.dimension) || options.dimension < 1) {
    throw new UsageError('ENCODE_DIMENSION', `--dimension ${options.dimension} is no whole number from 1`);
  }
  const queries = options.queries === undefined ? undefined : (await readBeir(options.queries, options.split)).queries;
  reporter.note(describeBackend(await selectBackend(parseBackendRequest(options.backend))));
  const source = await openEncodeSource({ ...options, note: (line) => reporter.note(line) });
  try {
    const documents = await encodeDocuments(source, options, reporter);
    return {
      encoder: source.description,
      precision: options.precision,
      documents,
      ...(queries !== undefined && { queries: await encodeQueries(source, queries, options, reporter) }),
    };
  } finally {
    await source.close();
  }
}

async function encodeDocuments(
  source: EncodeSource,
  { output, precision }: EncodeOptions,
  reporter: Reporter,
): Promise<EncodeResult['documents']> {
  const writer = await VectorFilesWriter.create(output, source.description, precision);
  const stage = reporter.stage('encoding documents');
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
  { output, precision }: EncodeOptions,
  reporter: Reporter,
): Promise<EncodedFile> {
  const vectors = output.replace(/\.npy$/, '.queries.npy');
  const writer = await VectorFilesWriter.create(vectors, source.description, precision);
  const stage = reporter.stage('encoding queries');
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

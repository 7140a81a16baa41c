import { asyncBatches, CemError, UsageError } from '../../base/index.ts';
import { loadStudent, loadTeacher } from '../../checkpoints/index.ts';
import { documentText, openCorpus, readCorpus } from '../../data/index.ts';
import {
  createTeacher,
  type Encoder,
  type EncoderDescription,
  LsaEmbedder,
  lsaConfig,
  RandomEncoder,
  StudentEncoder,
  TextCorpusEncoder,
  type TextEmbedder,
  type Vectors,
} from '../../encoders/index.ts';
import { checkpointOrDefault } from '../shared/default-checkpoint.ts';
import {
  type EncoderChoice,
  parseEncoder,
  refuseTransformersOptions,
  type TransformersOptions,
  transformersOf,
} from '../shared/encoder-choice.ts';

export interface EncodeSourceOptions extends TransformersOptions {
  /** As `parseEncoder` reads it; vectors need no encoding. */
  readonly encoder: string;
  /** Checkpoint of `student` and `teacher`; the default one where none is named. */
  readonly checkpoint?: string | undefined;
  /** A corpus of texts. */
  readonly data?: string | undefined;
  /** A packed corpus. */
  readonly zpkg?: string | undefined;
  readonly models?: string | undefined;
  /** Length of the vectors of `random` and of a new `lsa`. */
  readonly dimension: number;
  /** Takes a line about a teacher whose files are not those that the checkpoint was trained with. */
  readonly note?: (line: string) => void;
}

/** Some documents, and the encoder that has them bound. */
interface Batch {
  readonly ids: readonly string[];
  readonly encoder: Encoder;
}

/** An encoder with its documents, in pieces that are small enough to hold. */
export interface EncodeSource {
  readonly description: EncoderDescription;
  /** Documents in all; 0 when that is not known before they were read. */
  readonly documents: number;
  batches(): AsyncIterable<Batch>;
  encodeQueries(texts: readonly string[]): Promise<Vectors>;
  close(): Promise<void>;
}

const DOCUMENTS_PER_BATCH = 1024;
/** UTF-16 units of text too, so that long documents do not fill the memory. */
const TEXT_BATCH = { items: DOCUMENTS_PER_BATCH, weight: 1 << 23, weigh: ({ text }: { readonly text: string }) => text.length };

/**
 * The encoder that the options name. The student reads a packed corpus and nothing else; what embeds text reads texts and never a packed corpus, which it would have to decompress.
 *
 * @throws UsageError `ENCODE_ENCODER`, `ENCODE_INPUT`, `CHECKPOINT_NEEDED`, `ENCODE_TASK`, and what opening throws
 */
export async function openEncodeSource(options: EncodeSourceOptions): Promise<EncodeSource> {
  const choice = parseEncoder(options.encoder, 'ENCODE_ENCODER');
  if (choice.kind === 'vectors')
    throw new UsageError('ENCODE_ENCODER', `--encoder ${options.encoder}: these are vectors already; cem eval ranks by them`);
  if (choice.kind !== 'transformers') refuseTransformersOptions(choice.kind, options, 'ENCODE_TASK');
  if (choice.kind === 'student') return openStudent(options);
  if (choice.kind === 'random') return openRandom(options);
  const data = required(options.data, options.zpkg, choice.kind, '--data', '--zpkg', 'it reads texts');
  return textSource(await openEmbedder(choice, data, options), data);
}

/** The one of two inputs that an encoder takes; the other must not be given. */
function required(
  wanted: string | undefined,
  other: string | undefined,
  kind: EncoderChoice['kind'],
  wantedName: string,
  otherName: string,
  why: string,
): string {
  if (wanted !== undefined && other === undefined) return wanted;
  throw new UsageError('ENCODE_INPUT', `--encoder ${kind} needs ${wantedName} and takes no ${otherName}: ${why}`);
}

async function openStudent(options: EncodeSourceOptions): Promise<EncodeSource> {
  const zpkg = required(
    options.zpkg,
    options.data,
    'student',
    '--zpkg',
    '--data',
    'it reads compressed chunks (cem pack makes them)',
  );
  const corpus = await openCorpus(zpkg);
  try {
    const loaded = await loadStudent(checkpointOrDefault(options.checkpoint));
    try {
      const teacher = await loadTeacher(loaded, options);
      const encoder = new StudentEncoder(loaded.student, corpus, teacher, loaded.hash);
      return {
        description: encoder.description,
        documents: corpus.documentCount,
        batches: () => idBatches(corpus.ids(), encoder),
        encodeQueries: (texts) => encoder.encodeQueries(texts),
        close: async () => {
          await teacher.dispose();
          loaded.dispose();
          await corpus.close();
        },
      };
    } catch (error) {
      loaded.dispose();
      throw error;
    }
  } catch (error) {
    await corpus.close();
    throw error;
  }
}

async function openRandom(options: EncodeSourceOptions): Promise<EncodeSource> {
  const encoder = new RandomEncoder({ dimension: options.dimension });
  const ends = { description: encoder.description, encodeQueries: (texts: readonly string[]) => encoder.encodeQueries(texts) };
  if (options.zpkg !== undefined && options.data === undefined) {
    const corpus = await openCorpus(options.zpkg);
    const batches = (): AsyncIterable<Batch> => idBatches(corpus.ids(), encoder);
    return { ...ends, documents: corpus.documentCount, batches, close: () => corpus.close() };
  }
  const data = required(options.data, options.zpkg, 'random', '--data or --zpkg', 'second one', 'one corpus at a time');
  async function* ids(): AsyncGenerator<string> {
    for await (const { id } of readCorpus(data)) yield id;
  }
  return { ...ends, documents: 0, batches: () => idBatches(ids(), encoder), close: async () => undefined };
}

async function openEmbedder(choice: EncoderChoice, data: string, options: EncodeSourceOptions): Promise<TextEmbedder> {
  if (choice.kind === 'lsa' && choice.folder !== undefined) return LsaEmbedder.load(choice.folder);
  if (choice.kind === 'lsa')
    return LsaEmbedder.fit(textsOf(data), lsaConfig.parse({ kind: 'lsa', dimension: options.dimension }));
  if (choice.kind === 'transformers') {
    const models = options.models === undefined ? {} : { models: options.models };
    return createTeacher(transformersOf(choice.model, options, 'ENCODE_TASK'), models);
  }
  const loaded = await loadStudent(checkpointOrDefault(options.checkpoint));
  loaded.dispose();
  return loadTeacher(loaded, options);
}

function textSource(embedder: TextEmbedder, data: string): EncodeSource {
  async function* documentBatches(): AsyncGenerator<Batch> {
    for await (const documents of asyncBatches(withText(data), TEXT_BATCH)) {
      const texts = new Map<string, string>();
      for (const { id, text } of documents) {
        if (texts.has(id)) throw duplicateDocument(id);
        texts.set(id, text);
      }
      yield { ids: [...texts.keys()], encoder: new TextCorpusEncoder(embedder, texts) };
    }
  }
  return {
    description: embedder.description,
    documents: 0,
    batches: documentBatches,
    encodeQueries: (texts) => embedder.embedQueries(texts),
    close: () => embedder.dispose(),
  };
}

async function* textsOf(data: string): AsyncGenerator<string> {
  for await (const document of readCorpus(data)) yield documentText(document);
}

async function* withText(data: string): AsyncGenerator<{ readonly id: string; readonly text: string }> {
  for await (const document of readCorpus(data)) yield { id: document.id, text: documentText(document) };
}

async function* idBatches(ids: Iterable<string> | AsyncIterable<string>, encoder: Encoder): AsyncGenerator<Batch> {
  for await (const batch of asyncBatches(ids, DOCUMENTS_PER_BATCH)) yield { ids: batch, encoder };
}

/** @returns the error for an id that occurs twice: its rows would read as two vectors of one document */
export function duplicateDocument(id: string): CemError {
  return new CemError(
    'ENCODE_DUPLICATE_DOCUMENT',
    `the document id ${JSON.stringify(id)} occurs twice; its vectors would read as those of one document, so give each its own`,
    { details: { id } },
  );
}

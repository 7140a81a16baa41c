import { CemError, UsageError } from '../../base/index.ts';
import { loadStudent, loadTeacher } from '../../checkpoints/index.ts';
import { documentText, findBeirDataset, instructedQueryPrompt, openCorpus, readCorpus } from '../../data/index.ts';
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
  transformersConfig,
  type Vectors,
} from '../../encoders/index.ts';
import { checkpointOrDefault } from '../options/default-checkpoint.ts';

export interface EncodeSourceOptions {
  /** `student`, `teacher`, `random`, `lsa`, `lsa:FOLDER` or `transformers:MODEL`. */
  readonly encoder: string;
  /** Of `student` and `teacher`; the default one where none is named. */
  readonly checkpoint: string | undefined;
  /** A corpus of texts. */
  readonly data: string | undefined;
  /** A packed corpus. */
  readonly zpkg: string | undefined;
  readonly models: string | undefined;
  /** Of the vectors of `random` and of a new `lsa`. */
  readonly dimension: number;
  /** BEIR's name of the set whose instruction stands before the queries of a `transformers` model. */
  readonly task: string | undefined;
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
/** UTF-16 units of text in a batch, so that long documents do not fill the memory. */
const TEXT_PER_BATCH = 1 << 23;

/**
 * The encoder that the options name. The student reads a packed corpus and nothing else; what embeds text reads texts and never a packed corpus, which it would have to decompress.
 *
 * @throws UsageError `ENCODE_ENCODER`, `ENCODE_INPUT`, `CHECKPOINT_NEEDED`, `ENCODE_TASK`, and what opening throws
 */
export async function openEncodeSource(options: EncodeSourceOptions): Promise<EncodeSource> {
  const { kind, name } = parseEncoder(options.encoder);
  if (options.task !== undefined && kind !== 'transformers') {
    throw new UsageError('ENCODE_TASK', `--task puts an instruction before queries, which ${kind} does not know; leave it out`);
  }
  if (kind === 'student') return openStudent(options);
  if (kind === 'random') return openRandom(options);
  const data = required(options.data, options.zpkg, kind, '--data', '--zpkg', 'it reads texts');
  return textSource(await openEmbedder(kind, name, data, options), data);
}

const KINDS = ['student', 'teacher', 'lsa', 'transformers', 'random'] as const;
type Kind = (typeof KINDS)[number];

function parseEncoder(text: string): { kind: Kind; name: string | undefined } {
  const colon = text.indexOf(':');
  const kind = KINDS.find((known) => known === (colon < 0 ? text : text.slice(0, colon)));
  const name = colon < 0 ? undefined : text.slice(colon + 1);
  const named = kind === 'transformers' ? name !== undefined : name === undefined || kind === 'lsa';
  if (kind !== undefined && named && name !== '') return { kind, name };
  throw new UsageError(
    'ENCODE_ENCODER',
    `--encoder ${text} is none of student, teacher, random, lsa, lsa:FOLDER, transformers:MODEL`,
    { details: { encoder: text } },
  );
}

/** Of two inputs the one that an encoder takes; the other must not be given. */
function required(
  wanted: string | undefined,
  other: string | undefined,
  kind: Kind,
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

async function openEmbedder(
  kind: Exclude<Kind, 'student' | 'random'>,
  name: string | undefined,
  data: string,
  options: EncodeSourceOptions,
): Promise<TextEmbedder> {
  const models = options.models === undefined ? {} : { models: options.models };
  if (kind === 'lsa' && name !== undefined) return LsaEmbedder.load(name);
  if (kind === 'lsa') return LsaEmbedder.fit(textsOf(data), lsaConfig.parse({ kind: 'lsa', dimension: options.dimension }));
  if (kind === 'transformers') {
    const prompt = options.task === undefined ? {} : { queryPrompt: promptOf(options.task) };
    return createTeacher(transformersConfig.parse({ kind: 'transformers', model: name, ...prompt }), models);
  }
  const loaded = await loadStudent(checkpointOrDefault(options.checkpoint));
  loaded.dispose();
  return loadTeacher(loaded, options);
}

function promptOf(task: string): string {
  const { queryInstruction } = findBeirDataset(task);
  if (queryInstruction !== undefined) return instructedQueryPrompt(queryInstruction);
  throw new UsageError('ENCODE_TASK', `no instruction was published for the queries of ${task}; leave --task out`);
}

function textSource(embedder: TextEmbedder, data: string): EncodeSource {
  async function* batches(): AsyncGenerator<Batch> {
    let texts = new Map<string, string>();
    let length = 0;
    const batch = (): Batch => ({ ids: [...texts.keys()], encoder: new TextCorpusEncoder(embedder, texts) });
    for await (const document of readCorpus(data)) {
      if (texts.has(document.id)) throw duplicateDocument(document.id);
      const text = documentText(document);
      texts.set(document.id, text);
      length += text.length;
      if (texts.size < DOCUMENTS_PER_BATCH && length < TEXT_PER_BATCH) continue;
      yield batch();
      texts = new Map();
      length = 0;
    }
    if (texts.size > 0) yield batch();
  }
  return {
    description: embedder.description,
    documents: 0,
    batches,
    encodeQueries: (texts) => embedder.embedQueries(texts),
    close: () => embedder.dispose(),
  };
}

async function* textsOf(data: string): AsyncGenerator<string> {
  for await (const document of readCorpus(data)) yield documentText(document);
}

async function* idBatches(ids: Iterable<string> | AsyncIterable<string>, encoder: Encoder): AsyncGenerator<Batch> {
  let batch: string[] = [];
  for await (const id of ids) {
    batch.push(id);
    if (batch.length < DOCUMENTS_PER_BATCH) continue;
    yield { ids: batch, encoder };
    batch = [];
  }
  if (batch.length > 0) yield { ids: batch, encoder };
}

/** @returns the error for an id that occurs twice: its rows would read as two vectors of one document */
export function duplicateDocument(id: string): CemError {
  return new CemError(
    'ENCODE_DUPLICATE_DOCUMENT',
    `the document id ${JSON.stringify(id)} occurs twice; its vectors would read as those of one document, so give each its own`,
    { details: { id } },
  );
}

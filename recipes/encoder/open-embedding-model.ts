import { basename, dirname, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ClosingStack } from '../../base/index.ts';
import { type LoadedStudent, loadStudent } from '../../checkpoints/index.ts';
import { addUnread, type QueryEmbedder, type Unread, type Vectors } from '../../encoders/index.ts';
import { truncateVectors } from '../../model/index.ts';
import { openQueryEncoder } from '../../rag/index.ts';
import { useBackend } from '../shared/backend.ts';
import { listenerOf } from '../shared/call.ts';
import { checkpointOrDefault } from '../shared/default-checkpoint.ts';
import { given } from '../shared/given.ts';
import { modelOf } from '../shared/index-model.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import type { OpenEncoderOptions } from './open-encoder.ts';
import { checkDimension, dimensionsOf, encodeStudentTexts } from './student-texts.ts';

/** Which side of a search a text stands on: a query is encoded as text, a document's text is compressed first, as the index has it. */
export type EmbeddingSide = 'query' | 'document';

export interface EmbedOptions {
  readonly side: EmbeddingSide;
  /** One of the model's `dimensions`; the whole one unless given. */
  readonly dimension?: number | undefined;
  /** Ends the work between two batches. */
  readonly signal?: AbortSignal | undefined;
}

/** Vectors of texts, [texts.length, dimension], and what of the texts they do not cover. */
export interface EmbeddedTexts extends Vectors {
  readonly unread?: Unread;
}

/** What an embedding model is, once it is loaded. */
export interface EmbeddingModelDescription {
  /** Content hash of the checkpoint. */
  readonly revision: string;
  readonly dimension: number;
  /** Lengths that vectors may be cut to, ascending, the whole one last. */
  readonly dimensions: readonly number[];
}

/**
 * A checkpoint as those see it who want vectors of texts and have no container. It is loaded when it is first asked for something; what encodes queries with the first query, by the rule of searches:
 * the teacher where it is on this machine, else the query student where there is one.
 */
export interface EmbeddingModel extends AsyncDisposable {
  /** Of the checkpoint's folder, or of its run. */
  readonly name: string;
  /** @throws what `loadStudent` throws */
  describe(): Promise<EmbeddingModelDescription>;
  /** @throws UsageError `DIMENSION_NOT_TRAINED`; the signal's reason; what `loadStudent` and `openQueryEncoder` throw */
  embed(texts: readonly string[], options: EmbedOptions): Promise<EmbeddedTexts>;
  close(): Promise<void>;
}

/** Texts that are encoded in one call: others get their turn between two. */
const TEXTS_PER_CALL = 32;

/** Keeps what was opened for the next who asks. What failed is tried again: a model may be still being copied. */
function once<Opened>(open: () => Promise<Opened>): () => Promise<Opened> {
  let opening: Promise<Opened> | undefined;
  return () => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
}

/**
 * A checkpoint for vectors of texts: `await using model = await openEmbeddingModel({ checkpoint: 'runs/NAME' })`.
 *
 * @throws UsageError `CHECKPOINT_NEEDED`
 */
export async function openEmbeddingModel(options: OpenEncoderOptions = {}): Promise<EmbeddingModel> {
  const checkpoint = checkpointOrDefault(options.checkpoint);
  const listener = listenerOf(options);
  const models = modelsFolder(options.models);
  const stack = new ClosingStack();
  const backend = once(() => useBackend(options, listener));
  const student = once(async () => {
    await backend();
    return stack.add(await loadStudent(checkpoint), (loaded) => loaded.dispose());
  });
  const queries = once(async () => {
    const loaded = await student();
    const source = { path: loaded.folder, manifest: modelOf(loaded, models), queryStudent: loaded.query };
    const { embedder } = await openQueryEncoder(source, { ...given({ models }), note: (line) => listener.note(line) });
    return stack.add(embedder, (own) => own.dispose());
  });
  return {
    name: checkpointName(checkpoint),
    describe: async () => {
      const loaded = await student();
      return { revision: loaded.hash, dimension: loaded.student.dimension, dimensions: dimensionsOf(loaded.student) };
    },
    embed: async (texts, embedding) => embed(await student(), queries, texts, embedding),
    close: () => stack.close(),
    [Symbol.asyncDispose]: () => stack.close(),
  };
}

async function embed(
  loaded: LoadedStudent,
  queries: () => Promise<QueryEmbedder>,
  texts: readonly string[],
  { side, dimension = loaded.student.dimension, signal }: EmbedOptions,
): Promise<EmbeddedTexts> {
  checkDimension(dimension, dimensionsOf(loaded.student));
  const encode = async (batch: readonly string[]): Promise<EmbeddedTexts> =>
    side === 'document'
      ? encodeStudentTexts(loaded, batch, dimension)
      : truncateVectors(await (await queries()).embedQueries(batch), dimension);
  const data = new Float32Array(texts.length * dimension); // [texts, dimension]
  let unread: Unread | undefined;
  for (let from = 0; from < texts.length; from += TEXTS_PER_CALL) {
    if (from > 0) await setImmediate();
    signal?.throwIfAborted();
    const vectors = await encode(texts.slice(from, from + TEXTS_PER_CALL));
    data.set(vectors.data, from * dimension);
    unread = addUnread(unread, vectors.unread);
  }
  return { rows: texts.length, dimension, data, ...(unread && { unread }) };
}

/** `cem-small-en` of `checkpoints/cem-small-en`, `NAME` of `runs/NAME` and of `runs/NAME/checkpoints/2000`. */
function checkpointName(checkpoint: string): string {
  const folder = resolve(checkpoint);
  const above = dirname(folder);
  const isStep = basename(above) === 'checkpoints' && /^\d+$/.test(basename(folder));
  return basename(isStep ? dirname(above) : folder);
}

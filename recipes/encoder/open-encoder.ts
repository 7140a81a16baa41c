import { type ByteSpan, ClosingStack } from '../../base/index.ts';
import { loadStudent, loadTeacher } from '../../checkpoints/index.ts';
import {
  type ChunkSource,
  type ChunkVectors,
  type Encoder,
  type EncoderDescription,
  StudentEncoder,
  type Vectors,
} from '../../encoders/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { checkpointOrDefault } from '../shared/default-checkpoint.ts';
import { modelsFolder } from '../shared/models-folder.ts';

export interface OpenEncoderOptions extends Pick<LongCall, 'listener'>, OnBackend {
  /** A checkpoint's folder or a run's; by default CEM_CHECKPOINT, else the one that comes with the package. */
  readonly checkpoint?: string | undefined;
  /** Folder in which the teacher is looked up before the hub. */
  readonly models?: string | undefined;
}

/** A trained encoder with the teacher that encodes its queries, until it is closed. */
export interface OpenedEncoder extends AsyncDisposable {
  readonly description: EncoderDescription;
  /** Length of every vector. */
  readonly dimension: number;
  /**
   * Vectors of compressed chunks or their passages, L2-normalised: `corpus.compressedChunk(number)`, the corpus's dictionary, and `corpus.passagesOf(number)` of each.
   * [rows, dimension], in the order of the frames and of each frame's passages; without passages a frame has one row.
   *
   * @throws what `CemModel.encodeChunks` throws
   */
  encodeChunks(
    frames: readonly Uint8Array[],
    dictionary: Uint8Array,
    passages?: readonly (readonly ByteSpan[] | undefined)[],
  ): Promise<ChunkVectors>;
  /** Vectors of queries, by the teacher. [texts.length, dimension] */
  encodeQueries(texts: readonly string[]): Promise<Vectors>;
  /** The encoder with the documents of a packed corpus bound, as evaluation takes it. */
  over(corpus: ChunkSource): Encoder;
  close(): Promise<void>;
}

/**
 * Opens a checkpoint to encode with: `await using encoder = await openEncoder({ checkpoint: 'runs/NAME' })`.
 *
 * @throws UsageError `CHECKPOINT_NEEDED`; and what `loadStudent` and `loadTeacher` throw
 */
export async function openEncoder(options: OpenEncoderOptions = {}): Promise<OpenedEncoder> {
  const listener = listenerOf(options);
  const checkpoint = checkpointOrDefault(options.checkpoint);
  await useBackend(options, listener);
  const stack = new ClosingStack();
  try {
    const loaded = stack.add(await loadStudent(checkpoint), (student) => student.dispose());
    const note = (line: string) => listener.note(line);
    const teacher = stack.add(await loadTeacher(loaded, { models: modelsFolder(options.models), note }), (own) => own.dispose());
    const over = (corpus: ChunkSource): Encoder => new StudentEncoder(loaded.student, corpus, teacher, loaded.hash);
    const { student } = loaded;
    return {
      description: { id: 'cem', revision: loaded.hash, dimension: student.dimension, settings: {} },
      dimension: student.dimension,
      encodeChunks: (frames, dictionary, passages) => student.encodeChunks(frames, dictionary, passages),
      encodeQueries: (texts) => teacher.embedQueries(texts),
      over,
      close: () => stack.close(),
      [Symbol.asyncDispose]: () => stack.close(),
    };
  } catch (error) {
    await stack.close();
    throw error;
  }
}

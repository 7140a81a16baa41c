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
import { truncateVectors } from '../../model/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { checkpointOrDefault } from '../shared/default-checkpoint.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { checkDimension, dimensionsOf, encodeStudentTexts } from './student-texts.ts';

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
  /** Lengths that vectors may be cut to, ascending: those that the model was trained for (`model.matryoshka`), the whole one last. */
  readonly dimensions: readonly number[];
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
  /**
   * Vectors of documents' texts that are in no container: each text is compressed in memory as one frame, as training packed its chunks but without a dictionary, and has one vector. A passage in a
   * container is compressed beside others and with their dictionary, so that its vector is near to that of its text, not equal. [texts.length, dimension]
   *
   * @param dimension one of `dimensions`; the whole one unless given
   * @throws UsageError `DIMENSION_NOT_TRAINED`; FormatError `FRAME_TOO_LARGE` for a text of more than 64 MiB
   */
  encodeTexts(texts: readonly string[], dimension?: number): Promise<ChunkVectors>;
  /**
   * Vectors of queries, by the teacher. [texts.length, dimension]
   *
   * @param dimension as `encodeTexts` takes it
   * @throws UsageError `DIMENSION_NOT_TRAINED`
   */
  encodeQueries(texts: readonly string[], dimension?: number): Promise<Vectors>;
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
    const dimensions = dimensionsOf(student);
    return {
      description: { id: 'cem', revision: loaded.hash, dimension: student.dimension, settings: {} },
      dimension: student.dimension,
      dimensions,
      encodeChunks: (frames, dictionary, passages) => student.encodeChunks(frames, dictionary, passages),
      encodeTexts: (texts, dimension = student.dimension) => encodeStudentTexts(loaded, texts, dimension),
      encodeQueries: async (texts, dimension = student.dimension) => {
        checkDimension(dimension, dimensions);
        return truncateVectors(await teacher.embedQueries(texts), dimension);
      },
      over,
      close: () => stack.close(),
      [Symbol.asyncDispose]: () => stack.close(),
    };
  } catch (error) {
    await stack.close();
    throw error;
  }
}

import { UsageError } from '../../base/index.ts';
import type { LoadedStudent } from '../../checkpoints/index.ts';
import type { ChunkVectors } from '../../encoders/index.ts';
import { createCompressor } from '../../zpkg/index.ts';

const NO_DICTIONARY = new Uint8Array(0);

/** Lengths that a student's vectors may be cut to, ascending: those that it was trained for (`model.matryoshka`), the whole one last. */
export function dimensionsOf({ config, dimension }: LoadedStudent['student']): number[] {
  return [...new Set([...(config.matryoshka ?? []), dimension])].sort((one, other) => one - other);
}

/** @throws UsageError `DIMENSION_NOT_TRAINED` */
export function checkDimension(dimension: number, dimensions: readonly number[]): void {
  if (dimensions.includes(dimension)) return;
  throw new UsageError(
    'DIMENSION_NOT_TRAINED',
    `this checkpoint was not trained for vectors of ${dimension} numbers; it has ${dimensions.join(', ')} (model.matryoshka)`,
    { details: { dimension, dimensions } },
  );
}

/**
 * Vectors of texts that are in no container: each is compressed in memory as one frame, at the level of the training corpus and without a dictionary, and has one vector.
 *
 * @returns [texts.length, dimension]
 * @throws UsageError `DIMENSION_NOT_TRAINED`; FormatError `FRAME_TOO_LARGE` for a text of more than 64 MiB
 */
export async function encodeStudentTexts(
  { student, state }: Pick<LoadedStudent, 'student' | 'state'>,
  texts: readonly string[],
  dimension: number,
): Promise<ChunkVectors> {
  checkDimension(dimension, dimensionsOf(student));
  const compressor = createCompressor({ level: state.pack.level });
  const frames = texts.map((text) => compressor.compress(Buffer.from(text, 'utf8')));
  return student.encodeChunks(frames, NO_DICTIONARY, undefined, { dimension });
}

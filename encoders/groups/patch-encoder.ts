import { z } from 'zod';
import type { ByteSpan } from '../../base/index.ts';

/** Whose patches vectors are of. */
export const patchDescription = z.strictObject({
  /** Identity of the encoder's weights: another one's patches are others. */
  revision: z.string(),
  /** Length of a patch's vector. */
  dimension: z.int().positive(),
});

export type PatchDescription = z.infer<typeof patchDescription>;

/** A passage of a compressed chunk as its encoder's patches, read from symbols: no text was decompressed for it. */
export interface PatchVectors {
  readonly patches: number;
  readonly dimension: number;
  /** [patches, dimension], the share that each patch has in the passage's vector; their lengths say how much that is. */
  readonly vectors: Float32Array;
  /** [patches] bytes of the passage that a patch stands for, in order and without gaps. */
  readonly spans: readonly ByteSpan[];
  /** [dimension] the passage's vector as `ChunkEncoder` gives it, L2-normalised. */
  readonly passage: Float32Array;
}

/** Turns compressed chunks into the vectors of their patches. */
export interface PatchEncoder {
  /** Length of a patch's vector. */
  readonly dimension: number;
  /** Of frames, or of their passages, in the order of the frames and of each frame's passages; arguments as `ChunkEncoder.encodeChunks` has them. */
  encodePatches(
    frames: readonly Uint8Array[],
    dictionary: Uint8Array,
    passages?: readonly (readonly ByteSpan[] | undefined)[],
  ): Promise<PatchVectors[]>;
}

import type { ModelConfig } from '../../model/index.ts';
import type { SymbolBatch } from '../../model/symbols/index.ts';

/** What a gradient thread is started with. */
export interface GradientThreadData {
  readonly backend: string;
  readonly model: ModelConfig;
  readonly dimension: number;
  readonly recompute: boolean;
  /** [weights] of the graph, in the order of its trainable weights; lies in shared memory, as what follows. */
  readonly weights: Float32Array;
  /** [weights] what the thread writes their gradient into. */
  readonly gradient: Float32Array;
  /** [1] set to 1 by the main thread when `exchange` of the present job holds gradients. */
  readonly signal: Int32Array;
}

/** Texts that a thread embeds together. */
export interface GradientPiece {
  /** Without the rows of tables, which the main thread sums. */
  readonly batch: SymbolBatch;
  /** [size, symbols, local dimension] the embeddings of the symbols. */
  readonly embeddings: Float32Array<ArrayBuffer>;
}

export interface GradientJob {
  readonly pieces: readonly GradientPiece[];
  /** [texts of all pieces, dimension] in shared memory: the thread writes its vectors, the main thread the loss's gradient for them. */
  readonly exchange: Float32Array;
  /** Embed all pieces without a tape first, then each again: memory is that of one piece. */
  readonly caching: boolean;
}

/** What a thread says: that it is ready, that `exchange` holds vectors, that it is done, or why it cannot go on. */
export type GradientAnswer =
  | 'ready'
  | 'vectors'
  /** For each piece [size, symbols, local dimension]. */
  | { readonly symbolGradients: readonly Float32Array<ArrayBuffer>[] }
  | { readonly failure: string };

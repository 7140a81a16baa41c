import type { tf } from '../../model/index.ts';
import { type ModelConfig, ngramTables } from '../../model/index.ts';
import { BYTE_VOCABULARY } from '../../model/symbols/index.ts';

/** Parameters by part, in BLT's bookkeeping, and what is ours besides. */
export interface ParameterCounts {
  /** All n-gram tables. */
  readonly hashTables: number;
  /** BLT's local encoder without its n-gram tables: byte embeddings, blocks, cross attention, the widening of patches. */
  readonly localEncoder: number;
  /** Blocks of the global transformer, and its input projection where widths differ. */
  readonly global: number;
  /** What makes an embedding model of it: kinds of symbols, last norm, pooling, projection, skip path. */
  readonly heads: number;
  readonly total: number;
}

/** Counts a model's parameters: the graph's own weights, and tables by their shape. */
export function countParameters(config: ModelConfig, graph: tf.LayersModel): ParameterCounts {
  const { dimension } = config.local;
  const hashTables = ngramTables(config) * config.tables.rows * dimension;
  let localEncoder = BYTE_VOCABULARY * dimension;
  let global = 0;
  let heads = 0;
  for (const layer of graph.layers) {
    const count = layer.countParams();
    if (/^local\/(\d+|pooling)$/.test(layer.name)) localEncoder += count;
    else if (/^global\/(\d+|input)$/.test(layer.name)) global += count;
    else heads += count;
  }
  return { hashTables, localEncoder, global, heads, total: hashTables + localEncoder + global + heads };
}

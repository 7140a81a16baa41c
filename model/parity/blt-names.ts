import { GLOBAL_INPUT_LAYER, PATCH_POOLING_LAYER } from '../graph.ts';

/** Where a weight of the graph stands in BLT as `transformers` names it. */
export interface BltWeight {
  /** Name in the graph, as in checkpoints. */
  readonly graph: string;
  /** Name in transformers' BltModel; BltForCausalLM has `BLT_CAUSAL_PREFIX` before it. */
  readonly blt: string;
  /** A linear layer's matrix is [outputs, inputs] there and [inputs, outputs] here. */
  readonly transposed: boolean;
}

export const BLT_CAUSAL_PREFIX = 'model.';
/** [260, local dimension] embeddings of byte ids. */
export const BLT_BYTE_TABLE = 'local_encoder.embed_tokens.weight';
/** [functions * sizes * rows, local dimension] all n-gram tables in one, by function, then by size. */
export const BLT_NGRAM_TABLES = 'encoder_hash_tok_embedding.weight';

const BLOCK_WEIGHTS: readonly (readonly [graph: string, blt: string, transposed: boolean])[] = [
  ['attention/norm', 'input_layernorm', false],
  ['attention/query', 'self_attn.q_proj', true],
  ['attention/key', 'self_attn.k_proj', true],
  ['attention/value', 'self_attn.v_proj', true],
  ['attention/output', 'self_attn.o_proj', true],
  ['feed-forward/norm', 'post_attention_layernorm', false],
  ['feed-forward/gate', 'mlp.gate_proj', true],
  ['feed-forward/up', 'mlp.up_proj', true],
  ['feed-forward/down', 'mlp.down_proj', true],
];

const POOLING_WEIGHTS: readonly (readonly [graph: string, blt: string, transposed: boolean])[] = [
  ['widen', 'patch_embedding_projection', true],
  ['query-norm', 'cross_attn_layers.0.q_norm', false],
  ['symbol-norm', 'cross_attn_layers.0.k_norm', false],
  ['query', 'cross_attn_layers.0.q_proj', true],
  ['key', 'cross_attn_layers.0.k_proj', true],
  ['value', 'cross_attn_layers.0.v_proj', true],
  ['output', 'cross_attn_layers.0.o_proj', true],
];

/** Every weight that the graph of an encoder shares with BLT. BLT has no projection into the global width where the widths agree; a graph without that layer has no use for the last entry. */
export function bltWeights(localLayers: number, globalLayers: number): BltWeight[] {
  const block = (part: string, module: string, layer: number): BltWeight[] =>
    BLOCK_WEIGHTS.map(([graph, blt, transposed]) => ({
      graph: `${part}/${layer}/${graph}`,
      blt: `${module}.layers.${layer}.${blt}.weight`,
      transposed,
    }));
  return [
    ...Array.from({ length: localLayers }, (_, layer) => block('local', 'local_encoder', layer)).flat(),
    ...POOLING_WEIGHTS.map(([graph, blt, transposed]) => ({
      graph: `${PATCH_POOLING_LAYER}/${graph}`,
      blt: `local_encoder.${blt}.weight`,
      transposed,
    })),
    ...Array.from({ length: globalLayers }, (_, layer) => block('global', 'global_transformer', layer)).flat(),
    { graph: `${GLOBAL_INPUT_LAYER}/kernel`, blt: 'global_transformer.token_embedding_projection.weight', transposed: true },
  ];
}

/** [rows, columns] -> [columns, rows] */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const output = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) output[column * rows + row] = values[row * columns + column]!;
  return output;
}

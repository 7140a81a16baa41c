/** The network: from batches of symbols to vectors. Read embedder.ts first, then graph.ts. Loads TensorFlow.js. */
export {
  type ModelConfig,
  modelConfigSchema,
  ngramTables,
  type PatchingConfig,
  patchingOf,
  queriesPerPatch,
  queryModelConfigSchema,
} from './config.ts';
export { CemModel, type PreparedDictionary } from './embedder.ts';
export { buildGraph, graphInputs, setRecompute } from './graph.ts';
export { HASH_PRIMES } from './hash-primes.ts';
export { truncateVectors } from './matryoshka.ts';
export { type NamedWeight, namedWeights, partNames, toNamedOrder, toVariableOrder } from './named-weights.ts';
export { tf } from './tf.ts';

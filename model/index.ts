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
export { buildGraph, graphInputs, graphInputTensors, setRecompute } from './graph.ts';
export { HASH_PRIMES } from './hash-primes.ts';
export { truncateVectors } from './matryoshka.ts';
export { type NamedWeight, namedWeights, partNames, toNamedOrder, toVariableOrder } from './named-weights.ts';
export { symbolSums } from './tables/symbol-sums.ts';
export { tf } from './tf.ts';

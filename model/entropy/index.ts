/** The byte language model of entropy patching. */
export { BEGIN_ID, BYTE_OFFSET } from './byte-ids.ts';
export { type EntropyModelConfig, entropyModelConfigSchema } from './config.ts';
export { buildEntropyGraph } from './entropy-graph.ts';
export { EntropyModel } from './entropy-model.ts';

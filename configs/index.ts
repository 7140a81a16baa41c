export { type EntropyRunConfig, entropyRunConfigSchema } from './entropy-schema.ts';
export { loadConfig, loadTrainConfig, parseConfig } from './load-config.ts';
export { type RunConfig, runConfigSchema } from './schema.ts';

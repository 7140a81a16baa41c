export { type EntropyRunConfig, entropyRunConfigSchema } from './entropy-schema.ts';
export { loadConfig, loadTrainConfig, parseConfig, readRunValues, setValue } from './load-config.ts';
export { type RunConfig, runConfigSchema } from './schema.ts';
export { loadSweep, type SweepPlan, type SweepTrial } from './sweep.ts';

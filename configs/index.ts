/** One YAML file a run: the schemas of all components composed, defaults < file < `--set a.b=c`. */
export { type EntropyRunConfig, entropyRunConfigSchema } from './entropy-schema.ts';
export { type ImageRunConfig, imageRunConfigSchema } from './image-schema.ts';
export { loadConfig, loadTrainConfig, parseConfig, readRunValues, setValue, type TrainConfig } from './load-config.ts';
export { type QueryHeadRunConfig, queryHeadRunConfigSchema } from './query-head-schema.ts';
export { type RerankerRunConfig, rerankerRunConfigSchema } from './reranker-schema.ts';
export { type RunConfig, type RunConfigInput, runConfigSchema } from './schema.ts';
export { loadSweep, type SweepPlan, type SweepTrial } from './sweep.ts';

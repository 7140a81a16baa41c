/** One configuration is trained with several settings, and the trials are ranked. Loads TensorFlow.js. */
export { adoptFromAlike, type ConfiguredRun, isRunFolder } from './adopt-from-alike.ts';
export type { RankedTrial, SweepResult } from './run-sweep.ts';
export { shown } from './settings-text.ts';
export { type SweepOptions, sweep } from './sweep.ts';

/** Everything once, on Markdown files: pack, train, evaluate, index, search. Loads TensorFlow.js. */
export { type DemoOptions, type DemoReport, runDemo } from './demo.ts';
export type { StageTime } from './stage-clock.ts';

/** A corpus becomes a search index. Loads TensorFlow.js. */
export { type BuildIndexOptions, type BuildIndexResult, buildIndex } from './build-index.ts';

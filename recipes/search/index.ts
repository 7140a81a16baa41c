/** An index is opened for questions. */
export { openSearcher, type SearcherOptions } from './open-searcher.ts';

/** What answers questions is opened: the extractive reader, an endpoint of a chat model, or a model in this process, over whatever searches. */
export type { AnsweringOptions, ReaderChoice } from './answering-options.ts';
export { type Answering, type OpenedAnswerer, openAnswerer, openAnswering } from './open-answering.ts';
export { searchUnits } from './search-units.ts';

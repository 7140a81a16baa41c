/** Files become a collection that can be searched. */
export { ingest } from './ingest.ts';
export type { IngestOptions, IngestResult, SourceProblem } from './ingest-options.ts';
export { watchAndIngest } from './watch.ts';

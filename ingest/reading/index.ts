/** Files are read: the registry that finds a file's parser, and processes that run it under limits. */
export { DEFAULT_LIMITS, type ParseLimits } from './limits.ts';
export { type ParsedFile, type ParseFileOptions, ParseWorkers, type ParseWorkersOptions } from './parse-workers.ts';
export { findParser, hasParser, PARSERS, START_BYTES } from './parsers.ts';

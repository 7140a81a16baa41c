export { corpusIdentity } from './corpus-identity.ts';
export { IndexFolder, type IndexFolderOptions } from './index-folder.ts';
export type { IndexMakers, IndexManifest } from './index-manifest.ts';
export { type ChunkEncoder, type IndexingResult, type IndexSource, synchroniseIndex } from './indexing.ts';
export type { QueryEncoderChoice } from './query-encoder.ts';
export { type IndexDescription, type OpenSearcherOptions, Searcher, type SearchResult } from './searcher.ts';
export { createServer, type ServerOptions } from './server/create-server.ts';
export { type ListenOptions, listen, stopSignal } from './server/listen.ts';

export type { FrameSymbols } from '../zpkg/frame/frame.ts';
export { type ModelConfig, modelConfigSchema, type PatchingConfig } from './config.ts';
export { CemModel, type PreparedDictionary } from './embedder.ts';
export { NgramHash } from './ngram-hash.ts';
export { DictionaryRows, type SymbolRows, symbolRows } from './rope.ts';
export { type EncodedChunk, encodeChunk } from './symbol-batch.ts';

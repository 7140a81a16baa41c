export type { FrameSymbols } from '../zpkg/frame/frame.ts';
export { type ModelConfig, modelConfigSchema, type PatchingConfig } from './config.ts';
export { CemModel, type PreparedDictionary } from './embedder.ts';
export { type EncodedChunk, encodeChunk } from './symbols/symbol-batch.ts';
export { DictionaryRows, type SymbolRows, symbolRows } from './symbols/text-rope.ts';
export { NgramHash } from './symbols/ngram-hash.ts';

/** From a compressed frame to what the network takes: symbols, their byte ranges (the text rope), n-gram rows, batches. Loads no tensors. */

export type { LeftOut } from './cut-symbols.ts';
export { BYTE_ID_OFFSET, BYTE_VOCABULARY } from './ngram-hash.ts';
export type { EncodedChunk, SymbolBatch } from './symbol-batch.ts';
export { SYMBOL_KINDS, symbolKind } from './symbol-kinds.ts';
export { type PreparedDictionary, SymbolReader } from './symbol-reader.ts';

/** From a compressed frame to what the network takes: symbols, their byte ranges (the text rope), n-gram rows, batches. Loads no tensors. */
export { BYTE_ID_OFFSET, BYTE_VOCABULARY } from './ngram-hash.ts';
export { type EncodedChunk, SYMBOL_KINDS, type SymbolBatch, symbolKind } from './symbol-batch.ts';
export { type PreparedDictionary, SymbolReader } from './symbol-reader.ts';

/** The container: zstd chunks with a shared dictionary and O(1) access (FORMAT.md), and the parser from a frame to literals and copies. Knows no ids. */
export {
  type Compressor,
  type CompressorOptions,
  contentSize,
  createCompressor,
  createDecompressor,
  type Decompressor,
} from './container/codec.ts';
export {
  type StoredFrame,
  ZpkgReader,
  type ZpkgReaderOptions,
  type ZpkgStatistics,
  type ZpkgVerification,
} from './container/reader.ts';
export { type ZpkgSummary, ZpkgWriter, type ZpkgWriterOptions } from './container/writer.ts';
export { type DictionaryTrainingOptions, trainDictionary } from './dictionary/dictionary-training.ts';
export type { DictionaryBorders } from './dictionary/word-borders.ts';
export { type Dictionary, type DictionaryEntropy, readDictionary } from './frame/dictionary.ts';
export { type FrameLimits, type FrameSymbols, parseFrame } from './frame/frame.ts';
export { type FrameHeader, readFrameHeader } from './frame/frame-header.ts';
export { LiteralsSection } from './frame/literals.ts';
export { malformedInput, PaddedBytes } from './frame/padded-bytes.ts';
export { LARGEST_CHUNK_CONTENT } from './limits.ts';

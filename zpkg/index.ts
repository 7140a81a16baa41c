export { CemError, FormatError, UsageError } from '../base/errors.ts';
export { AtomicFile, writeFileAtomically } from '../base/files/atomic-file.ts';
export { distributionOf, type SizeDistribution } from '../base/size-distribution.ts';
export {
  type Compressor,
  type CompressorOptions,
  contentSize,
  createCompressor,
  createDecompressor,
  type Decompressor,
} from './container/codec.ts';
export { LARGEST_CHUNK_CONTENT } from './limits.ts';
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

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
} from './codec.ts';
export { type Dictionary, type DictionaryEntropy, readDictionary } from './dictionary.ts';
export { type DictionaryTrainingOptions, trainDictionary } from './dictionary-training.ts';
export { LARGEST_CHUNK_CONTENT } from './format.ts';
export { type FrameLimits, type FrameSymbols, parseFrame } from './frame.ts';
export { type FrameHeader, readFrameHeader } from './frame-header.ts';
export { type StoredFrame, ZpkgReader, type ZpkgReaderOptions, type ZpkgStatistics, type ZpkgVerification } from './reader.ts';
export type { DictionaryBorders } from './word-borders.ts';
export { type ZpkgSummary, ZpkgWriter, type ZpkgWriterOptions } from './writer.ts';

/**
 * The library's main door: documents are packed, an encoder is trained, an index is built, searched, served, measured. Importing it loads no TensorFlow.js.
 * Who composes from smaller parts finds them by folder: `cem-rag/search`, `cem-rag/training`, …
 */
import { late } from './recipes/shared/late.ts';

export { CemError, FormatError, isCemError, type Listener, type Stage, UsageError } from './base/index.ts';
export type { RunConfigInput } from './configs/index.ts';
export {
  type AddReport,
  type CompactReport,
  type Document,
  openCorpus,
  type PackedCorpus,
  type PackManifest,
  type RemoveReport,
  readCorpus,
} from './data/index.ts';
export type { Encoder, EncoderDescription, Vectors } from './encoders/index.ts';
export type { IndexDescription, Searcher, SearchResult } from './rag/index.ts';
export {
  type AddToCorpusOptions,
  addToCorpus,
  type BuildIndexOptions,
  type BuildIndexResult,
  buildIndex,
  type CollectionSearcherOptions,
  type CompactCorpusOptions,
  type CompareOptions,
  type CompareResult,
  compactCorpus,
  compareEvaluations,
  type DocumentSource,
  type EncodedFile,
  type EncodeOptions,
  type EncodeResult,
  type EvaluateOptions,
  type Evaluation,
  type ExportEncoderOptions,
  type ExportedEncoder,
  encode,
  evaluate,
  exportEncoder,
  type IngestOptions,
  type IngestResult,
  ingest,
  type LongCall,
  type OnBackend,
  type OpenEncoderOptions,
  type OpenedEncoder,
  openCollection,
  openEncoder,
  openReranker,
  openSearcher,
  type PackChoices,
  type PackSourceOptions,
  pack,
  type RankedTrial,
  type RemoveFromCorpusOptions,
  type ReportOptions,
  type ReportResult,
  type RerankerOptions,
  removeFromCorpus,
  reportEvaluations,
  type SearcherOptions,
  type SourceProblem,
  type SweepOptions,
  type SweepResult,
  sweep,
  type TrainRunChoices,
  type TrainRunOptions,
  type TrainRunResult,
  train,
  type VerifiedCorpus,
  type VerifyCorpusOptions,
  verifyCorpus,
  watchAndIngest,
} from './recipes/index.ts';
export type { RunningServer, ServeCollectionsOptions, ServeOptions } from './server/index.ts';

/** Serves collections, or one index, over HTTP. Close it, or declare it with `await using`. */
export const serve = late(async () => (await import('./server/index.ts')).serve);

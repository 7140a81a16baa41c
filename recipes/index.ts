/** What a command does, without a command: plain options, an `AbortSignal`, a `Listener`. Importing this door loads no TensorFlow.js: each function loads what it needs when it is called. */
import { late } from './shared/late.ts';

/** Packs documents into a container of compressed chunks, with the mapping from their ids. */
export const pack = late(async () => (await import('./pack/index.ts')).pack);

/** Adds documents to a corpus folder, or replaces those that changed; makes the folder when there is none. */
export const addToCorpus = late(async () => (await import('./pack/index.ts')).addToCorpus);

/** Removes documents from a corpus folder. */
export const removeFromCorpus = late(async () => (await import('./pack/index.ts')).removeFromCorpus);

/** Merges the segments of a corpus folder into one, without what was removed. */
export const compactCorpus = late(async () => (await import('./pack/index.ts')).compactCorpus);

/** Checks a container or a corpus folder: every checksum, every chunk, every id. Throws CemError `VERIFY_FAILED`. */
export const verifyCorpus = late(async () => (await import('./pack/index.ts')).verifyCorpus);

/** Trains an encoder of compressed chunks. An aborted signal ends it with a checkpoint, and the result says `interrupted`. */
export const train = late(async () => (await import('./train/index.ts')).train);

/** Trains a configuration with several settings, and ranks the trials. @experimental */
export const sweep = late(async () => (await import('./sweep/index.ts')).sweep);

/** Trains under one budget for several pack settings and inputs: saving against retention. @experimental */
export const curve = late(async () => (await import('./curve/index.ts')).curve);

/** Ranks a benchmark with teacher, student, BM25 and chance, and compares them. */
export const evaluate = late(async () => (await import('./evaluate/index.ts')).evaluate);

/** Compares two evaluations query by query, with tests of significance. */
export const compareEvaluations = late(async () => (await import('./evaluate/index.ts')).compareEvaluations);

/** Makes a page and Markdown of finished evaluations. */
export const reportEvaluations = late(async () => (await import('./evaluate/index.ts')).reportEvaluations);

/** Writes an encoder's vectors of a corpus as .npy, with the ids of its rows beside it. */
export const encode = late(async () => (await import('./encode/index.ts')).encode);

/** Opens a trained encoder to encode with. Close it, or declare it with `await using`. */
export const openEncoder = late(async () => (await import('./encoder/index.ts')).openEncoder);

/** Writes a trained encoder as a folder that can be carried away: safetensors, a tfjs LayersModel or ONNX, with a model card. */
export const exportEncoder = late(async () => (await import('./export/index.ts')).exportEncoder);

/** Encodes the compressed chunks of a corpus into a search index, or brings the index up to date. */
export const buildIndex = late(async () => (await import('./index-corpus/index.ts')).buildIndex);

/** Brings a collection to the state of files: parsed, cut into units, packed and indexed. */
export const ingest = late(async () => (await import('./ingest/index.ts')).ingest);

/** Ingests, and again whenever a file changes, until the signal is aborted. @experimental */
export const watchAndIngest = late(async () => (await import('./ingest/index.ts')).watchAndIngest);

/** Opens a collection for questions. Close it, or declare it with `await using`. */
export const openCollection = late(async () => (await import('./search/index.ts')).openCollection);

/** Opens what orders results by reading them: a cross-encoder, an endpoint or a trained checkpoint. Dispose of it. @experimental */
export const openReranker = late(async () => (await import('./search/index.ts')).openReranker);

/** Opens an index for questions. Close it, or declare it with `await using`. */
export const openSearcher = late(async () => (await import('./search/index.ts')).openSearcher);

export type { CurveOptions, CurvePoint, CurveResult } from './curve/index.ts';
export type { EncodedFile, EncodeOptions, EncodeResult } from './encode/index.ts';
export type { OpenEncoderOptions, OpenedEncoder } from './encoder/index.ts';
export type {
  CompareOptions,
  CompareResult,
  EvaluateOptions,
  Evaluation,
  ReportOptions,
  ReportResult,
} from './evaluate/index.ts';
export type { ExportEncoderOptions, ExportedEncoder } from './export/index.ts';
export type { BuildIndexOptions, BuildIndexResult } from './index-corpus/index.ts';
export type { IngestOptions, IngestResult, SourceProblem } from './ingest/index.ts';
export type {
  AddToCorpusOptions,
  CompactCorpusOptions,
  PackChoices,
  PackSourceOptions,
  RemoveFromCorpusOptions,
  VerifiedCorpus,
  VerifyCorpusOptions,
} from './pack/index.ts';
export type { CollectionSearcherOptions, RerankerOptions, SearcherOptions } from './search/index.ts';
export type { OnBackend } from './shared/backend.ts';
export type { LongCall } from './shared/call.ts';
export type { DocumentSource } from './shared/document-source.ts';
export type { RankedTrial, SweepOptions, SweepResult } from './sweep/index.ts';
export type { TrainRunChoices, TrainRunOptions, TrainRunResult } from './train/index.ts';

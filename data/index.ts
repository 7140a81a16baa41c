export { type KeptInput, keepInput, removeKeptInputs } from '../base/files/kept-input.ts';
export { type FolderLock, lockFolder } from '../base/locks/folder-lock.ts';
export { programFile, startThread } from '../base/threads/program-file.ts';
export { type BeirData, readBeir } from './beir.ts';
export { type ChunkText, chunkTexts } from './chunk-texts.ts';
export { readCorpus } from './corpus.ts';
export {
  BEIR_DATASETS,
  type BeirDataset,
  findBeirDataset,
  instructedQueryPrompt,
} from './datasets/beir-datasets.ts';
export { BEIR_ARCHIVES, type FetchDatasetOptions, type FetchedDataset, fetchBeirDataset } from './datasets/fetch-dataset.ts';
export { LONG_EMBED_TASKS, type LongEmbedTask, placeLongEmbedByHand } from './datasets/long-embed-datasets.ts';
export { type Document, documentText } from './document.ts';
export { DocumentReader, type DocumentReaderOptions } from './document-reader.ts';
export { type Line, readLines } from './lines.ts';
export { type ChunkRange, Mapping, mappingPathOf } from './mapping.ts';
export { type MarkdownPassage, markdownPassages, type PassageLengths } from './markdown-passages.ts';
export { type PackManifest, type PackOptions, packCorpus } from './pack.ts';
export { type DictionaryShare, type PackedTexts, type PackTextsOptions, packTexts } from './pack-texts.ts';
export {
  type ChunkPatches,
  PatchBoundaries,
  type PatchBoundariesOwner,
  patchesPathOf,
  writePatchBoundaries,
} from './patch-boundaries.ts';
export { type PreparedPatches, preparePatches } from './prepare-patches.ts';
export { measureRivals, type RivalBytes } from './rival-storage.ts';
export { corpusSaving } from './saving.ts';
export { type AddOptions, type AddReport, addToCorpus } from './segments/addition.ts';
export { type CompactOptions, type CompactReport, compactCorpus } from './segments/compaction.ts';
export { type CorpusStatistics, corpusStatistics } from './segments/corpus-statistics.ts';
export { type CorpusVerification, verifyCorpus } from './segments/corpus-verification.ts';
export { isCorpusFolder, openCorpus, type PackedCorpus } from './segments/open-corpus.ts';
export { type RemoveOptions, type RemoveReport, removeFromCorpus } from './segments/removal.ts';
export { SegmentedCorpus } from './segments/segmented-corpus.ts';
export { LONGEST_SENTENCE, SHORTEST_SENTENCE, splitSentences } from './sentences.ts';
export { randomSpans, type SpanOptions, uniqueSentences, uniqueWords } from './short-texts.ts';
export { type FurtherSource, type TrainingDocuments, type TrainingSource, trainingDocuments } from './training-documents.ts';

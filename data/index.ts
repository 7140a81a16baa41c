/** A corpus as files: documents are read, packed, mapped from ids to chunks, kept in segments; passages, patches, data sets. */
export { type CaptionedPicture, PICTURES_FILE, readPictures } from './captioned-pictures/read-pictures.ts';
export {
  BEIR_DATASETS,
  type BeirDataset,
  findBeirDataset,
  instructedQueryPrompt,
} from './datasets/beir-datasets.ts';
export { BEIR_ARCHIVES, type FetchDatasetOptions, type FetchedDataset, fetchBeirDataset } from './datasets/fetch-dataset.ts';
export { LONG_EMBED_TASKS, type LongEmbedTask, placeLongEmbedByHand } from './datasets/long-embed-datasets.ts';
export { type BeirData, readBeir } from './documents/beir.ts';
export { readCorpus } from './documents/corpus.ts';
export { type DetectedText, detectText } from './documents/detected-text.ts';
export { type Document, documentText, isEmptyDocument } from './documents/document.ts';
export { checkedDocument } from './documents/document-metadata.ts';
export { declaredEncoding, htmlText, parsePage } from './documents/html-text.ts';
export { type DetectedLanguage, languageOfTexts } from './documents/language.ts';
export { type Line, readLines } from './documents/lines.ts';
export { binaryName } from './documents/text-encoding.ts';
export { describeSurvey, type FolderEntry, newFolderSurvey, walkFolder } from './documents/text-folder.ts';
export {
  type FurtherSource,
  type TrainingDocuments,
  type TrainingSource,
  trainingDocuments,
} from './documents/training-documents.ts';
export {
  DESCRIPTION_VECTOR,
  FIGURE_CHUNK,
  FIGURE_MEDIA_TYPES,
  type Figure,
  type FigureMediaType,
  type FigurePicture,
  type FigurePlace,
  figureFields,
  figureOfMetadata,
} from './figures/figure.ts';
export {
  type DamagedFigure,
  type FigureReader,
  FigureStore,
  figureId,
  type ReadFigure,
  type StoredFigure,
} from './figures/figure-store.ts';
export { type ChunkText, chunkTexts } from './mapping/chunk-texts.ts';
export { DocumentReader, type DocumentReaderOptions } from './mapping/document-reader.ts';
export { type ChunkRange, Mapping, mappingPathOf, nextMappingPathOf } from './mapping/mapping.ts';
export { type PassageStatistics, passageStatistics } from './mapping/passage-statistics.ts';
export { type VerifiedMetadata, verifyMetadata } from './mapping/verify-metadata.ts';
export { isLanguageTag, jsonFault } from './metadata/check-metadata.ts';
export { markdownMetadata } from './metadata/file-metadata.ts';
export type { JsonValue, Metadata, PageRange } from './metadata/metadata.ts';
export { metadataPathOf, nextMetadataPathOf } from './metadata/metadata-file.ts';
export { rowMetadata } from './metadata/row-metadata.ts';
export { type AnalyzerDescription, isSameAnalyzer, type TermAnalyzer } from './metadata/term-analyzer.ts';
export { naturalOrder } from './packing/id-order.ts';
export { type PackManifest, type PackOptions, packCorpus } from './packing/pack.ts';
export { type DictionaryShare, type PackedTexts, type PackTextsOptions, packTexts } from './packing/pack-texts.ts';
export { passageSettingsOf } from './packing/passage-options.ts';
export { corpusSaving } from './packing/saving.ts';
export { joinWindows, type WindowPlace, type Windows } from './packing/windows.ts';
export { cutPassages, type PassageSettings } from './passages/cut-passages.ts';
export { type MarkdownPassage, markdownPassages, type PassageLengths } from './passages/markdown-passages.ts';
export { frontMatterNode } from './passages/markdown-sections.ts';
export { LONGEST_SENTENCE, splitSentences } from './passages/sentences.ts';
export { randomSpans, type SpanOptions, uniqueSentences, uniqueWords } from './passages/short-texts.ts';
export { type ChunkPatches, PatchBoundaries, type PatchBoundariesOwner } from './patches/patch-boundaries.ts';
export { type PreparedPatches, preparePatches } from './patches/prepare-patches.ts';
export {
  type AddOptions,
  type AddReport,
  addToCorpus,
  type CorpusUpdate,
  stageCorpusUpdate,
  type UpdateReport,
} from './segments/addition.ts';
export { type CompactOptions, type CompactReport, compactCorpus } from './segments/compaction.ts';
export type { OpenTerms } from './segments/corpus-analyzer.ts';
export { type CorpusInStore, hasCorpusState, placeCorpus, settleCorpus } from './segments/corpus-change.ts';
export { CorpusStates } from './segments/corpus-states.ts';
export { type CorpusStatistics, corpusStatistics } from './segments/corpus-statistics.ts';
export { type CorpusVerification, verifyCorpus } from './segments/corpus-verification.ts';
export { type CorpusManifest, manifestOfState, manifestText, parseManifest, type SegmentEntry } from './segments/manifest.ts';
export { mergeApart, withMerged } from './segments/merge-apart.ts';
export { entriesToMerge, segmentsToMerge } from './segments/merge-policy.ts';
export { isCorpusFolder, openCorpus, type PackedCorpus } from './segments/open-corpus.ts';
export { type RemoveOptions, type RemoveReport, removeFromCorpus, withoutDocuments } from './segments/removal.ts';
export {
  countsOf,
  openApart,
  type PackedFor,
  packApart,
  type SegmentApart,
  withSegmentApart,
} from './segments/segment-apart.ts';
export { type SegmentObjects, segmentFiles } from './segments/segment-objects.ts';
export { SegmentedCorpus } from './segments/segmented-corpus.ts';

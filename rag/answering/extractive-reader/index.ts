/** Reads without a model: the sentences that fit a question best. */
export { ExtractiveReader, type ExtractiveReaderOptions, type SentenceSimilarity } from './extractive-reader.ts';

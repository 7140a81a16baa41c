/** A teacher embeds a corpus ahead of training. */
export { type EmbedCorpusOptions, type EmbedCorpusResult, embedCorpus } from './embed-corpus.ts';
export { GRANULARITIES, type TextGranularity } from './teacher-texts.ts';

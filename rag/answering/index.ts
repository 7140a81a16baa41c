/** Answers to questions from what a search finds, with citations that hold: each stands letter by letter in a unit that was read, whoever reads, a chat model or the sentences' own scores. */
export type {
  Answer,
  AnswerEvent,
  AnswerLanguage,
  AnswerReader,
  AnswerRequest,
  AnswerTimings,
  CellPlace,
  Citation,
  Reading,
  ReadingEvent,
  ReadingRequest,
  ReadingUnit,
  SearchUnits,
  ShortAnswer,
} from './answer/index.ts';
export { Answerer, type AnswererParts } from './answerer.ts';
export { ChatReader, type ChatReaderOptions, type ReadingForm } from './chat-reader/index.ts';
export { ExtractiveReader, type ExtractiveReaderOptions, type SentenceSimilarity } from './extractive-reader/index.ts';
export {
  type AgentSettings,
  GlobalView,
  type GlobalViewOptions,
  RelevanceFilter,
  type RelevanceFilterOptions,
} from './model-steps/index.ts';

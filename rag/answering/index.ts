/** Answers to questions from what a search finds, with citations that hold: each stands letter by letter in a unit that was read, whoever reads, a chat model or the sentences' own scores. */
export type { AgentSettings } from './agent.ts';
export type {
  Answer,
  AnswerEvent,
  AnswerLanguage,
  AnswerRequest,
  AnswerTimings,
  CellPlace,
  Citation,
  SearchUnits,
  ShortAnswer,
} from './answer.ts';
export { Answerer, type AnswererParts } from './answerer.ts';
export { ChatReader, type ChatReaderOptions } from './chat-reader.ts';
export { ExtractiveReader, type ExtractiveReaderOptions, type SentenceSimilarity } from './extractive-reader.ts';
export { GlobalView, type GlobalViewOptions } from './global-info.ts';
export type { AnswerReader, Reading, ReadingEvent, ReadingRequest, ReadingUnit } from './reader.ts';
export type { ReadingForm } from './reading-prompt.ts';
export { RelevanceFilter, type RelevanceFilterOptions } from './relevance-filter.ts';

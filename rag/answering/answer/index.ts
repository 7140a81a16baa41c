/** What an answer is, and what reads units for one. */
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
export {
  type AnswerReader,
  notSaid,
  type Reading,
  type ReadingEvent,
  type ReadingRequest,
  type ReadingUnit,
  readingUnits,
} from './reader.ts';

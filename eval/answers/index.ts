/** What answers are worth: exact match and F1, citations, refusals, latency, over records of questions and answers. */
export { type AnswerDocument, type AnswerQuestion, type AnswerQuestions, parseAnswerQuestions } from './answer-questions.ts';
export { type AnswerRecord, type CitedText, withoutCitationNumbers } from './answer-record.ts';
export { answersPage } from './answers-page.ts';
export { formatAnswers } from './answers-table.ts';
export { ANSWER_BANDS, type Band, bandOf } from './bands.ts';
export { ANSWER_MEASURES, type AnswerMeasure, holdsAnswer, scoreAnswer } from './scoring.ts';
export {
  type AnswerFigures,
  type AnswerSummary,
  type ScoredAnswer,
  type SummaryOptions,
  scoreRecord,
  summariseAnswers,
} from './summarise-answers.ts';

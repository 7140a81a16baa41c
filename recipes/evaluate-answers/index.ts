/** A collection is asked a file of questions, and its answers are measured. */
export {
  type AnswerDocumentsResult,
  type AnswersEvaluation,
  type EvaluateAnswersOptions,
  evaluateAnswers,
  writeAnswerDocuments,
} from './evaluate-answers.ts';

/** What a question asks for, and the terms that it is compared by. */
export { ANSWER_PATTERNS, type QuestionKind, questionKind, withoutAsking } from './question-kind.ts';
export { openTerms, type Terms } from './question-terms.ts';

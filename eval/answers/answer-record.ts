import type { AnswerQuestion } from './answer-questions.ts';

/** What an answer was, beside the question: all that is measured is computed of these. */
export interface AnswerRecord extends AnswerQuestion {
  /** What is held against the right answers: the few words that the reader says are the answer, else all of it; empty where it was that the documents do not say. */
  readonly prediction: string;
  /** All of the answer without the numbers of its citations; empty likewise. */
  readonly wholeAnswer: string;
  readonly answered: boolean;
  /** 0 to 1, as the reader says. */
  readonly confidence: number;
  readonly citations: readonly CitedText[];
  /** Citations of the reader that did not hold, and were left out. */
  readonly dropped: number;
  /** Names of each document that was found, the best first: unit, document, path, and the id that its source gave it. */
  readonly retrieved: readonly (readonly string[])[];
  /** The first sentence of the best passage: the answer of whoever only searches. Empty where nothing was found. */
  readonly firstSentence: string;
  /** Tokens that the reader was given. */
  readonly contextTokens: number;
  /** By stage: `retrieve`, `rerank`, `read`, `total`. */
  readonly milliseconds: Readonly<Record<string, number>>;
  /** What wrote the answer. */
  readonly model: string;
}

/** A citation: whose text it is, and the text. */
export interface CitedText {
  /** Names of the document, as in `retrieved`. */
  readonly names: readonly string[];
  readonly text: string;
}

/**
 * An answer without `[1]`, `[1, 2]` and the like, which stand for its citations. Numbers that no citation has stay.
 *
 * @param numbers those of the answer's citations
 */
export function withoutCitationNumbers(answer: string, numbers: ReadonlySet<number>): string {
  return answer
    .replaceAll(/\s*\[(\d+(?:\s*,\s*\d+)*)\]/g, (mark, list: string) =>
      list.split(',').every((number) => numbers.has(Number(number))) ? '' : mark,
    )
    .trim();
}

/** Place of the first document that holds the answer, from 1; undefined where none of them was found. */
export function goldRank({ gold, retrieved }: Pick<AnswerRecord, 'gold' | 'retrieved'>): number | undefined {
  const place = retrieved.findIndex((names) => isGold(names, gold));
  return place < 0 ? undefined : place + 1;
}

/** Whether one of a document's names is that of one with the answer. */
export function isGold(names: readonly string[], gold: readonly string[]): boolean {
  return names.some((name) => gold.includes(name));
}

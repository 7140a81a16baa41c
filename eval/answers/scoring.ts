import { longestRun } from './longest-run.ts';
import { mixedSegments } from './mixed-segments.ts';

/** Exact match and F1 of one answer, 0 to 1. */
export interface AnswerScore {
  readonly exact: number;
  readonly f1: number;
}

/** How an answer is held against the right ones. */
export const ANSWER_MEASURES = ['squad', 'mlqa-zh', 'cmrc'] as const;
/**
 * - `squad`: English words in any order, as SQuAD 2.0's evaluation script has it (Rajpurkar, Jia and Liang 2018): lower case, without ASCII punctuation and the articles a, an, the.
 * - `mlqa-zh`: Chinese characters, and words of other scripts, in any order, as MLQA's evaluation script has it (Lewis et al. 2020), which XQuAD is measured with too: lower case, without punctuation of any script.
 * - `cmrc`: the longest run of Chinese characters and other words that both have, as the script of CMRC 2018 has it (Cui et al. 2019). Where that script has NLTK's English tokenizer for what is not Chinese,
 *   runs of letters and digits (`4.5` and `3,000` too) are words here, and every other character is one by itself: of 4,008 spans of CMRC's trial part 74 have another F1 by it, in the mean of all 0.0002.
 *
 * Where nothing is left of either text, F1 is 1 in all of them, as in SQuAD 2.0.
 */
export type AnswerMeasure = (typeof ANSWER_MEASURES)[number];

/**
 * The best score over the right answers. Without a right answer of which something is left, the empty text is the right one.
 *
 * @param measure how the two are compared
 */
export function scoreAnswer(prediction: string, answers: readonly string[], measure: AnswerMeasure): AnswerScore {
  const known = answers.filter((answer) => TOKENS[measure](answer).length > 0);
  const scores = (known.length === 0 ? [''] : known).map((answer) => SCORES[measure](prediction, answer));
  return { exact: Math.max(...scores.map(({ exact }) => exact)), f1: Math.max(...scores.map(({ f1 }) => f1)) };
}

/** Whether a text has one of the answers in it, both as the measure normalises them. An answer of which nothing is left is in no text. */
export function holdsAnswer(text: string, answers: readonly string[], measure: AnswerMeasure): boolean {
  // Between blanks, so that a word is not found inside another.
  const normalised = (part: string): string => ` ${TOKENS[measure](part).join(' ')} `;
  const whole = normalised(text);
  return answers.some((answer) => normalised(answer).trim() !== '' && whole.includes(normalised(answer)));
}

/** ASCII's punctuation, as Python's `string.punctuation` has it. */
const ASCII_PUNCTUATION = /[!-/:-@[-`{-~]/g;
const ANY_PUNCTUATION = /[!-/:-@[-`{-~]|\p{P}/gu;
const ARTICLE = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;
/** The signs that the script of CMRC 2018 takes out. Other punctuation stays. */
const CMRC_SIGNS = /[-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』]/gu;

/** A word of what is not Chinese, a number with its separators, or any other character. */
const WORD = /[\p{L}\p{N}\p{M}]+(?:\.[\p{L}\p{N}\p{M}]+|,\p{N}+)*|\S/gu;

/** White space as Python has it, to which a byte order mark does not belong. */
const SPACE = /[^\S\ufeff]+/u;

function words(text: string): string[] {
  return text.split(SPACE).filter((word) => word !== '');
}

/** What remains of a text, cut into what is compared. */
const TOKENS: Readonly<Record<AnswerMeasure, (text: string) => string[]>> = {
  squad: (text) => words(text.toLowerCase().replace(ASCII_PUNCTUATION, '').replace(ARTICLE, ' ')),
  'mlqa-zh': (text) => mixedSegments(text.toLowerCase().replace(ANY_PUNCTUATION, ''), words),
  cmrc: (text) => mixedSegments(withoutSigns(text), (part) => part.match(WORD) ?? []),
};

const SCORES: Readonly<Record<AnswerMeasure, (prediction: string, answer: string) => AnswerScore>> = {
  squad: (prediction, answer) => bagScore(TOKENS.squad(prediction), TOKENS.squad(answer)),
  'mlqa-zh': (prediction, answer) => bagScore(TOKENS['mlqa-zh'](prediction), TOKENS['mlqa-zh'](answer)),
  cmrc: (prediction, answer) => {
    const [left, right] = [TOKENS.cmrc(prediction), TOKENS.cmrc(answer)];
    const exact = Number(withoutSigns(prediction) === withoutSigns(answer));
    return { exact, f1: f1Of(longestRun(left, right), left.length, right.length) };
  },
};

function withoutSigns(text: string): string {
  return text.toLowerCase().trim().replace(CMRC_SIGNS, '');
}

/** Tokens in any order, each as often as both have it. */
function bagScore(prediction: readonly string[], answer: readonly string[]): AnswerScore {
  const left = new Map<string, number>();
  for (const token of answer) left.set(token, (left.get(token) ?? 0) + 1);
  let common = 0;
  for (const token of prediction) {
    const count = left.get(token) ?? 0;
    if (count === 0) continue;
    left.set(token, count - 1);
    common++;
  }
  const exact = Number(prediction.join(' ') === answer.join(' '));
  return { exact, f1: f1Of(common, prediction.length, answer.length) };
}

/** Harmonic mean of common / predicted and common / wanted. */
function f1Of(common: number, predicted: number, wanted: number): number {
  if (predicted + wanted === 0) return 1;
  return (2 * common) / (predicted + wanted);
}

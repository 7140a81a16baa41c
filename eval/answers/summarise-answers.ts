import { bootstrapInterval, type Interval, randomizationTest, type SamplingOptions } from '../comparison/significance.ts';
import { type Latency, latencyOf } from '../modes/latency.ts';
import { type AnswerRecord, goldRank, isGold } from './answer-record.ts';
import { ANSWER_BANDS, type Band, type BandName, bandOf } from './bands.ts';
import { type AnswerMeasure, holdsAnswer, scoreAnswer } from './scoring.ts';

export interface SummaryOptions extends SamplingOptions {
  readonly measure: AnswerMeasure;
  /** Whether a question needs several documents: it has bands of its own. */
  readonly multiHop?: boolean | undefined;
}

/**
 * Figures of some questions. Shares are of 1; null where there is nothing to take a share of.
 *
 * - `exact`, `f1`: of all questions; a refusal is the empty answer, which is right where the documents do not say (SQuAD 2.0). `answerable` and `unanswerable` are the same of these alone.
 *   An answer is the few words that the reader names, where it names them; `whole_answer` is the same of all that it wrote, over answerable questions.
 * - `hit_at_1`, `hit_at_5`, `hit_at_k`, `mrr`: of answerable questions: whether a document that holds the answer was among the first found, and the mean of 1 / its place.
 * - `citation_recall`: the share of answerable questions whose evidence is cited: a citation is of a document that holds the answer.
 * - `citation_precision`: the share of all citations, of answerable questions, that are of such a document.
 * - `cited_answer`: the share of answerable questions of which a cited text has a right answer in it, as the measure normalises them.
 * - `first_sentence`: F1 and exact match of the first sentence of the best passage, over answerable questions, and whether it has the answer in it.
 * - `refused`: the share of unanswerable questions that are answered by saying so. `falsely_refused`: the same share of answerable ones.
 */
export interface AnswerFigures {
  readonly questions: number;
  readonly exact: number | null;
  readonly f1: number | null;
  readonly answerable: { readonly questions: number; readonly exact: number | null; readonly f1: number | null };
  readonly unanswerable: { readonly questions: number; readonly exact: number | null; readonly f1: number | null };
  readonly whole_answer: { readonly exact: number | null; readonly f1: number | null };
  readonly hit_at_1: number | null;
  readonly hit_at_5: number | null;
  readonly hit_at_k: number | null;
  readonly mrr: number | null;
  readonly citation_recall: number | null;
  readonly citation_precision: number | null;
  readonly cited_answer: number | null;
  readonly citations: number;
  readonly dropped: number;
  readonly first_sentence: { readonly exact: number | null; readonly f1: number | null; readonly has_answer: number | null };
  readonly refused: number | null;
  readonly falsely_refused: number | null;
}

export interface AnswerSummary extends AnswerFigures {
  readonly measure: AnswerMeasure;
  /** The questions in the order of their file, cut in the middle: what was chosen on the first half is measured on the second. */
  readonly halves: { readonly first: AnswerFigures; readonly second: AnswerFigures };
  /** F1 of the answers less that of the first sentences, question by question, over answerable ones; null without them. */
  readonly against_first_sentence: { readonly difference: number; readonly interval: Interval; readonly p: number } | null;
  /** By stage, in milliseconds. */
  readonly latency: Readonly<Record<string, Latency>>;
  readonly context_tokens: Latency & { readonly largest: number };
  readonly bands: readonly { readonly name: BandName; readonly value: number; readonly band: Band }[];
}

/** A record with its scores. */
export interface ScoredAnswer extends AnswerRecord {
  readonly scores: {
    readonly exact: number;
    readonly f1: number;
    readonly wholeExact: number;
    readonly wholeF1: number;
    readonly firstExact: number;
    readonly firstF1: number;
    readonly firstHasAnswer: boolean;
    /** From 1; null where it was not found. */
    readonly goldRank: number | null;
    readonly goldCitations: number;
    readonly citesAnswer: boolean;
  };
}

/** @param measure how answers are compared */
export function scoreRecord(record: AnswerRecord, measure: AnswerMeasure): ScoredAnswer {
  const { answers, prediction, firstSentence, citations, gold } = record;
  const own = scoreAnswer(prediction, answers, measure);
  const whole = scoreAnswer(record.wholeAnswer, answers, measure);
  const first = scoreAnswer(firstSentence, answers, measure);
  return {
    ...record,
    scores: {
      ...own,
      wholeExact: whole.exact,
      wholeF1: whole.f1,
      firstExact: first.exact,
      firstF1: first.f1,
      firstHasAnswer: holdsAnswer(firstSentence, answers, measure),
      goldRank: goldRank(record) ?? null,
      goldCitations: citations.filter(({ names }) => isGold(names, gold)).length,
      citesAnswer: citations.some(({ text }) => holdsAnswer(text, answers, measure)),
    },
  };
}

/** All that is said of the answers to a set of questions. */
export function summariseAnswers(records: readonly ScoredAnswer[], options: SummaryOptions): AnswerSummary {
  const middle = Math.ceil(records.length / 2);
  const figures = figuresOf(records);
  const stages = [...new Set(records.flatMap(({ milliseconds }) => Object.keys(milliseconds)))];
  const latency = Object.fromEntries(
    stages.map((stage) => [stage, latencyOf(records.flatMap(({ milliseconds }) => milliseconds[stage] ?? []))]),
  );
  const tokens = records.map(({ contextTokens }) => contextTokens);
  const context = { ...latencyOf(tokens), largest: tokens.reduce((most, count) => Math.max(most, count), 0) };
  return {
    measure: options.measure,
    ...figures,
    halves: { first: figuresOf(records.slice(0, middle)), second: figuresOf(records.slice(middle)) },
    against_first_sentence: againstFirstSentence(records, options),
    latency,
    context_tokens: context,
    bands: bandsOf(figures, latency['total']?.p95, context.p95, options.multiHop ?? false),
  };
}

function figuresOf(records: readonly ScoredAnswer[]): AnswerFigures {
  const answerable = records.filter((record) => record.answerable);
  const others = records.filter((record) => !record.answerable);
  const scores = (of: readonly ScoredAnswer[]): { questions: number; exact: number | null; f1: number | null } => ({
    questions: of.length,
    exact: mean(of, ({ scores: { exact } }) => exact),
    f1: mean(of, ({ scores: { f1 } }) => f1),
  });
  const hit = (depth: number): number | null =>
    mean(answerable, ({ scores: { goldRank: rank } }) => Number(rank !== null && rank <= depth));
  const citations = answerable.reduce((sum, record) => sum + record.citations.length, 0);
  const right = answerable.reduce((sum, record) => sum + record.scores.goldCitations, 0);
  return {
    ...scores(records),
    answerable: scores(answerable),
    unanswerable: scores(others),
    whole_answer: {
      exact: mean(answerable, ({ scores: { wholeExact: exact } }) => exact),
      f1: mean(answerable, ({ scores: { wholeF1: f1 } }) => f1),
    },
    hit_at_1: hit(1),
    hit_at_5: hit(5),
    hit_at_k: hit(Number.POSITIVE_INFINITY),
    mrr: mean(answerable, ({ scores: { goldRank: rank } }) => (rank === null ? 0 : 1 / rank)),
    citation_recall: mean(answerable, ({ scores: { goldCitations: count } }) => Number(count > 0)),
    citation_precision: citations === 0 ? null : right / citations,
    cited_answer: mean(answerable, ({ scores: { citesAnswer: cites } }) => Number(cites)),
    citations: records.reduce((sum, record) => sum + record.citations.length, 0),
    dropped: records.reduce((sum, { dropped }) => sum + dropped, 0),
    first_sentence: {
      exact: mean(answerable, ({ scores: { firstExact: exact } }) => exact),
      f1: mean(answerable, ({ scores: { firstF1: f1 } }) => f1),
      has_answer: mean(answerable, ({ scores: { firstHasAnswer: has } }) => Number(has)),
    },
    refused: mean(others, ({ answered }) => Number(!answered)),
    falsely_refused: mean(answerable, ({ answered }) => Number(!answered)),
  };
}

function againstFirstSentence(
  records: readonly ScoredAnswer[],
  options: SummaryOptions,
): AnswerSummary['against_first_sentence'] {
  const differences = records.flatMap(({ answerable, scores }) => (answerable ? [scores.f1 - scores.firstF1] : []));
  if (differences.length === 0) return null;
  return {
    difference: differences.reduce((sum, value) => sum + value, 0) / differences.length,
    interval: bootstrapInterval(differences, options),
    p: randomizationTest(differences, options).p,
  };
}

/** The slowest 5% and the largest 5% of contexts are judged, since the guide does not say what it means: whoever waits longest waits no longer. */
function bandsOf(
  figures: AnswerFigures,
  milliseconds: number | undefined,
  tokens: number,
  multiHop: boolean,
): AnswerSummary['bands'] {
  const values: Partial<Record<BandName, number | null>> = {
    [multiHop ? 'exact_multi_hop' : 'exact_single_hop']: figures.exact,
    citation_recall: figures.citation_recall,
    latency_seconds: milliseconds === undefined ? null : milliseconds / 1000,
    context_tokens: tokens,
  };
  return (Object.keys(ANSWER_BANDS) as BandName[]).flatMap((name) => {
    const value = values[name] ?? null;
    return value === null ? [] : [{ name, value, band: bandOf(name, value) }];
  });
}

function mean(records: readonly ScoredAnswer[], value: (record: ScoredAnswer) => number): number | null {
  return records.length === 0 ? null : records.reduce((sum, record) => sum + value(record), 0) / records.length;
}

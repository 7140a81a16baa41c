import type { ReadingUnit } from '../answer/index.ts';
import { passageRange } from '../citations/index.ts';
import { ANSWER_PATTERNS, questionKind, type Terms, withoutAsking } from '../question/index.ts';
import { type Sentence, sentencesIn, type TextRange } from '../text/index.ts';

/** What a sentence's parts count for. Chosen on the odd articles of XQuAD's English and Chinese halves; the even ones are for measuring. */
export interface SentenceWeights {
  /** Words of the question that stand in the sentences around it or in the headings above it, against 1 for its own. */
  readonly near: number;
  readonly heading: number;
  /** Divided by the unit's rank. */
  readonly rank: number;
  /** Lies in the passage that was found. */
  readonly passage: number;
  /** Has a name, number or date that the question asks for and does not have itself. */
  readonly kind: number;
  /** Times the cosine with the question, where vectors are at hand. */
  readonly vector: number;
}

export const SENTENCE_WEIGHTS: SentenceWeights = { near: 0.25, heading: 0.3, rank: 0.15, passage: 0.05, kind: 0.1, vector: 0.3 };

/** BM25's constants, as the search by words has them. */
const K1 = 0.9;
const B = 0.4;
/** Sentences on each side that are around one. */
const AROUND = 1;
/** A line of code or a table is read worse than a sentence. */
const UNEVEN = 0.9;

export interface ScoredSentence {
  readonly unit: ReadingUnit;
  readonly range: TextRange;
  readonly kind: Sentence['kind'];
  /** Number among the unit's sentences. */
  readonly place: number;
  readonly terms: ReadonlySet<string>;
  readonly score: number;
  /** 0 to 1: how much of the question's words it and what is around it has, rare ones counting more. */
  readonly evidence: number;
}

interface Candidate {
  readonly unit: ReadingUnit;
  readonly sentence: Sentence;
  readonly place: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly length: number;
}

/** Sentences of all units by how well they answer the question, the best first. Headings are none, and give their words to what stands below them. */
export function scoreSentences(
  question: string,
  units: readonly ReadingUnit[],
  terms: Terms,
  weights: SentenceWeights = SENTENCE_WEIGHTS,
): ScoredSentence[] {
  const asked = new Set(terms(withoutAsking(question)));
  const candidates = units.flatMap((unit) => candidatesOf(unit, asked, terms));
  const sentences = candidates.filter(({ sentence }) => sentence.kind !== 'heading');
  if (asked.size === 0 || sentences.length === 0) return [];
  const frequency = (term: string): number => sentences.filter(({ counts }) => counts.has(term)).length;
  const idf = new Map(
    [...asked].map((term) => {
      const having = frequency(term);
      return [term, Math.log1p((sentences.length - having + 0.5) / (having + 0.5))];
    }),
  );
  const total = [...idf.values()].reduce((sum, value) => sum + value, 0);
  const mean = sentences.reduce((sum, { length }) => sum + length, 0) / sentences.length;
  const pattern = ANSWER_PATTERNS[questionKind(question)];
  const wanted = question.toLowerCase();
  const repeated = lettersOf(question);
  const scored: ScoredSentence[] = [];
  for (const unit of units) {
    const own = candidates.filter((candidate) => candidate.unit === unit);
    const passage = passageRange(unit);
    const above = new Set(terms([unit.metadata.title ?? '', ...(unit.metadata.headings ?? [])].join('\n')));
    let heading: ReadonlyMap<string, number> = new Map();
    own.forEach(({ sentence, counts, length, place }, index) => {
      if (sentence.kind === 'heading') {
        heading = counts;
        return;
      }
      let [itself, near, headed, found] = [0, 0, 0, 0];
      const around = own
        .slice(Math.max(0, index - AROUND), index + AROUND + 1)
        .filter((other) => other.sentence.kind !== 'heading');
      for (const [term, weight] of idf) {
        const count = counts.get(term) ?? 0;
        if (count > 0) {
          itself += (weight * count * (K1 + 1)) / (count + K1 * (1 - B + (B * length) / mean));
          found += weight;
        } else if (around.some((other) => other.counts.has(term))) {
          near += weight;
          found += weight / 2;
        } else if (heading.has(term) || above.has(term)) {
          headed += weight;
          found += weight / 2;
        }
      }
      if (found === 0) return;
      const { start, end } = sentence;
      const text = unit.text.slice(start, end);
      // What asks the same answers nothing.
      if (ASKS.test(text) || lettersOf(text).includes(repeated)) return;
      const isWanted =
        pattern !== undefined && [...text.matchAll(pattern)].some(([one]) => !wanted.includes(one.toLowerCase().trim()));
      const words = (itself + weights.near * near + weights.heading * headed) / total;
      const score =
        (sentence.kind === 'prose' ? 1 : UNEVEN) * words +
        weights.rank / unit.number +
        (start >= passage.start && end <= passage.end ? weights.passage : 0) +
        (isWanted ? weights.kind : 0);
      scored.push({
        unit,
        range: { start, end },
        kind: sentence.kind,
        place,
        terms: new Set(counts.keys()),
        score,
        evidence: found / total,
      });
    });
  }
  return scored.sort(byScore);
}

/** A sentence that is a question, quoted or not. */
const ASKS = /[?？]["'”’」』`)）\]]*$/u;

function lettersOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** The best first; of equal ones that of the better unit, and the earlier. */
export function byScore(first: ScoredSentence, second: ScoredSentence): number {
  return second.score - first.score || first.unit.number - second.unit.number || first.range.start - second.range.start;
}

function candidatesOf(unit: ReadingUnit, asked: ReadonlySet<string>, terms: Terms): Candidate[] {
  const isWhole = unit.shown === unit.text;
  const isShown = ({ start, end }: Sentence): boolean => isWhole || unit.shown.includes(unit.text.slice(start, end));
  return sentencesIn(unit.text)
    .filter(isShown)
    .map((sentence, place) => {
      const found = terms(unit.text.slice(sentence.start, sentence.end));
      const counts = new Map<string, number>();
      for (const term of found) if (asked.has(term)) counts.set(term, (counts.get(term) ?? 0) + 1);
      return { unit, sentence, place, counts, length: found.length };
    });
}

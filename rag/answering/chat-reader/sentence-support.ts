import type { ReadingUnit } from '../answer/index.ts';
import type { Terms } from '../question/index.ts';
import { namesIn, sentencesIn, type TextRange, wordsIn } from '../text/index.ts';

/** How much the question's words count beside the statement's: they tell apart sentences that hold a short statement. */
const QUESTION_SHARE = 0.3;

/**
 * Least share of what a statement says beyond the question that its sentence has, rare words counting more: another answer to the same question has all of the question's words, too. Chosen on the odd articles of XQuAD, questions with answers as statements and five paragraphs of
 * an article to find them in, with the rule on names: of statements with the answer of another article 13% had a citation with a support of 0.5 and 51% (44% in Chinese) with one of 0.3, now none; of those with another answer of the same paragraph 57% (39%), now 36% (25%); of true ones 77% (53%), now 70% (52%), whose sentence holds
 * the answer in all cases, before in 98%. On the even ones 14% of false ones before, 1% now, and 65% and 60% of true ones.
 */
const ASSERTED = 0.5;

interface ReadSentence {
  readonly range: TextRange;
  readonly terms: ReadonlySet<string>;
}

export interface Support {
  readonly range: TextRange;
  /** 0 to 1: how much of the statement's words the sentence has, rare ones counting more. */
  readonly support: number;
}

/** Finds the sentence of a unit that a statement rests on, by words. */
export class SentenceSupport {
  readonly #terms: Terms;
  readonly #question: ReadonlySet<string>;
  /** Names and numbers in the question. */
  readonly #names: ReadonlySet<string>;
  /** By unit: its words, with those of its title and of the headings above it. */
  readonly #words = new Map<ReadingUnit, ReadonlySet<string>>();
  readonly #read = new Map<ReadingUnit, readonly ReadSentence[]>();

  constructor(question: string, terms: Terms) {
    this.#terms = terms;
    this.#question = new Set(terms(question));
    this.#names = namesIn(question);
  }

  /** The best sentence of those that say what the statement says beyond the question; undefined where there is none. */
  best(unit: ReadingUnit, statement: string): Support | undefined {
    // A unit that does not have what the statement names is about something else, however alike the sentences are.
    const words = this.#wordsOf(unit);
    for (const name of namesIn(statement, this.#names)) if (!words.has(name)) return undefined;
    const wanted = new Set(this.#terms(statement));
    const asserted = new Set([...wanted].filter((term) => !this.#question.has(term)));
    const sentences = this.#sentencesOf(unit);
    const weights = weightsOf([...wanted, ...this.#question], sentences);
    const share = (of: ReadonlySet<string>, inside: ReadonlySet<string>): number => {
      let [all, shared] = [0, 0];
      for (const term of of) {
        all += weights.get(term)!;
        if (inside.has(term)) shared += weights.get(term)!;
      }
      return all === 0 ? 0 : shared / all;
    };
    let found: (Support & { readonly score: number }) | undefined;
    for (const { range, terms } of sentences) {
      if (asserted.size > 0 && share(asserted, terms) < ASSERTED) continue;
      const support = share(wanted, terms);
      const score = support + QUESTION_SHARE * share(this.#question, terms);
      if (support > 0 && (found === undefined || score > found.score)) found = { range, support, score };
    }
    return found && { range: found.range, support: found.support };
  }

  #wordsOf(unit: ReadingUnit): ReadonlySet<string> {
    let words = this.#words.get(unit);
    if (words === undefined) {
      const { title = '', headings = [] } = unit.metadata;
      words = wordsIn([title, ...headings, unit.text].join('\n'));
      this.#words.set(unit, words);
    }
    return words;
  }

  #sentencesOf(unit: ReadingUnit): readonly ReadSentence[] {
    let sentences = this.#read.get(unit);
    if (sentences === undefined) {
      sentences = sentencesIn(unit.text)
        .filter(({ kind }) => kind !== 'heading')
        .map(({ start, end }) => ({ range: { start, end }, terms: new Set(this.#terms(unit.text.slice(start, end))) }));
      this.#read.set(unit, sentences);
    }
    return sentences;
  }
}

/** ln(1 + (N - n + 0.5) / (n + 0.5)) of each term, for n of N sentences that have it. */
function weightsOf(terms: readonly string[], sentences: readonly ReadSentence[]): Map<string, number> {
  return new Map(
    [...new Set(terms)].map((term) => {
      const having = sentences.filter((sentence) => sentence.terms.has(term)).length;
      return [term, Math.log1p((sentences.length - having + 0.5) / (having + 0.5))];
    }),
  );
}

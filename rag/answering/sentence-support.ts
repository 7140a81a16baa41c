import type { TextRange } from './find-quote.ts';
import type { Terms } from './question-terms.ts';
import type { ReadingUnit } from './reader.ts';
import { sentencesIn } from './text-sentences.ts';

/** How much the question's words count beside the statement's: they tell apart sentences that hold a short statement. */
const QUESTION_SHARE = 0.3;

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
  readonly #read = new Map<ReadingUnit, readonly ReadSentence[]>();

  constructor(question: string, terms: Terms) {
    this.#terms = terms;
    this.#question = new Set(terms(question));
  }

  /** The best sentence; undefined where none has a word of the statement. */
  best(unit: ReadingUnit, statement: string): Support | undefined {
    const wanted = new Set(this.#terms(statement));
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
      const support = share(wanted, terms);
      const score = support + QUESTION_SHARE * share(this.#question, terms);
      if (support > 0 && (found === undefined || score > found.score)) found = { range, support, score };
    }
    return found && { range: found.range, support: found.support };
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

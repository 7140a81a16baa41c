import type { Citation, Reading, ReadingUnit } from '../answer/index.ts';
import { type CheckedCitation, CitationChecker, CitationNumbers, MarkedText, shareOf } from '../citations/index.ts';
import type { Terms } from '../question/index.ts';
import { sentencesIn } from '../text/index.ts';
import { type JsonAnswer, readJsonAnswer } from './answer-json.ts';
import { isRefusalText } from './refusal.ts';
import { SentenceSupport } from './sentence-support.ts';

/** JSON begins within so many UTF-16 units, or it is none. */
const PREAMBLE = 160;
/** A sentence supports a statement that it was cited for by number alone from here on, and one that nothing was cited for from there on. */
const SUPPORTED = 0.3;
const SUPPORTED_UNASKED = 0.5;
/** Citations that are looked for where a model gave none. */
const UNASKED = 3;
/** Confidence where the model says none, with citations; and at most, without any. */
const DEFAULT_CONFIDENCE = 0.5;
const UNSUPPORTED_CONFIDENCE = 0.3;

/** What came of a piece: text that will not change, and the citations that it names first. */
export interface WrittenAnswer {
  readonly text: string;
  readonly citations: readonly Citation[];
}

/**
 * Turns what a model writes, in pieces of any size, into an answer whose citations hold. It depends on what was written alone, never on how it was cut: read whole or as a stream, it is the same answer.
 *
 * A number `[n]` of a document in it becomes the numbers of those citations of that document that hold. For a document of which no words were cited it becomes that of the sentence that supports the statement best. Every other number
 * is taken out.
 */
export class ChatAnswerText {
  readonly #units: readonly ReadingUnit[];
  readonly #checker: CitationChecker;
  readonly #numbers = new CitationNumbers();
  readonly #support: SentenceSupport;
  readonly #marked: MarkedText;
  #raw = '';
  #form: 'json' | 'text' | undefined;
  #json: JsonAnswer | undefined;
  /** Characters of the answer that were handed on. */
  #taken = 0;
  /** By unit: citations that hold, once they are known; an empty list where some were proposed and none holds. */
  #checked: Map<ReadingUnit, CheckedCitation[]> | undefined;
  #named: readonly ReadingUnit[] = [];

  constructor(question: string, units: readonly ReadingUnit[], terms: Terms) {
    this.#units = units;
    this.#checker = new CitationChecker(units);
    this.#support = new SentenceSupport(question, terms);
    this.#marked = new MarkedText((documents, statement) => this.#resolve(documents, statement));
  }

  /** All of the answer that was given out. */
  get text(): string {
    return this.#marked.text;
  }

  push(piece: string): WrittenAnswer {
    this.#raw += piece;
    return this.#written(() => this.#advance(false));
  }

  /** The rest, when the model has ended. */
  end(): WrittenAnswer {
    return this.#written(() => this.#advance(true) + this.#remaining());
  }

  /** What is known at the end. */
  reading(): Reading {
    const { citations } = this.#numbers;
    const answered = this.text !== '' && (citations.length > 0 || !isRefusalText(this.text));
    const told = shareOf(this.#json?.confidence) ?? DEFAULT_CONFIDENCE;
    const confidence = answered ? (citations.length > 0 ? told : Math.min(told, UNSUPPORTED_CONFIDENCE)) : 0;
    const reasoning = this.#json?.reasoning?.replace(/\p{Surrogate}/gu, '\ufffd');
    return { answered, confidence, dropped: this.#checker.dropped, ...(reasoning !== undefined && { reasoning }) };
  }

  #written(work: () => string): WrittenAnswer {
    const before = this.#numbers.citations.length;
    const text = work();
    return { text, citations: this.#numbers.citations.slice(before) };
  }

  #advance(ended: boolean): string {
    const body = withoutThinking(this.#raw, ended);
    if (body === undefined) return '';
    const brace = body.slice(0, PREAMBLE).indexOf('{');
    if (this.#form === undefined) {
      if (brace >= 0) this.#form = 'json';
      else if (ended || body.length >= PREAMBLE) this.#form = 'text';
      else return '';
    }
    if (this.#form === 'text') return this.#take(body, true, ended);
    const json = unwrapped(readJsonAnswer(body.slice(brace), ended));
    if (json !== undefined && json.answer === undefined && !json.isAnswer && ended) {
      // Braces, but no answer in them: nothing of it was given out yet.
      this.#form = 'text';
      return this.#take(body, true, true);
    }
    this.#json = json;
    if (json?.answer === undefined) return '';
    if (json.citationsEnded && this.#checked === undefined) this.#check(json);
    return this.#take(json.answer, json.citationsEnded, ended);
  }

  #take(answer: string, resolvable: boolean, ended: boolean): string {
    const fresh = answer.slice(this.#taken);
    this.#taken = answer.length;
    return this.#marked.push(fresh, { resolvable, ended });
  }

  #check({ citations }: JsonAnswer): void {
    this.#checked = new Map();
    const named: ReadingUnit[] = [];
    for (const proposed of citations) {
      const unit = this.#checker.unitOf(proposed.document);
      if (unit !== undefined && proposed.quote === undefined) {
        named.push(unit);
        continue;
      }
      const checked = this.#checker.check(proposed);
      if (unit !== undefined) this.#checked.set(unit, [...(this.#checked.get(unit) ?? []), ...(checked ? [checked] : [])]);
    }
    this.#named = named;
  }

  #resolve(documents: readonly number[], statement: string): readonly number[] {
    if (isRefusalText(this.#marked.text)) return [];
    const numbers = documents.flatMap((document) => {
      const unit = this.#checker.unitOf(document);
      const quoted = unit && this.#checked?.get(unit);
      if (quoted !== undefined) return quoted.map((citation) => this.#numbers.number(citation).number);
      const number = unit && this.#supported(unit, statement, SUPPORTED);
      if (number === undefined) this.#checker.dropped++;
      return number ?? [];
    });
    return [...new Set(numbers)];
  }

  #supported(unit: ReadingUnit, statement: string, least: number): number | undefined {
    const found = this.#support.best(unit, statement);
    if (found === undefined || found.support < least) return undefined;
    return this.#numbers.number({ unit, range: found.range, relevance: found.support }).number;
  }

  /** Citations that hold and that the text does not name are named at its end; where there are none at all, sentences are looked for that say what it says. */
  #remaining(): string {
    if (this.text === '' || isRefusalText(this.text)) return '';
    const known = this.#numbers.citations.length;
    for (const citation of [...(this.#checked?.values() ?? [])].flat()) this.#numbers.number(citation);
    for (const unit of this.#named) if (!this.#checked?.has(unit)) this.#citeForSome(unit);
    if (this.#numbers.citations.length === 0 && this.#checker.dropped === 0) this.#lookFor();
    return this.#marked.append(this.#numbers.citations.slice(known).map(({ number }) => number));
  }

  /** Statements of the answer, without numbers of citations. */
  get #statements(): string[] {
    const text = this.text.replace(/\s*\[\d+\]/g, '');
    return sentencesIn(text).map(({ start, end }) => text.slice(start, end));
  }

  /** A document that was cited without words, and without a place in the text: for the statement that it supports best. */
  #citeForSome(unit: ReadingUnit): void {
    const [best] = this.#statements
      .map((statement) => this.#support.best(unit, statement))
      .filter((found) => found !== undefined && found.support >= SUPPORTED)
      .sort((first, second) => second!.support - first!.support);
    if (best === undefined) this.#checker.dropped++;
    else this.#numbers.number({ unit, range: best.range, relevance: best.support });
  }

  #lookFor(): void {
    for (const statement of this.#statements.slice(0, UNASKED)) {
      const [best] = this.#units
        .flatMap((unit) => {
          const found = this.#support.best(unit, statement);
          return found && found.support >= SUPPORTED_UNASKED ? [{ unit, range: found.range, relevance: found.support }] : [];
        })
        .sort((first, second) => second.relevance - first.relevance || first.unit.number - second.unit.number);
      if (best !== undefined) this.#numbers.number(best);
      // Said of no document that was read.
      else this.#checker.dropped++;
    }
  }
}

const THINKING = /^\s*<think(?:ing)?>/;
const THOUGHT = /^\s*<think(?:ing)?>[\s\S]*?<\/think(?:ing)?>\s*/;

/** What models with a chain of thought write before their answer is no answer; undefined while it goes on. */
function withoutThinking(raw: string, ended: boolean): string | undefined {
  const begun = raw.trimStart();
  if (!ended && ('<think>'.startsWith(begun) || '<thinking>'.startsWith(begun))) return undefined;
  if (!THINKING.test(raw)) return raw;
  const thought = THOUGHT.exec(raw)?.[0];
  if (thought === undefined) return ended ? '' : undefined;
  return raw.slice(thought.length);
}

/** An answer that is JSON once more is read once more; undefined while that cannot be said. */
function unwrapped(json: JsonAnswer): JsonAnswer | undefined {
  const { answer } = json;
  if (answer === undefined) return json;
  const begun = answer.trimStart();
  if (begun === '' && !json.answerEnded) return undefined;
  if (!begun.startsWith('{')) return json;
  if (!json.answerEnded) return undefined;
  const inner = readJsonAnswer(begun, true);
  if (inner.answer === undefined) return json;
  if (!json.citationsEnded) return undefined;
  return { ...json, ...inner, citations: [...inner.citations, ...json.citations], citationsEnded: true };
}

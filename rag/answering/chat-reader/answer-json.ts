import type { ProposedCitation } from '../citations/index.ts';

/** What can be read of a JSON answer that may not have ended. */
export interface JsonAnswer {
  /** As far as it was written; undefined before it begins. */
  readonly answer?: string | undefined;
  readonly answerEnded: boolean;
  /** Whether it has the form of an answer, though it may have been cut off before it. */
  readonly isAnswer: boolean;
  /** Those that were written to their end. */
  readonly citations: readonly ProposedCitation[];
  /** Whether no further citation can come. */
  readonly citationsEnded: boolean;
  readonly confidence?: unknown;
  readonly reasoning?: string | undefined;
}

/** A value, and whether its end was there. */
interface Parsed {
  readonly value: Json;
  readonly ended: boolean;
}

type Json = string | number | boolean | null | readonly Parsed[] | ReadonlyMap<string, Parsed>;

/** Values in values beyond this are not read. */
const DEEPEST = 32;
/** Keys of an answer beside `answer`. */
const OTHERS: readonly string[] = ['reasoning', 'citations', 'confidence'];
const KEYS: Readonly<Record<'citations' | 'document' | 'quote' | 'relevance', readonly string[]>> = {
  citations: ['citations', 'sources', 'references', 'quotes'],
  document: ['doc_id', 'document', 'doc', 'document_id', 'id', 'source'],
  quote: ['text', 'quote', 'quotation', 'span'],
  relevance: ['relevance', 'score'],
};

/**
 * Reads an answer out of JSON that may be cut off anywhere and may have faults that models make: trailing commas, line breaks in strings, an answer within another object. What is read of a beginning is the beginning of what is
 * read of the whole.
 *
 * @param text from the first brace on
 * @param ended whether nothing more comes
 */
export function readJsonAnswer(text: string, ended: boolean): JsonAnswer {
  const { value, ended: rootEnded } = new Reader(text).read();
  const home = value instanceof Map ? homeOf(value, rootEnded) : undefined;
  const isAnswer = home !== undefined || (value instanceof Map && [...value.keys()].some((key) => OTHERS.includes(key)));
  if (home === undefined) return { answerEnded: ended, isAnswer, citations: [], citationsEnded: ended };
  const { object, isEnded } = home;
  const answer = object.get('answer')!;
  // The first list that comes is the one, whatever comes behind it.
  const [, cited] = [...object].find(([key, found]) => KEYS.citations.includes(key) && Array.isArray(found.value)) ?? [];
  const reasoning = object.get('reasoning')?.value;
  return {
    answer: answerText(answer, ended),
    answerEnded: ended || answer.ended,
    isAnswer,
    citations: cited === undefined ? [] : (cited.value as readonly Parsed[]).flatMap(proposalOf),
    citationsEnded: ended || isEnded || cited?.ended === true,
    confidence: object.get('confidence')?.value,
    ...(typeof reasoning === 'string' && reasoning !== '' && { reasoning }),
  };
}

/** The first object that has an answer: the outermost, or one directly in it. */
function homeOf(
  root: ReadonlyMap<string, Parsed>,
  rootEnded: boolean,
): { readonly object: ReadonlyMap<string, Parsed>; readonly isEnded: boolean } | undefined {
  for (const [key, { value, ended }] of root) {
    if (key === 'answer') return { object: root, isEnded: rootEnded };
    if (value instanceof Map && value.has('answer')) return { object: value, isEnded: ended };
  }
  return undefined;
}

function answerText({ value, ended: isEnded }: Parsed, ended: boolean): string | undefined {
  if (typeof value === 'string') return value;
  if (!isEnded && !ended) return undefined;
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  return stringsIn(value).join(' ');
}

function stringsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return [...value.values()].flatMap((item) => stringsIn((item as Parsed).value));
}

function proposalOf({ value, ended }: Parsed): ProposedCitation[] {
  if (!ended) return [];
  if (typeof value === 'number' || typeof value === 'string') return [{ document: value }];
  if (!(value instanceof Map)) return [];
  const object: ReadonlyMap<string, Parsed> = value;
  const of = (keys: readonly string[]): Json | undefined =>
    keys.map((key) => object.get(key)?.value).find((found) => found !== undefined);
  return [{ document: of(KEYS.document), quote: of(KEYS.quote), relevance: of(KEYS.relevance) }];
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

/** Reads one value; what is no JSON is passed over. */
class Reader {
  readonly #text: string;
  #place = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(depth = 0): Parsed {
    this.#skip(/\s*/y);
    const next = this.#text.charAt(this.#place);
    if (next === '' || depth > DEEPEST) return { value: null, ended: false };
    if (next === '"') return this.#string();
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    return this.#word();
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#place;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#place += found.length;
    return found;
  }

  #string(): Parsed {
    this.#place++;
    let value = '';
    for (;;) {
      value += this.#skip(/[^"\\]*/y);
      const mark = this.#text.charAt(this.#place);
      if (mark === '') return { value, ended: false };
      this.#place++;
      if (mark === '"') return { value, ended: true };
      const escaped = this.#text.charAt(this.#place);
      if (escaped === '') return { value, ended: false };
      if (escaped !== 'u') {
        value += ESCAPES[escaped] ?? escaped;
        this.#place++;
        continue;
      }
      const digits = this.#text.slice(this.#place + 1, this.#place + 5);
      if (/^[0-9a-f]{4}$/i.test(digits)) {
        value += String.fromCharCode(Number.parseInt(digits, 16));
        this.#place += 5;
      } else if (digits.length < 4 && /^[0-9a-f]*$/i.test(digits)) return { value, ended: false };
      else this.#place++;
    }
  }

  #object(depth: number): Parsed {
    const value = new Map<string, Parsed>();
    this.#place++;
    for (;;) {
      this.#skip(/[\s,]*/y);
      const next = this.#text.charAt(this.#place);
      if (next === '') return { value, ended: false };
      if (next === '}') {
        this.#place++;
        return { value, ended: true };
      }
      if (next !== '"') {
        if (this.#skip(/[^"}]+/y) === '') return { value, ended: false };
        continue;
      }
      const key = this.#string();
      this.#skip(/\s*:?\s*/y);
      if (!key.ended || this.#place >= this.#text.length) return { value, ended: false };
      const item = this.read(depth + 1);
      const name = String(key.value).toLowerCase();
      // Of a key that stands twice the first counts: a stream has shown it already.
      if (!value.has(name)) value.set(name, item);
      if (!item.ended) return { value, ended: false };
    }
  }

  #array(depth: number): Parsed {
    const value: Parsed[] = [];
    this.#place++;
    for (;;) {
      this.#skip(/[\s,]*/y);
      const next = this.#text.charAt(this.#place);
      if (next === '') return { value, ended: false };
      if (next === ']') {
        this.#place++;
        return { value, ended: true };
      }
      const item = this.read(depth + 1);
      value.push(item);
      if (!item.ended) return { value, ended: false };
    }
  }

  /** A number, a literal, or whatever else stands before the next mark. */
  #word(): Parsed {
    const word = this.#skip(/[^\s,}\]"[{]+/y) || this.#skip(/[\s\S]/y);
    const ended = this.#place < this.#text.length;
    if (!ended) return { value: null, ended };
    if (word === 'null') return { value: null, ended };
    if (word === 'true' || word === 'false') return { value: word === 'true', ended };
    const number = Number(word);
    return { value: Number.isFinite(number) ? number : word, ended };
  }
}

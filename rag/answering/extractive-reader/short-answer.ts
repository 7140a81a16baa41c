import { ANSWER_PATTERNS, type QuestionKind, questionKind, type Terms } from '../question/index.ts';
import type { TextRange } from '../text/index.ts';

/** Longest answer of few words, in UTF-16 units. */
const LONGEST = 80;
const WORD = /[\p{L}\p{N}][\p{L}\p{M}\p{N}'’.-]*/gu;
/** Distance, in UTF-16 units, up to which nearness says little more. */
const PULL = 8;
/** Beginnings of sentences that look like names. */
const NO_NAME =
  /^(?:the|a|an|in|on|at|by|for|from|with|as|it|its|he|she|they|his|her|their|this|that|these|those|there|when|while|after|before|although|however|during|since|both|many|most|some|all|one|two|but|and|or|if|to|of|also|other|such|because|under|until|according)$/i;

/**
 * The few words of a sentence that answer a question, where the question's form says what to look for: a date, a number, a name, or, in Chinese, what stands in the sentence where the question has its 什么 or 谁.
 *
 * @param terms how texts become words
 * @returns its place in the sentence; undefined where the form says nothing
 */
export function shortAnswerIn(question: string, sentence: string, terms: Terms): TextRange | undefined {
  const kind = questionKind(question);
  const isChinese = /\p{Script=Han}/u.test(question);
  const pattern = ANSWER_PATTERNS[kind];
  // A reason or a manner takes a clause at least.
  if (kind === 'reason' || kind === 'manner') return undefined;
  if (isChinese) return pattern === undefined ? inPlace(question, sentence) : typedChinese(question, sentence, kind, pattern);
  if (pattern !== undefined) return nearestOfKind(question, sentence, kind, pattern, terms);
  return phraseFor(question, sentence, terms);
}

/** What is asked for by name: the party of "which party", the first colour of "what colour". */
const ASKED_FOR =
  /\b(?:what|which)\s+((?:[\w-]+\s+){0,2}?)(?:is|are|was|were|did|do|does|has|have|had|can|could|will|would|of|in|that|who|[\w-]+ed)\b/i;
/** By so much the best phrase stands out, or none is given: then more than half are right (XQuAD's odd articles), without it a quarter. */
const MARGIN = 1.5;
/** Words between a phrase's own. */
const JOINS = /^\s+(?:of|of the|and|&)\s+$/i;
const MOST_WORDS = 6;

interface Phrase extends TextRange {
  readonly words: number;
}

/** The phrase without words of the question that stands nearest to them: names, and what follows an article or "is", before others. */
function phraseFor(question: string, sentence: string, terms: Terms): TextRange | undefined {
  const asked = new Set(terms(question));
  const named = new Set(terms(ASKED_FOR.exec(question)?.[1] ?? ''));
  const words = Array.from(sentence.matchAll(WORD), ({ 0: word, index }) => {
    const own = terms(word);
    const isNamed = own.some((term) => named.has(term));
    return {
      start: index,
      end: index + word.length,
      isStop: own.length === 0,
      isNamed,
      isAsked: !isNamed && own.some((term) => asked.has(term)),
    };
  });
  const matches = words.filter(({ isAsked, isNamed }) => isAsked || isNamed);
  if (matches.length === 0) return undefined;
  const phrases: (Phrase & { readonly isNamed: boolean })[] = [];
  for (const word of words.filter(({ isStop, isAsked }) => !isStop && !isAsked)) {
    const last = phrases.at(-1);
    const between = last && sentence.slice(last.end, word.start);
    const joins = between !== undefined && (/^[\s-]+$/.test(between) || JOINS.test(between));
    if (last !== undefined && joins && last.words < MOST_WORDS)
      phrases[phrases.length - 1] = {
        start: last.start,
        end: word.end,
        words: last.words + 1,
        isNamed: last.isNamed || word.isNamed,
      };
    else phrases.push({ start: word.start, end: word.end, words: 1, isNamed: word.isNamed });
  }
  let best: { readonly range: TextRange; readonly score: number } | undefined;
  let next = 0;
  for (const { start, end, isNamed, words: count } of phrases) {
    if (isNamed && count === 1) continue;
    const middle = (start + end) / 2;
    const pull = matches.reduce((sum, match) => sum + 1 / (PULL + Math.abs((match.start + match.end) / 2 - middle)), 0);
    const before = sentence.slice(0, start);
    const isName = start > 0 && /^\p{Lu}/u.test(sentence.slice(start));
    const isLed = /\b(?:a|an|the|is|are|was|were|called|named|as)\s+$/i.test(before);
    const score = pull * (isName ? 1.4 : 1) * (isLed ? 1.3 : 1) * (isNamed ? 2 : 1) * (count > 1 ? 1.2 : 1);
    if (best === undefined || score > best.score) {
      next = best?.score ?? 0;
      best = { range: { start, end }, score };
    } else next = Math.max(next, score);
  }
  return best && best.score >= MARGIN * next && best.range.end - best.range.start <= LONGEST ? best.range : undefined;
}

/** Of what the pattern finds and the question does not say itself, that which stands nearest to the question's words. */
function nearestOfKind(
  question: string,
  sentence: string,
  kind: QuestionKind,
  pattern: RegExp,
  terms: Terms,
): TextRange | undefined {
  const asked = new Set(terms(question));
  const words = Array.from(sentence.matchAll(WORD), ({ 0: word, index }) => ({
    at: index + word.length / 2,
    isAsked: terms(word).some((term) => asked.has(term)),
  }));
  const matches = words.filter(({ isAsked }) => isAsked);
  let best: { readonly range: TextRange; readonly score: number } | undefined;
  for (const { 0: found, index } of sentence.matchAll(pattern)) {
    const range = trimmedName(sentence, index, index + found.length, kind);
    if (range === undefined) continue;
    const own = terms(sentence.slice(range.start, range.end));
    if (own.length > 0 && own.every((term) => asked.has(term))) continue;
    const middle = (range.start + range.end) / 2;
    // Each word of the question pulls by how near it is.
    const pull = matches.reduce((sum, { at }) => sum + 1 / (PULL + Math.abs(at - middle)), 0);
    const led =
      kind === 'place' && /\b(?:in|at|near|on|from|to|of)\s+(?:the\s+)?$/i.test(sentence.slice(0, range.start)) ? 1.5 : 1;
    const shared = own.some((term) => asked.has(term)) ? 0.6 : 1;
    const score = pull * led * shared;
    if (best === undefined || score > best.score) best = { range, score };
  }
  return best?.range;
}

/** A name without what only begins a sentence. */
function trimmedName(sentence: string, start: number, end: number, kind: QuestionKind): TextRange | undefined {
  let from = start;
  let to = end;
  if (kind === 'person' || kind === 'place') {
    for (;;) {
      const first = /^[\p{L}'’.-]+/u.exec(sentence.slice(from, to))?.[0];
      if (first === undefined || !NO_NAME.test(first)) break;
      from += first.length;
      from += /^\s*/.exec(sentence.slice(from, to))![0].length;
    }
    to -= /(?:['’]s)?[.'’-]*$/.exec(sentence.slice(from, to))![0].length;
  }
  return to > from && to - from <= LONGEST ? { start: from, end: to } : undefined;
}

/** Words that ask, with what they count. */
const ASKING =
  /(?:在|是|为|叫|叫做|有)?(?:什么(?:时候|时间|地方|名字|原因|人|样的)?|哪(?:一)?(?:些|[个位年天里儿种家名座支部所条项本首类款次国])?(?:国家|城市|地区|公司|人|组织|语言)?|谁|多少|几|何时|何处|何地|何人|何年|如何|怎么样?|怎样|为什么|为何)/u;
const CLAUSE_END = /[，。；！？、,;!?（）()：:\n]/u;
/** Of characters on each side that are held against the question's, and that an answer has at most. */
const CONTEXT = 6;
const LONGEST_CHINESE = 40;
/** Characters on both sides together that must be the question's; an end of the clause counts half a one. */
const FEWEST_SHARED = 2.5;

interface Anchored extends TextRange {
  readonly score: number;
}

/** What stands in the sentence where the question has the word that asks. */
function inPlace(question: string, sentence: string): TextRange | undefined {
  const sides = sidesOf(question);
  if (sides === undefined) return undefined;
  let best: Anchored | undefined;
  const starts = places(sentence, (place) => sharedEnd(sentence.slice(0, place), sides.left), true);
  const ends = places(sentence, (place) => sharedBeginning(sentence.slice(place), sides.right), false);
  for (const [start, left] of starts) {
    for (const [end, right] of ends) {
      if (end <= start || end - start > LONGEST_CHINESE || left + right < FEWEST_SHARED) continue;
      const inside = sentence.slice(start, end);
      if (!/[\p{L}\p{N}]/u.test(inside)) continue;
      const clauses = inside.match(new RegExp(CLAUSE_END, 'gu'))?.length ?? 0;
      const score = Math.min(left, CONTEXT) + Math.min(right, CONTEXT) - clauses - (end - start) / LONGEST_CHINESE;
      if (best === undefined || score > best.score) best = { start, end, score };
    }
  }
  return best && trimmedChinese(sentence, best);
}

/** Borders with what they share with the question's side: those that share something, and ends of clauses. */
function places(sentence: string, shared: (place: number) => number, isStart: boolean): [number, number][] {
  const found: [number, number][] = [];
  for (let place = 0; place <= sentence.length; place++) {
    const same = shared(place);
    const isBorder = isStart
      ? place === 0 || CLAUSE_END.test(sentence.charAt(place - 1))
      : place === sentence.length || CLAUSE_END.test(sentence.charAt(place));
    if (same > 0 || isBorder) found.push([place, same > 0 ? same : 0.5]);
  }
  return found;
}

function typedChinese(question: string, sentence: string, kind: QuestionKind, pattern: RegExp): TextRange | undefined {
  const placed = inPlace(question, sentence);
  if (kind === 'person' || kind === 'place') return placed;
  const sides = sidesOf(question);
  const asked = pairsOf(question);
  let best: Anchored | undefined;
  for (const { 0: found, index } of sentence.matchAll(pattern)) {
    const range = { start: index, end: index + found.length };
    if (question.includes(found.trim())) continue;
    const left = sides === undefined ? 0 : sharedEnd(sentence.slice(0, range.start).trimEnd(), sides.left);
    const right = sides === undefined ? 0 : sharedBeginning(sentence.slice(range.end).trimStart(), sides.right);
    let pull = 0;
    for (let place = 0; place + 1 < sentence.length; place++)
      if (asked.has(sentence.slice(place, place + 2))) pull += 1 / (6 + Math.abs(place - (range.start + range.end) / 2));
    const overlap = placed && Math.min(placed.end, range.end) > Math.max(placed.start, range.start) ? 1 : 0;
    const score = left + right + pull + overlap;
    if (best === undefined || score > best.score) best = { ...range, score };
  }
  return best ?? placed;
}

function sidesOf(question: string): { readonly left: string; readonly right: string } | undefined {
  const asking = ASKING.exec(question);
  if (asking === null) return undefined;
  return {
    left: question.slice(0, asking.index).replace(/[\s，,]+$/u, ''),
    right: question.slice(asking.index + asking[0].length).replace(/[？?\s。]+$/u, ''),
  };
}

/** Characters that two texts have in common at their ends. */
function sharedEnd(text: string, other: string): number {
  let shared = 0;
  while (shared < CONTEXT && shared < text.length && text.at(-1 - shared) === other.at(-1 - shared)) shared++;
  return shared;
}

function sharedBeginning(text: string, other: string): number {
  let shared = 0;
  while (shared < CONTEXT && shared < text.length && shared < other.length && text.charAt(shared) === other.charAt(shared))
    shared++;
  return shared;
}

function pairsOf(text: string): Set<string> {
  return new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, place) => text.slice(place, place + 2)));
}

/** Marks that nothing begins with, and nothing ends with. */
const NO_BEGINNING = /^(?:[\s，。、；：！？,.;:!?）)」』”"’»…—-]|是|为|叫做?|称为|就是|有|了|在|由|于|即)*/u;
const NO_END = /[\s，。、；：！？,;:!?（(「『“"‘«…—-]*的?$/u;
const PAIRS = ['（）', '()', '《》', '「」', '『』', '“”'];

/** Without what only leads to it (是, 为, 叫) and marks at its ends; a single ideograph, or a half of what stands in brackets, is no answer. */
function trimmedChinese(sentence: string, { start, end }: TextRange): TextRange | undefined {
  const from = start + NO_BEGINNING.exec(sentence.slice(start, end))![0].length;
  const to = end - NO_END.exec(sentence.slice(from, end))![0].length;
  const text = sentence.slice(from, Math.max(from, to));
  const isWhole = PAIRS.every((pair) => text.split(pair.charAt(0)).length === text.split(pair.charAt(1)).length);
  const says = /\p{N}/u.test(text) || (text.match(/\p{L}/gu)?.length ?? 0) > 1;
  return isWhole && says ? { start: from, end: to } : undefined;
}

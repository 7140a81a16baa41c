import { make, makeButton } from './make.ts';
import { sayAttribute } from './wording.ts';

// Code of the page: see site-script.ts.

/** The sentences at the beginning of a text that are complete, each with the white space after it, and the rest, which may still grow. */
export function splitSentences(text: string): readonly [complete: readonly string[], rest: string] {
  const complete: string[] = [];
  let from = 0;
  // A full stop ends a sentence once white space follows; signs of Chinese and ends of lines do by themselves.
  for (const { 0: end, index } of text.matchAll(/[.!?]["'”’)]*(?:\s*\[[\d,，、\s]+\])*\s+|[。！？；][”’」』）]*|\n+/g)) {
    complete.push(text.slice(from, index + end.length));
    from = index + end.length;
  }
  return [complete, text.slice(from)];
}

/** A text cut at its citations: `[2]`, `[1, 3]`. Strings are text, numbers citations. */
export function splitCitations(text: string): (string | number)[] {
  const parts: (string | number)[] = [];
  let from = 0;
  for (const { 0: whole, 1: numbers, index } of text.matchAll(/\[(\d{1,3}(?:\s*[,，、]\s*\d{1,3})*)\]/g)) {
    if (index > from) parts.push(text.slice(from, index));
    parts.push(...numbers!.split(/[,，、]/).map(Number));
    from = index + whole.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

/**
 * The text of an answer while it comes. What is complete is only ever added to, so that a screen reader reads each sentence once and a citation that has the focus
 * keeps it; the sentence that is still coming is for the eye alone.
 */
export class AnswerText {
  readonly element = make('div', { class: 'answer-text', attributes: { 'aria-live': 'polite', 'aria-relevant': 'additions' } });
  readonly #open: (citation: number) => void;
  readonly #tail = make('span', { class: 'tail', attributes: { 'aria-hidden': 'true' } });
  #paragraph: HTMLElement | undefined;
  #rest = '';
  #text = '';

  /** @param open called with the number of a citation that is to be opened */
  constructor(open: (citation: number) => void) {
    this.#open = open;
  }

  /** All of it so far. */
  get text(): string {
    return this.#text;
  }

  append(text: string): void {
    this.#text += text;
    const [complete, rest] = splitSentences(this.#rest + text);
    for (const sentence of complete) this.#add(sentence);
    this.#rest = rest;
    this.#tail.textContent = rest;
    if (rest !== '') this.#current().append(this.#tail);
  }

  /**
   * The answer as it ended. It is written anew where what had come differs.
   *
   * @param known numbers of the citations that it has: no other can be opened
   */
  finish(text: string, known: ReadonlySet<number>): void {
    this.#tail.remove();
    if (text.trim() === this.#text.trim()) {
      this.#add(this.#rest);
    } else {
      this.element.replaceChildren();
      this.#paragraph = undefined;
      for (const sentence of splitSentences(text).flat()) this.#add(sentence);
    }
    this.#rest = '';
    this.#text = text;
    for (const button of this.element.querySelectorAll<HTMLElement>('button.citation'))
      if (!known.has(Number(button.dataset['number']))) button.replaceWith(`[${button.dataset['number']}]`);
  }

  #add(sentence: string): void {
    if (sentence === '') return;
    const parts = splitCitations(sentence.trimEnd()).map((part) => (typeof part === 'number' ? this.#citation(part) : part));
    const lineEnds = /\n\s*\n/.test(sentence) ? 2 : /\n/.test(sentence) ? 1 : 0;
    // Lines of their own, as in lists, are kept.
    const space = lineEnds === 1 ? '\n' : /\s$/.test(sentence) ? ' ' : '';
    if (sentence.trim() !== '') this.#current().append(make('span', {}, ...parts, space));
    if (lineEnds === 2) this.#paragraph = undefined;
  }

  #current(): HTMLElement {
    if (this.#paragraph === undefined) {
      this.#paragraph = make('p');
      this.element.append(this.#paragraph);
    }
    return this.#paragraph;
  }

  #citation(number: number): HTMLButtonElement {
    const attributes = { 'data-number': String(number) };
    const button = makeButton({ class: 'citation', text: String(number), attributes, onClick: () => this.#open(number) });
    sayAttribute(button, 'aria-label', 'citation.open', { n: number });
    return button;
  }
}

const DIGITS = '[0-9\\uff10-\\uff19]+';
const NAME = '(?:(?:documents?|docs?|sources?|passages?|units?|citations?|文档|文件|资料|来源|引用)\\s*[#:：]?\\s*|\\^)?';
const ITEM = `${NAME}${DIGITS}`;
const BETWEEN = '\\s*(?:[,，、;；&–-]|and|和)\\s*';
const OPEN = '[[［【]';
const CLOSE = '[\\]］】]';
/** `[1]`, `[1, 3]`, `[1-3]`, `[Document 2]`, `【文档1】`. */
const MARKER = new RegExp(`^${OPEN}\\s*(${ITEM}(?:${BETWEEN}${ITEM})*)\\s*${CLOSE}`, 'iu');
/** What may become one. */
const PARTIAL = new RegExp(`^${OPEN}[\\s\\p{L}#:：^,，、;；&–\\-0-9\\uff10-\\uff19]*$`, 'iu');
/** No marker is longer, in UTF-16 units, but one of digits alone. */
const LONGEST = 120;
const DIGITS_ALONE = new RegExp(`^${OPEN}\\s*(?:${DIGITS})?\\s*${CLOSE}?$`, 'u');
const ENDS_OPEN = new RegExp(`${OPEN}\\s*[0-9]*$`, 'u');
/** Documents of a range `[1-8]`. */
const LONGEST_RANGE = 8;
/** Characters that nobody sees, between which a marker could hide, and those that turn the direction of text about. */
const UNSEEN = /[\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]/g;

/** Numbers of citations that a marker for documents becomes; none takes it out of the text. */
export type ResolveMarker = (documents: readonly number[], statement: string) => readonly number[];

/**
 * A text in which markers of documents, as models write them, become numbers of citations, `[1]`, or go away. It takes the text in pieces of any size and gives what cannot change any more: one behind the other that is the same
 * text, however it was cut. While markers cannot be resolved it gives the text before the first.
 */
export class MarkedText {
  readonly #resolve: ResolveMarker;
  /** Not looked at yet. */
  #rest = '';
  #given = '';
  /** White space behind what was given. */
  #space = '';
  /** White space in front of a marker that went away. */
  #gap: string | undefined;
  #isCode = false;

  constructor(resolve: ResolveMarker) {
    this.#resolve = resolve;
  }

  /** All that was given. */
  get text(): string {
    return this.#given;
  }

  /**
   * @param text what comes next
   * @param state whether markers can be resolved by now, and whether this is the end
   */
  push(text: string, { resolvable, ended }: { readonly resolvable: boolean; readonly ended: boolean }): string {
    this.#rest += text.replace(UNSEEN, '');
    const from = this.#given.length;
    while (this.#rest !== '' && this.#step(resolvable || ended, ended));
    return this.#given.slice(from);
  }

  /** Puts markers of citations behind the text, once it has ended. */
  append(numbers: readonly number[]): string {
    const from = this.#given.length;
    if (numbers.length > 0) this.#giveWith(' ', numbers.map((number) => `[${number}]`).join(''));
    return this.#given.slice(from);
  }

  /** Looks at one part; false where more has to come first. */
  #step(resolvable: boolean, ended: boolean): boolean {
    const rest = this.#rest;
    const space = /^\s+/u.exec(rest)?.[0];
    if (space !== undefined) {
      this.#space += space;
      this.#rest = rest.slice(space.length);
      return true;
    }
    if (/^[[［【]/u.test(rest)) return this.#bracket(resolvable, ended);
    let run = /^[^\s[［【`]+|^`/u.exec(rest)![0];
    if (run.length === rest.length && !ended && /[\uD800-\uDBFF]$/.test(run)) run = run.slice(0, -1);
    if (run === '') return false;
    this.#rest = rest.slice(run.length);
    this.#give(run.replace(/\p{Surrogate}/gu, '\ufffd'));
    if (run === '`') this.#isCode = !this.#isCode;
    return true;
  }

  #bracket(resolvable: boolean, ended: boolean): boolean {
    const rest = this.#rest;
    const isIndex = this.#isCode && this.#space === '' && this.#gap === undefined && /[\p{L}\p{N}_)\]]$/u.test(this.#given);
    const marker = isIndex ? undefined : markerOf(rest);
    if (marker === undefined) {
      if (!ended && !isIndex && isPartial(rest)) return false;
      this.#rest = rest.slice(1);
      this.#give(rest.charAt(0));
      return true;
    }
    if (!resolvable) return false;
    this.#rest = rest.slice(marker[0].length);
    const numbers = this.#resolve(documentsOf(marker[1]!), lastSentence(this.#given));
    if (numbers.length === 0) {
      this.#gap ??= this.#space;
      this.#space = '';
      // What stood around it must not become a marker.
      if (ENDS_OPEN.test(this.#given)) this.#gap = ' ';
    } else this.#giveWith(this.#space || (this.#gap ?? ''), numbers.map((number) => `[${number}]`).join(''));
    return true;
  }

  #give(run: string): void {
    const gap = this.#gap !== undefined && (/^[\p{L}\p{N}]/u.test(run) || ENDS_OPEN.test(this.#given)) ? this.#gap : '';
    this.#giveWith(this.#space || gap, run);
  }

  #giveWith(space: string, run: string): void {
    this.#given += this.#given === '' ? run : space + run;
    this.#space = '';
    this.#gap = undefined;
  }
}

function markerOf(rest: string): RegExpExecArray | undefined {
  const marker = MARKER.exec(rest);
  return marker !== null && (marker[0].length <= LONGEST || DIGITS_ALONE.test(marker[0])) ? marker : undefined;
}

function isPartial(rest: string): boolean {
  return (rest.length <= LONGEST && PARTIAL.test(rest)) || DIGITS_ALONE.test(rest);
}

function documentsOf(list: string): number[] {
  const plain = list.normalize('NFKC').replace(/\s+/g, '');
  const numbers: number[] = [];
  for (const part of plain.split(/[,、;&]|and|和/i)) {
    const [first, last] = part.split(/[–-]/).map((item) => Number(/\d+$/.exec(item)?.[0]));
    if (last !== undefined && last > first! && last - first! < LONGEST_RANGE)
      for (let number = first!; number <= last; number++) numbers.push(number);
    else numbers.push(first!, ...(last === undefined ? [] : [last]));
  }
  return [...new Set(numbers)];
}

/** So much of a text's end is looked at for its last sentence, in UTF-16 units. */
const LOOKED_AT = 600;

/** The last sentence of what was written: what a marker behind it stands for. */
function lastSentence(text: string): string {
  const end = text
    .slice(-LOOKED_AT)
    .replace(/\[\d+\]/g, '')
    .trimEnd();
  return /[^.!?。！？\n]*(?:[.](?=\S)[^.!?。！？\n]*)*[.!?。！？]*$/u.exec(end)![0].trim();
}

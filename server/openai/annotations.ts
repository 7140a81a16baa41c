import type { Citation } from '../collection-service.ts';

/** A place in an answer that rests on a unit, in OpenAI's shape. */
export interface UrlCitation {
  readonly type: 'url_citation';
  readonly url_citation: {
    /** Characters (code points) of the answer before the mark `[n]`, and before what follows it. */
    readonly start_index: number;
    readonly end_index: number;
    readonly url: string;
    readonly title: string;
  };
}

/** Borders of code in a line, and marks. */
const CODE_OR_MARK = /`|\[(\d{1,4})\]/g;
/** Behind it, `[1]` in code is an index. */
const INDEXED = /[\p{L}\p{N}_)\]]$/u;

/**
 * The marks `[n]` of an answer as annotations, in the order of the text. A mark of no citation is none, nor is an index in code.
 *
 * @param urlOf where a cited unit can be read
 */
export function annotationsOf(text: string, citations: readonly Citation[], urlOf: (unit: string) => string): UrlCitation[] {
  const byNumber = new Map(citations.map((citation) => [citation.number, citation]));
  const annotations: UrlCitation[] = [];
  let isCode = false;
  let counted = 0;
  let characters = 0;
  for (const { 0: mark, 1: number, index } of text.matchAll(CODE_OR_MARK)) {
    if (mark === '`') isCode = !isCode;
    const citation = number === undefined ? undefined : byNumber.get(Number(number));
    // Two units before it hold the character before it.
    if (citation === undefined || (isCode && INDEXED.test(text.slice(Math.max(0, index - 2), index)))) continue;
    // Counted from the last mark on, so that a long answer of many marks is walked through once.
    characters += lengthInCharacters(text.slice(counted, index));
    counted = index;
    const { document, title, source = document } = citation;
    annotations.push({
      type: 'url_citation',
      url_citation: {
        start_index: characters,
        end_index: characters + mark.length,
        url: urlOf(document),
        title: title ?? source,
      },
    });
  }
  return annotations;
}

function lengthInCharacters(text: string): number {
  let characters = 0;
  for (const _ of text) characters++;
  return characters;
}

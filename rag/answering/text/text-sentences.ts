/** A sentence of a text, in UTF-16 units. */
export interface Sentence {
  readonly start: number;
  readonly end: number;
  /** What it is: a heading says what others are about, and is no answer by itself. */
  readonly kind: 'prose' | 'heading' | 'row' | 'code';
  /** Number of its paragraph, list item or line. */
  readonly block: number;
}

interface Block {
  readonly start: number;
  readonly end: number;
  readonly kind: Sentence['kind'];
}

const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const HEADING = /^\s{0,3}#{1,6}\s/;
const ROW = /^\s*\|.*\|\s*$/;
const RULE_OF_ROWS = /^[\s|:-]+$/;
const ITEM = /^\s*(?:[-*+•]|\d{1,3}[.)])\s+/;
/** What stands before a line's own words. */
const LEAD = /^\s*(?:#{1,6}\s+|>\s?|(?:[-*+•]|\d{1,3}[.)])\s+)*/;

/** A full stop behind these ends no sentence. */
const ABBREVIATION =
  /(?:^|[\s("'“‘])(?:Dr|Mr|Mrs|Ms|Prof|Gen|Col|Lt|Sgt|Rev|Hon|St|Mt|Ft|Jr|Sr|No|Nos|Fig|Vol|vs|etc|approx|ca|cf|al|pp?|e\.g|i\.e|[A-Z](?:\.[A-Z])*)\.\s*$/;

const borders = new Intl.Segmenter('und', { granularity: 'sentence' });

/** Sentences of Markdown or plain text, in order: lines of a paragraph belong together, list items, headings, rows of tables and lines of code are by themselves. White space, marks of lists and fences are in none. */
export function sentencesIn(text: string): Sentence[] {
  return blocksOf(text).flatMap(({ start, end, kind }, block) => {
    if (kind !== 'prose') return [{ start, end, kind, block }];
    // A line feed would end a sentence by Unicode's rules.
    const line = text.slice(start, end).replace(/[\r\n\u2028\u2029]/g, ' ');
    const sentences: Sentence[] = [];
    let from = 0;
    for (const { index, segment } of borders.segment(line)) {
      const to = index + segment.length;
      if (to < line.length && ABBREVIATION.test(line.slice(from, to))) continue;
      const found = trimmed(line, from, to);
      if (found !== undefined) sentences.push({ start: start + found.start, end: start + found.end, kind, block });
      from = to;
    }
    return sentences;
  });
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let fence = '';
  let paragraph: { start: number; end: number } | undefined;
  const close = (): void => {
    if (paragraph !== undefined) blocks.push({ ...paragraph, kind: 'prose' });
    paragraph = undefined;
  };
  const single = (start: number, end: number, kind: Block['kind']): void => {
    const found = trimmed(text, start, end);
    if (found !== undefined) blocks.push({ ...found, kind });
  };
  let place = 0;
  for (const line of text.split('\n')) {
    const [start, end] = [place, place + line.length];
    place = end + 1;
    const mark = FENCE.exec(line)?.[1];
    if (fence !== '') {
      if (mark?.startsWith(fence)) fence = '';
      else single(start, end, 'code');
      continue;
    }
    if (mark !== undefined) {
      close();
      fence = mark;
    } else if (line.trim() === '') close();
    else if (HEADING.test(line)) {
      close();
      single(start + LEAD.exec(line)![0].length, end, 'heading');
    } else if (ROW.test(line)) {
      close();
      if (!RULE_OF_ROWS.test(line)) single(start, end, 'row');
    } else {
      if (ITEM.test(line)) close();
      const own = trimmed(text, start + LEAD.exec(line)![0].length, end);
      if (own === undefined) continue;
      if (paragraph === undefined) paragraph = own;
      else paragraph.end = own.end;
    }
  }
  close();
  return blocks;
}

function trimmed(text: string, from: number, to: number): { start: number; end: number } | undefined {
  const slice = text.slice(from, to);
  const own = slice.trim();
  if (own === '') return undefined;
  const start = from + slice.indexOf(own);
  return { start, end: start + own.length };
}

import type { TextRange } from './find-quote.ts';
import { sentencesIn } from './text-sentences.ts';

/** A cell of a table, in UTF-16 units of its text; marks and white space around its words are not in it. */
export interface TableCell extends TextRange {
  readonly text: string;
}

/** A table in a text of Markdown. */
export interface TextTable extends TextRange {
  /** Of each column, rows of the header one behind the other. */
  readonly columns: readonly string[];
  /** Below the header. */
  readonly rows: readonly (readonly TableCell[])[];
  /** The paragraph directly above it; empty where there is none. */
  readonly caption: string;
  /** Headings above it in the text, outermost first. */
  readonly headings: readonly string[];
}

interface Line extends TextRange {
  readonly text: string;
}

const ROW = /^\s*\|.*\|\s*$/;
const RULE = /^\s*\|(?:\s*:?-+:?\s*\|)+\s*$/;

/** Tables with a header, in the order of the text. */
export function tablesIn(text: string): TextTable[] {
  if (!text.includes('|')) return [];
  const sentences = sentencesIn(text);
  const tables: TextTable[] = [];
  let block: Line[] = [];
  const close = (): void => {
    const rule = block.findIndex((line) => RULE.test(line.text));
    if (rule > 0 && rule + 1 < block.length) {
      const [start, end] = [block[0]!.start, block.at(-1)!.end];
      const header = block.slice(0, rule).map(cellsOf);
      const width = Math.max(...header.map((cells) => cells.length));
      const columns = Array.from({ length: width }, (_, column) => joined(header.map((cells) => cells[column]?.text ?? '')));
      const rows = block
        .slice(rule + 1)
        .filter((line) => !RULE.test(line.text))
        .map(cellsOf);
      const above = sentences.filter((sentence) => sentence.end <= start);
      const last = above.at(-1);
      const caption = last?.kind === 'prose' ? joined(above.filter(({ block: one }) => one === last.block).map(of)) : '';
      tables.push({ start, end, columns, rows, caption, headings: openHeadings(text, above) });
    }
    block = [];
  };
  const of = ({ start, end }: TextRange): string => text.slice(start, end);
  let place = 0;
  for (const line of text.split('\n')) {
    if (ROW.test(line)) block.push({ text: line, start: place, end: place + line.length });
    else close();
    place += line.length + 1;
  }
  close();
  return tables;
}

/** Headings that a place is below, outermost first. */
export function openHeadings(text: string, above: readonly (TextRange & { readonly kind: string })[]): readonly string[] {
  const open: { readonly level: number; readonly heading: string }[] = [];
  for (const { start, end, kind } of above) {
    if (kind !== 'heading') continue;
    const level = /#*\s*$/.exec(text.slice(0, start))![0].trim().length;
    while (open.length > 0 && open.at(-1)!.level >= level) open.pop();
    open.push({ level, heading: text.slice(start, end) });
  }
  return open.map(({ heading }) => heading);
}

function joined(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(' ');
}

function cellsOf({ text, start }: Line): TableCell[] {
  const cells: TableCell[] = [];
  let from = text.indexOf('|') + 1;
  for (let place = from; place < text.length; place++) {
    if (text[place] === '\\') place++;
    else if (text[place] === '|') {
      const raw = text.slice(from, place);
      const own = raw.trim();
      const begin = start + from + (own === '' ? 0 : raw.indexOf(own));
      cells.push({ text: own, start: begin, end: begin + own.length });
      from = place + 1;
    }
  }
  return cells;
}

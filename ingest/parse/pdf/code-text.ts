import { hasCjk } from './glyph-text.ts';
import type { PageStyle } from './page-style.ts';
import type { PdfLine } from './pdf-lines.ts';

/** Share of a line's characters in a typewriter's font, at least, to be a line of code. */
const MOST_OF_IT = 0.9;
/** Width of a typewriter's letters where a line does not tell, in font sizes. */
const CELL = 0.6;
/** Blank lines between two lines of code, at most. */
const MOST_BLANK = 3;

export function isCode(line: PdfLine): boolean {
  if (line.table !== undefined) return false;
  let [code, all] = [0, 0];
  for (const { text, monospace } of line.runs) {
    all += text.length;
    if (monospace) code += text.length;
  }
  return code >= MOST_OF_IT * all;
}

/** Whether a line stands below one of code as the next of it. */
export function continuesCode(last: PdfLine, line: PdfLine, style: PageStyle): boolean {
  if (Math.abs(last.fontSize - line.fontSize) > 0.6) return false;
  if (last.region !== line.region) return last.page !== line.page;
  const gap = line.baseline - last.baseline;
  return gap > 0 && gap <= (MOST_BLANK + 1.3) * style.leading(line.fontSize);
}

function cellWidth(lines: readonly PdfLine[]): number {
  const runs = lines.flatMap((line) => line.runs).filter(({ text, monospace }) => monospace && text.length > 1 && !hasCjk(text));
  const longest = runs.reduce((best, run) => (run.text.length > (best?.text.length ?? 0) ? run : best), runs[0]);
  return longest === undefined ? CELL * (lines[0]?.fontSize ?? 10) : (longest.right - longest.left) / longest.text.length;
}

/** Lines of code with their indentation and blank lines. */
export function codeText(lines: readonly PdfLine[], style: PageStyle): string {
  const cell = cellWidth(lines);
  const left = new Map<number, number>();
  for (const line of lines) left.set(line.page, Math.min(left.get(line.page) ?? Number.POSITIVE_INFINITY, line.left));
  const text: string[] = [];
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    const gap = before?.region === line.region ? line.baseline - before.baseline : 0;
    const blank = Math.min(MOST_BLANK, Math.max(0, Math.round(gap / style.leading(line.fontSize)) - 1));
    const indent = Math.round((line.left - (left.get(line.page) ?? line.left)) / cell);
    text.push(...Array.from({ length: blank }, () => ''), ' '.repeat(Math.min(200, Math.max(0, indent))) + line.text);
  }
  return text.join('\n');
}

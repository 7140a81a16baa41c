import type { Block } from '../../../../ingest/index.ts';
import { folded, type Section } from './text-agreement.ts';

/**
 * The text of `debian-reference.zh-cn.txt` and that of its PDF as sections, made comparable by these rules, which hold for both sides alike:
 * both begin at the preface (tables of contents and the list of tables, which only repeat, stand before it);
 * a heading is its title without number, since the two count otherwise (`1. 免责声明`, `免责声明`; `第 1 章`, `Chapter 1`);
 * tables stand behind all sections in their order, and behind them captions in that of their numbers, since in print tables float to pages with room, some into other sections,
 * and since the text has a caption above its table as `表 1.1. …`, the PDF below it as `Table 1.1: …`;
 * a table's text is its rows one after the other, cell by cell; lines that are drawn with characters, and bullets, are no text;
 * a reference to a section is its number alone, since only the text says its title as well (`第 1.2.3 节 “文件系统权限”`).
 */
const PREFACE = '序言';
const REFERENCE = /(第[\dA-Z.]+[节章])"[^"]*"/g;
const CAPTION = /^(?:表|Table)\s*([\d.]+\d)[.:：]\s*(.*)$/su;

class Sections {
  readonly #sections: Section[] = [];
  readonly #captions: { number: readonly number[]; text: string }[] = [];
  readonly #tables: string[] = [];
  #title = '';
  #text: string[] = [];

  heading(title: string): void {
    this.#end();
    this.#title = folded(title);
  }

  text(text: string): void {
    const [, number, title = ''] = CAPTION.exec(text.trim()) ?? [];
    if (number === undefined) this.#text.push(folded(text));
    else this.#captions.push({ number: number.split('.').map(Number), text: folded(`${number} ${title}`) });
  }

  table(text: string): void {
    this.#tables.push(folded(text));
  }

  all(): Section[] {
    this.#end();
    this.#captions.sort((a, b) => (a.number[0] ?? 0) - (b.number[0] ?? 0) || (a.number[1] ?? 0) - (b.number[1] ?? 0));
    return [
      ...this.#sections,
      { title: 'tables', text: this.#tables.join('') },
      { title: 'captions', text: this.#captions.map(({ text }) => text).join('') },
    ];
  }

  #end(): void {
    const text = this.#text.join('').replace(REFERENCE, '$1');
    if (this.#title !== '') this.#sections.push({ title: this.#title, text });
    [this.#title, this.#text] = ['', []];
  }
}

const TITLE_NUMBER = /^(?:第\s\d+\s章|Chapter \d+|附录\sA\.|Appendix A|\d+(?:\.\d+)*\.?(?=\s)|A\.\d+\.?)\s+/u;

/** Sections of the PDF's blocks. */
export function blockSections(blocks: readonly Block[]): Section[] {
  const sections = new Sections();
  const start = blocks.findIndex(({ kind, text }) => kind === 'heading' && text === PREFACE);
  for (const { kind, text, table } of blocks.slice(start)) {
    if (kind === 'heading') sections.heading(text.replace(TITLE_NUMBER, ''));
    else if (table === undefined) sections.text(text);
    else sections.table(table.rows.flat().join(''));
  }
  return sections.all();
}

/** Columns on a terminal: Chinese characters and their punctuation take two. */
function columns(text: string): string[] {
  const cells: string[] = [];
  for (const character of text) {
    cells.push(character);
    if (
      /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/u.test(
        character,
      )
    )
      cells.push('');
  }
  return cells;
}

/** The rows of a table that is drawn with characters; lines of dashes divide them. */
function drawnTable(lines: readonly string[]): string {
  const cells: string[][] = [];
  let row: string[] | undefined;
  // Lines above and below the header have no marks where columns meet.
  const borders = lines
    .filter((line) => /^[+|]-[-+]*[+|]$/.test(line))
    .map((line) => [...line].flatMap((character, index) => (character === '-' ? [] : [index])))
    .reduce((most, each) => (each.length > most.length ? each : most), []);
  for (const line of lines) {
    if (/^[+|]-[-+]*[+|]$/.test(line)) {
      row = undefined;
      continue;
    }
    if (row === undefined) {
      row = [];
      cells.push(row);
    }
    const parts = line.slice(1, -1).split('|');
    const places = columns(line);
    const texts =
      parts.length === borders.length - 1
        ? parts
        : borders.slice(1).map((end, index) => places.slice((borders[index] ?? 0) + 1, end).join(''));
    for (const [index, text] of texts.entries()) row[index] = `${row[index] ?? ''} ${text}`;
  }
  return cells.flat().join('');
}

/** Sections of the text file. */
export function textSections(text: string): Section[] {
  const all = text.split('\n');
  const first = all.lastIndexOf(PREFACE);
  const sections = new Sections();
  const lines = all.slice(first);
  for (let index = 0; index < lines.length; ) {
    const line = lines[index] ?? '';
    let end = index + 1;
    if (line === '目录') {
      // Of the preface: it ends with the first empty line after its entries.
      end += 1;
      while (lines[end]?.trim() !== '') end += 1;
    } else if (line === PREFACE || (TITLE_NUMBER.test(line) && /^\S/.test(line))) {
      while (lines[end]?.trim() !== '') end += 1;
      sections.heading(lines.slice(index, end).join('').replace(TITLE_NUMBER, ''));
    } else if (/^\s*[+]-/.test(line)) {
      while (end < lines.length && (end === index + 1 || !/^\s*[+]-/.test(lines[end - 1] ?? ''))) end += 1;
      sections.table(drawnTable(lines.slice(index, end).map((each) => each.trim())));
    } else if (line.trim() !== '' && !/^-{20,}$/.test(line)) {
      // A paragraph, so that a caption or a reference that is broken over lines is whole.
      while ((lines[end] ?? '').trim() !== '' && !/^\s*[+]-/.test(lines[end] ?? '')) end += 1;
      sections.text(
        lines
          .slice(index, end)
          .join('\n')
          .replace(/^\s*[*+]\s/, ''),
      );
    }
    index = end;
  }
  return sections.all();
}

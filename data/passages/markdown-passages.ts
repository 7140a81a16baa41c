/** A part of a Markdown file that can be read by itself. */
export interface MarkdownPassage {
  /** The headings that it stands under, outermost first, joined by ` > `; empty above the first heading. */
  readonly title: string;
  readonly text: string;
}

export interface PassageLengths {
  /** Characters; shorter sections are joined with their neighbours, and what stays shorter is left out. */
  readonly shortest: number;
  /** Characters; longer sections are cut between paragraphs, else lines, else words. */
  readonly longest: number;
}

interface Section {
  readonly headings: readonly string[];
  readonly lines: string[];
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$/;
/** Underline of a heading: `=` for the first level, `-` for the second. */
const UNDERLINE = /^ {0,3}(=+|-{2,})[ \t]*$/;
/** Lines without words of their own: link definitions, and lines of nothing but images, badges and HTML tags. */
const LINK_DEFINITION = /^ {0,3}\[[^\]]+\]:\s*\S+/;
const ORNAMENT = /^(?:\s|&nbsp;|<[^<>]*>|\[?!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])(?:\]?(?:\([^)]*\)|\[[^\]]*\]))?)+$/;

/** Cuts Markdown at its headings into passages of some paragraphs, in order. */
export function markdownPassages(markdown: string, lengths: PassageLengths): MarkdownPassage[] {
  const pieces = sections(markdown).flatMap(({ headings, lines }) => {
    const title = headings.filter((heading) => heading !== '').join(' > ');
    const text = lines
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim();
    return text === '' ? [] : cut(text, lengths.longest).map((piece) => ({ title, text: piece }));
  });
  return joinShort(pieces, lengths).filter(({ text }) => text.length >= lengths.shortest);
}

/** Headings inside fenced code are code; comments are left out. */
function sections(markdown: string): Section[] {
  let current: Section = { headings: [], lines: [] };
  const found = [current];
  const open = (level: number, heading: string): void => {
    const above = Array.from({ length: level - 1 }, (_, index) => current.headings[index] ?? '');
    current = { headings: [...above, plainHeading(heading)], lines: [] };
    found.push(current);
  };
  let fence: string | undefined;
  for (const line of markdown.replace(/^\uFEFF|<!--[\s\S]*?-->/g, '').split(/\r?\n/)) {
    const mark = FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
      current.lines.push(line);
      continue;
    }
    if (mark !== undefined) {
      fence = mark;
      current.lines.push(line);
      continue;
    }
    const heading = HEADING.exec(line);
    if (heading) {
      open(heading[1]!.length, heading[2]!);
      continue;
    }
    const underline = UNDERLINE.exec(line);
    const before = current.lines.at(-1)?.trim() ?? '';
    if (underline && before !== '' && !/^[-*+>|]/.test(before)) {
      current.lines.pop();
      open(underline[1]!.startsWith('=') ? 1 : 2, before);
      continue;
    }
    if (line.trim() === '' || !(LINK_DEFINITION.test(line) || ORNAMENT.test(line))) current.lines.push(line);
  }
  return found;
}

/** A heading's words: no tags, images, link targets or code marks. */
function plainHeading(heading: string): string {
  return heading
    .replace(/<[^<>]*>/g, '')
    .replace(/!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])/g, '')
    .replace(/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/[`*]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Pieces of at most `longest` characters, cut as coarsely as that allows. */
function cut(text: string, longest: number): string[] {
  let parts = [text];
  for (const border of ['\n\n', '\n', ' ']) {
    parts = parts.flatMap((part) => (part.length <= longest ? [part] : fill(part.split(border), border, longest)));
  }
  return parts.flatMap((part) => (part.length <= longest ? [part] : (part.match(new RegExp(`.{1,${longest}}`, 'gsu')) ?? [])));
}

/** Joins neighbours while they fit. */
function fill(parts: readonly string[], border: string, longest: number): string[] {
  const filled: string[] = [];
  for (const part of parts) {
    const last = filled.at(-1);
    if (last !== undefined && last.length + border.length + part.length <= longest)
      filled[filled.length - 1] = last + border + part;
    else filled.push(part);
  }
  return filled.map((part) => part.trim()).filter((part) => part !== '');
}

/** Joins a piece to the one before it when either is short and both fit; its own heading becomes a line of the text. */
function joinShort(pieces: readonly MarkdownPassage[], { shortest, longest }: PassageLengths): MarkdownPassage[] {
  const joined: MarkdownPassage[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last !== undefined && Math.min(last.text.length, piece.text.length) < shortest) {
      const heading = piece.title === last.title ? '' : `${piece.title.split(' > ').at(-1) ?? ''}\n\n`;
      const text = `${last.text}\n\n${heading}${piece.text}`;
      if (text.length <= longest) {
        joined[joined.length - 1] = { title: last.title || piece.title, text };
        continue;
      }
    }
    joined.push(piece);
  }
  return joined;
}

import { type CompileContext, type Extension, fromMarkdown, type Token } from 'mdast-util-from-markdown';
import { frontmatter } from 'micromark-extension-frontmatter';

type Root = ReturnType<typeof fromMarkdown>;
type Block = Root['children'][number];
type Heading = Extract<Block, { type: 'heading' }>;
type Inline = Heading['children'][number];

/** Places of a source, UTF-16 units: from `start` up to and without `end`. */
interface SourceRange {
  readonly start: number;
  readonly end: number;
}

/** What stands under one heading, up to the next. */
export interface MarkdownSection {
  /** Words of the headings that it stands under, outermost first; empty strings where a level was left out. */
  readonly headings: readonly string[];
  /** Parts of the source in order, which joined are the section's text. Each is one stretch: character `i` of the text's part stands at `start + i` of the source. */
  readonly parts: readonly SourceRange[];
}

/** Characters before a nested block that are looked at. */
const LONGEST_INDENTATION = 100;

/** A node for the tokens of front matter, which CommonMark does not know, so that it can be left out. */
export const frontMatterNode: Extension = {
  enter: { yaml: enterFrontMatter, toml: enterFrontMatter },
  exit: { yaml: exitFrontMatter, toml: exitFrontMatter },
};

function enterFrontMatter(this: CompileContext, token: Token): void {
  this.enter({ type: 'yaml', value: '' }, token);
}

function exitFrontMatter(this: CompileContext, token: Token): void {
  this.exit(token);
}

/**
 * The sections of a Markdown file, by its headings (CommonMark 0.31; those inside quotations and lists part nothing), with front matter in YAML or TOML. Left out are the headings themselves, front matter,
 * comments, link definitions, and lines of nothing but images, badges and tags.
 */
export function markdownSections(markdown: string): MarkdownSection[] {
  const { children } = fromMarkdown(markdown, {
    extensions: [frontmatter(['yaml', 'toml'])],
    mdastExtensions: [frontMatterNode],
  });
  let headings: readonly string[] = [];
  let start = 0;
  let omitted: SourceRange[] = [];
  const sections: MarkdownSection[] = [];
  const close = (end: number): void => {
    sections.push({ headings, parts: keptParts(markdown, { start, end }, omitted) });
    omitted = [];
  };
  for (const block of children) {
    const range = rangeOf(block);
    if (block.type !== 'heading') {
      omitted.push(...omittedOf(block, markdown));
      continue;
    }
    close(range.start);
    headings = [...Array.from({ length: block.depth - 1 }, (_, level) => headings[level] ?? ''), wordsOf(block)];
    start = range.end;
  }
  close(markdown.length);
  return sections;
}

/** A heading's words: of links their text, of code its content, no images and tags. */
function wordsOf(heading: Heading): string {
  let words = '';
  for (const node of within(heading)) {
    if (node.type === 'text' || node.type === 'inlineCode') words += node.value;
    else if (node.type === 'break') words += ' ';
  }
  return words.replace(/\s+/g, ' ').trim();
}

/** A node and all nodes inside it, in the order of the source. No recursion, since Markdown nests as deep as it likes. */
function* within(node: Block | Inline): Generator<Block | Inline> {
  const waiting: (Block | Inline)[] = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next;
    if ('children' in next) waiting.push(...([...next.children].reverse() as (Block | Inline)[]));
  }
}

/** The stretches of a block that are no text of it. Of blocks inside quotations and lists, tags and comments. */
function omittedOf(block: Block, markdown: string): SourceRange[] {
  if (block.type === 'yaml' || block.type === 'definition') return [rangeOf(block)];
  if (block.type === 'paragraph') return [...ornamentsOf(block, markdown), ...commentsWithin(block, markdown)];
  const waiting: Block[] = [block];
  const omitted: SourceRange[] = [];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.type === 'html') omitted.push(...omittedHtml(rangeOf(next), markdown));
    else if (next.type === 'paragraph' || next.type === 'heading') omitted.push(...commentsWithin(next, markdown));
    else if ('children' in next) waiting.push(...(next.children as Block[]));
  }
  return omitted;
}

/** What is left out of an HTML block: all of it when it has no words, else comments and lines without words. */
function omittedHtml(range: SourceRange, markdown: string): SourceRange[] {
  const comments = commentsIn(markdown, range);
  if (isBlank(withoutTags(without(markdown, range, comments)))) return [range, ...comments];
  return [...comments, ...ornamentLines(markdown, range, (line) => isOrnament(without(markdown, line, comments)))];
}

/** Lines of a paragraph that are nothing but images, badges and tags. */
function ornamentsOf(paragraph: Extract<Block, { type: 'paragraph' }>, markdown: string): SourceRange[] {
  const ornaments = paragraph.children.filter(isOrnamentNode).map(rangeOf);
  if (ornaments.length === 0) return [];
  return ornamentLines(markdown, rangeOf(paragraph), (line) => isBlank(without(markdown, line, ornaments)));
}

function commentsWithin(block: Block, markdown: string): SourceRange[] {
  return [...within(block)].flatMap((node) => (node.type === 'html' ? commentsIn(markdown, rangeOf(node)) : []));
}

/** Comments that begin in HTML. They end where HTML ends them, which may be in a later block, or else with their own. */
function commentsIn(markdown: string, { start, end }: SourceRange): SourceRange[] {
  const comments: SourceRange[] = [];
  const pattern = /<!--(?:-?>|[\s\S]*?-->)?/g;
  pattern.lastIndex = start;
  for (let match = pattern.exec(markdown); match !== null && match.index < end; match = pattern.exec(markdown)) {
    const closed = match[0] !== '<!--';
    comments.push({ start: match.index, end: closed ? pattern.lastIndex : end });
    if (!closed) break;
  }
  return comments;
}

/** Images, tags, and links around nothing else. */
function isOrnamentNode(node: Inline): boolean {
  if (node.type === 'image' || node.type === 'imageReference' || node.type === 'html') return true;
  if (node.type !== 'link' && node.type !== 'linkReference') return false;
  return node.children.every((child) => isOrnamentNode(child) || (child.type === 'text' && child.value.trim() === ''));
}

/** Whether a line of an HTML block shows no words: badges that stand there are meant as such, though no parser may read them. */
function isOrnament(line: string): boolean {
  if (isBlank(line)) return false;
  // Indented by four spaces it would be code.
  const words = line.trim();
  return fromMarkdown(words).children.every((block) => {
    if (block.type === 'html') return isBlank(withoutTags(block.value));
    if (block.type !== 'paragraph') return block.type === 'definition';
    return isBlank(without(words, rangeOf(block), block.children.filter(isOrnamentNode).map(rangeOf)));
  });
}

/** What is left of a range when others, in order, are taken out. */
function without(markdown: string, { start, end }: SourceRange, others: readonly SourceRange[]): string {
  let position = start;
  let rest = '';
  for (const other of others) {
    if (other.end <= position || other.start >= end) continue;
    rest += markdown.slice(position, Math.max(position, other.start));
    position = other.end;
  }
  return rest + markdown.slice(Math.min(position, end), end);
}

function withoutTags(html: string): string {
  return html.replace(/<[^<>]*>/g, '');
}

function isBlank(text: string): boolean {
  return text.replaceAll('&nbsp;', '').trim() === '';
}

/** Lines of a block, with their ends, of which a test says that they show nothing; blank ones stay. */
function ornamentLines(markdown: string, { start, end }: SourceRange, test: (line: SourceRange) => boolean): SourceRange[] {
  const lines: SourceRange[] = [];
  for (let from = start; from < end; ) {
    const newline = markdown.indexOf('\n', from);
    const to = newline < 0 || newline >= end ? end : newline;
    const line = { start: from - indentationBefore(markdown, from), end: to };
    if (!isBlank(markdown.slice(from, to)) && test(line))
      lines.push({ start: line.start, end: Math.min(to + 1, markdown.length) });
    from = to + 1;
  }
  return lines;
}

/** White space between a place and the beginning of its line, when nothing else stands there. */
function indentationBefore(markdown: string, place: number): number {
  const before = /(?:^|\n)([ \t]*)$/.exec(markdown.slice(Math.max(0, place - LONGEST_INDENTATION), place));
  return before?.[1]?.length ?? 0;
}

/** What is left of a range, without the carriage returns at ends of lines and the third and further line end in a row. */
function keptParts(markdown: string, { start, end }: SourceRange, omitted: readonly SourceRange[]): SourceRange[] {
  const parts: SourceRange[] = [];
  const leftOut = [...omitted].sort((a, b) => a.start - b.start);
  let newlines = 0;
  let from = start;
  let next = 0;
  const flush = (to: number): void => {
    if (to > from) parts.push({ start: from, end: to });
  };
  for (let position = start; position < end; ) {
    while (next < leftOut.length && leftOut[next]!.end <= position) next += 1;
    const skip = leftOut[next];
    if (skip !== undefined && skip.start <= position) {
      flush(position);
      position = Math.min(skip.end, end);
      from = position;
      continue;
    }
    const character = markdown[position]!;
    const dropped = character === '\n' ? newlines === 2 : character === '\r' && markdown[position + 1] === '\n';
    if (dropped) {
      flush(position);
      from = position + 1;
    } else newlines = character === '\n' ? newlines + 1 : 0;
    position += 1;
  }
  flush(end);
  return parts;
}

function rangeOf(node: Block | Inline): SourceRange {
  const { start, end } = node.position!;
  return { start: start.offset!, end: end.offset! };
}

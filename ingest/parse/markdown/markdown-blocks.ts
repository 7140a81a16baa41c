import type { fromMarkdown } from 'mdast-util-from-markdown';
import { parsePage } from '../../../data/index.ts';
import type { Block } from '../block.ts';
import { type BlockPlace, BlockWriter } from '../block-writer.ts';
import { bodyOf, isHidden, writeHtmlBlocks } from '../html/index.ts';
import { joinLines } from '../prose.ts';

type Root = ReturnType<typeof fromMarkdown>;
type Node = Root['children'][number];
type Paragraph = Extract<Node, { type: 'paragraph' }>;
type Inline = Paragraph['children'][number];

/** Where a node stands. */
interface Around {
  readonly quote: boolean;
  /** Lists around it. */
  readonly depth: number;
}

/** The blocks of a Markdown file. Headings inside quotations and lists are text of these, since they part nothing. */
export function markdownBlocks(tree: Root, source: string, path: string): readonly Block[] {
  const writer = new BlockWriter(source);
  const definitions = new Map<string, string>();
  for (const node of tree.children)
    if (node.type === 'definition' && !definitions.has(node.identifier)) definitions.set(node.identifier, node.url);
  const write = new MarkdownWriter(writer, source, path, definitions);
  for (const node of tree.children) write.node(node, { quote: false, depth: 0 });
  return writer.blocks;
}

class MarkdownWriter {
  readonly #writer: BlockWriter;
  readonly #source: string;
  readonly #path: string;
  /** Addresses by the names that references to pictures use. */
  readonly #definitions: ReadonlyMap<string, string>;

  constructor(writer: BlockWriter, source: string, path: string, definitions: ReadonlyMap<string, string>) {
    this.#writer = writer;
    this.#source = source;
    this.#path = path;
    this.#definitions = definitions;
  }

  node(node: Node, around: Around): void {
    switch (node.type) {
      case 'heading':
        if (around.quote || around.depth > 0) this.#prose([node], around);
        else this.#writer.heading(node.depth, joinLines(wordsOf(node.children).join(' ')), placeOf(node));
        break;
      case 'paragraph':
        this.#prose([node], around);
        break;
      case 'code':
        this.#writer.add('code', node.value, placeOf(node), { codeLanguage: node.lang ?? undefined });
        break;
      case 'html':
        this.#html(node);
        break;
      case 'table':
        this.#writer.table(
          node.children.map((row) => row.children.map((cell) => joinLines(wordsOf(cell.children).join(' ')))),
          1,
          placeOf(node),
        );
        break;
      case 'blockquote':
        for (const child of node.children) this.node(child, { ...around, quote: true });
        break;
      case 'list':
        for (const item of node.children) this.#item(item.children, { ...around, depth: around.depth + 1 });
        break;
      case 'footnoteDefinition':
        for (const child of node.children) this.node(child, around);
        break;
    }
  }

  /** Paragraphs of an item that follow each other are one block. */
  #item(children: readonly Node[], around: Around): void {
    let prose: Node[] = [];
    for (const child of children) {
      if (child.type === 'paragraph' || child.type === 'heading') {
        prose.push(child);
        continue;
      }
      this.#prose(prose, around);
      prose = [];
      this.node(child, around);
    }
    this.#prose(prose, around);
  }

  #prose(nodes: readonly Node[], { quote, depth }: Around): void {
    const texts = nodes.filter((node) => node.type === 'paragraph' || node.type === 'heading');
    if (texts.length === 0) return;
    const pictures = texts.flatMap(({ children }) => this.#picturesOf(children));
    if (pictures.length > 0 && texts.every(({ children }) => children.every(isPictureOrBlank))) {
      for (const { alt, place, reference } of pictures)
        this.#writer.add('figure', joinLines(alt), place, reference === '' ? {} : { figure: { reference } });
      return;
    }
    const lines = texts.flatMap(({ children }) => wordsOf(children).map(joinLines)).filter((line) => line !== '');
    const place = { units: { start: startOf(texts[0]!), end: endOf(texts.at(-1)!) } };
    const kind = quote ? 'quote' : depth > 0 ? 'list-item' : 'paragraph';
    this.#writer.add(kind, lines.join('\n'), place, kind === 'list-item' ? { level: depth } : {});
    for (const { alt, reference } of pictures) {
      const words = joinLines(alt);
      if (reference !== '')
        this.#writer.add('figure', '', {}, { figure: { reference, inline: true, ...(words !== '' && { alt: words }) } });
    }
  }

  #picturesOf(nodes: readonly Inline[]): Picture[] {
    return nodes.flatMap((node) => {
      if (node.type === 'image') return [{ alt: node.alt ?? '', place: placeOf(node), reference: node.url }];
      if (node.type === 'imageReference')
        return [{ alt: node.alt ?? '', place: placeOf(node), reference: this.#definitions.get(node.identifier) ?? '' }];
      return 'children' in node ? this.#picturesOf(node.children) : [];
    });
  }

  /** What HTML shows; its places are known where it stands in the file as it is, without marks of quotations before its lines. */
  #html(node: Extract<Node, { type: 'html' }>): void {
    const start = startOf(node);
    const isWhole = this.#source.slice(start, endOf(node)) === node.value;
    const body = bodyOf(parsePage(node.value, this.#path, { places: true }));
    if (body !== undefined) writeHtmlBlocks(body, isHidden, { writer: this.#writer, offset: isWhole ? start : undefined });
  }
}

/** The lines of inline content, parted at hard breaks: of links their text, of pictures what stands for them, no tags. */
function wordsOf(nodes: readonly Inline[]): string[] {
  const lines = [''];
  const add = (text: string): void => {
    lines[lines.length - 1] += text;
  };
  const visit = (node: Inline): void => {
    if (node.type === 'text' || node.type === 'inlineCode') add(node.value);
    else if (node.type === 'break' || (node.type === 'html' && /^<br\b/i.test(node.value))) lines.push('');
    else if (node.type === 'image' || node.type === 'imageReference') add(` ${node.alt ?? ''} `);
    else if ('children' in node) node.children.forEach(visit);
  };
  nodes.forEach(visit);
  return lines;
}

function isPictureOrBlank(node: Inline): boolean {
  if (node.type === 'image' || node.type === 'imageReference' || node.type === 'html' || node.type === 'break') return true;
  if (node.type === 'text') return node.value.trim() === '';
  return (node.type === 'link' || node.type === 'linkReference') && node.children.every(isPictureOrBlank);
}

interface Picture {
  readonly alt: string;
  readonly place: BlockPlace;
  /** Its address; empty where its definition is missing. */
  readonly reference: string;
}

function placeOf(node: Node | Inline): BlockPlace {
  return { units: { start: startOf(node), end: endOf(node) } };
}

function startOf(node: Node | Inline): number {
  return node.position!.start.offset!;
}

function endOf(node: Node | Inline): number {
  return node.position!.end.offset!;
}

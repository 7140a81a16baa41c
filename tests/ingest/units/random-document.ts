import { RandomNumbers } from '../../../base/index.ts';
import type { Block, BlockKind, ParsedDocument } from '../../../ingest/index.ts';

const ENGLISH =
  'the system reads compressed bytes and a reader finds long units of text between headings while tables keep their values together'.split(
    ' ',
  );
const CHINESE = [...'本法所称合同是民事主体之间设立变更终止民事法律关系的协议当事人应当遵循公平原则确定各方的权利和义务'];

/** What a block says in how many sentences, rows or lines; each has a mark of its own, `b7x0` for the first of block 7, which is found in no other. */
const markOf = (block: number, part: number): string => `b${block}x${part}`;

/** A document of random blocks: nested headings, lists, quotes, code with fences in it, tables with and without header rows, captions above and below, figures with and without words; some blocks larger than a unit. */
export function randomDocument(seed: number, blockCount: number): ParsedDocument & { readonly parts: readonly number[] } {
  const random = new RandomNumbers(seed, 'documents of blocks');
  const isChinese = random.uniform() < 0.5;
  const sentence = (mark: string): string => {
    const length = 3 + random.integer(20);
    const words = Array.from({ length }, () =>
      isChinese ? CHINESE[random.integer(CHINESE.length)]! : ENGLISH[random.integer(ENGLISH.length)]!,
    );
    return isChinese ? `${mark}号${words.join('')}。` : `${mark[0]!.toUpperCase()}${mark.slice(1)} ${words.join(' ')}.`;
  };
  const blocks: Block[] = [];
  const parts: number[] = [];
  const path: { level: number; text: string }[] = [];
  let [place, page] = [0, 1];
  const add = (kind: BlockKind, partCount: number, fields: (marks: readonly string[]) => Partial<Block>): void => {
    const marks = Array.from({ length: partCount }, (_, part) => markOf(blocks.length, part));
    const given = { text: '', ...fields(marks) };
    const length = Buffer.byteLength(given.text);
    const pages = { first: page, last: page + (random.uniform() < 0.1 ? 1 : 0) };
    page = pages.last;
    if (kind === 'heading') while (path.length > 0 && path.at(-1)!.level >= given.level!) path.pop();
    const span = { start: place, end: place + length };
    place += length + 2;
    blocks.push({ kind, headings: path.map(({ text }) => text), pages, span, ...given });
    parts.push(partCount);
    if (kind === 'heading') path.push({ level: given.level!, text: given.text });
  };
  const caption = (): void => add('caption', 1, ([mark]) => ({ text: isChinese ? `表 ${mark}号` : `Table: ${mark} says.` }));
  const prose = (kind: BlockKind, extra: Partial<Block> = {}): void =>
    add(kind, random.uniform() < 0.03 ? 120 : 1 + random.integer(5), (marks) => ({
      text: marks.map(sentence).join(isChinese ? '' : ' '),
      ...extra,
    }));
  const table = (): void => {
    const [rows, columns] = [random.uniform() < 0.1 ? 100 : 1 + random.integer(6), 1 + random.integer(4)];
    const headerRows = random.integer(3);
    add('table', rows + headerRows, (marks) => {
      const cells = marks.map((mark) => Array.from({ length: columns }, (_, column) => (column === 0 ? mark : `| ${column}`)));
      return { text: cells.map((row) => row.join('\t')).join('\n'), table: { rows: cells, headerRows } };
    });
  };
  const code = (): void =>
    add('code', random.uniform() < 0.1 ? 150 : 1 + random.integer(6), (marks) => ({
      text: marks.map((mark) => `\`\`\`\`${mark}  = value`).join('\n'),
      codeLanguage: 'ts',
    }));
  while (blocks.length < blockCount) {
    const kind = random.integer(12);
    if (kind === 0) add('heading', 1, ([mark]) => ({ text: `Heading ${mark}`, level: 1 + random.integer(3) }));
    else if (kind < 5) prose('paragraph');
    else if (kind === 5) prose('quote');
    else if (kind < 8) prose('list-item', { level: 1 + random.integer(3) });
    else if (kind === 8) code();
    else if (kind === 9) add('figure', random.integer(2), ([mark]) => ({ text: mark ?? '' }));
    else if (kind === 10) {
      caption();
      table();
    } else {
      table();
      if (random.uniform() < 0.5) caption();
    }
  }
  return { blocks, parts };
}

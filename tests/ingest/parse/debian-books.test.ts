import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Block, ParsedDocument } from '../../../ingest/index.ts';
import { htmlParser } from '../../../ingest/parse/html/html-parser.ts';
import { textParser } from '../../../ingest/parse/text/text-parser.ts';
import { assertDocuments } from '../../contracts/parser.ts';
import { books, helpPages } from './debian-books.ts';

const test = suite('books of Debian, as pages and as text');

/** Without white space, and without the addresses that the text has behind its links, which the pages have in them. */
function folded(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\s+/g, '')
    .replace(/[(<](?:https?:|ftp:|mailto:|[\w.-]+@)[^()<>]*[)>]/g, '');
}

const blocksOf = async (pages: readonly string[]): Promise<Block[]> => {
  const documents = await Promise.all(pages.map((path) => htmlParser.parse({ path, bytes: readFileSync(path) })));
  return documents.flat().flatMap(({ blocks }: ParsedDocument) => blocks);
};

const headingsOf = (blocks: readonly Block[]): string[] =>
  blocks.filter(({ kind }) => kind === 'heading').map(({ text }) => folded(text));

/** Tables are drawn in the text, with lines broken in their cells; pictures are not there. */
const proseOf = (blocks: readonly Block[]): string[] =>
  blocks
    .filter(({ kind }) => ['paragraph', 'list-item', 'code', 'caption', 'quote'].includes(kind))
    .map(({ text }) => folded(text));

/** Share of the characters of these texts that stand, each text in one piece, in another. */
function shareFound(texts: readonly string[], whole: string): number {
  const all = texts.reduce((sum, text) => sum + text.length, 0);
  const found = texts.reduce((sum, text) => sum + (whole.includes(text) ? text.length : 0), 0);
  return found / all;
}

for (const book of books()) {
  test(`${book.name}: the pages' headings and texts are those of the text`, async () => {
    const text = folded(book.text);
    const blocks = await blocksOf(book.pages);
    const headings = headingsOf(blocks);
    assert.ok(headings.length > 150, `${headings.length} headings`);
    const found = headings.filter((heading) => text.includes(heading)).length;
    assert.ok(found >= 0.99 * headings.length, `${found} of ${headings.length} headings`);
    const share = shareFound(proseOf(blocks), text);
    assert.ok(share >= 0.99, `${share} of the pages' text is in the text`);
  });

  test(`${book.name}: the text's headings and paragraphs are those of the pages`, async () => {
    const pages = await blocksOf(book.pages);
    const [document] = await textParser.parse({ path: 'book.txt', bytes: Buffer.from(book.text) });
    const headings = headingsOf(document!.blocks);
    const real = new Set(headingsOf(pages));
    assert.equal(
      headings.filter((heading) => !real.has(heading)),
      [],
    );
    assert.ok(new Set(headings).size >= 0.95 * real.size, `${headings.length} of ${real.size} headings`);
    // Beside what is in the pages' tables: title page, licence and table of contents, which the pages have in their own ways.
    const share = shareFound(
      proseOf(document!.blocks.filter(({ kind }) => kind !== 'code')),
      folded(pages.map(({ text }) => text).join('')),
    );
    assert.ok(share >= 0.96, `${share} of the text is in the pages`);
  });
}

const help = helpPages();
if (help.length > 0)
  test('every twentieth page of a help with 2,600 keeps the contract, and has text', async () => {
    const pages = help.filter((_, index) => index % 20 === 0);
    assert.ok(pages.length > 100);
    let empty = 0;
    for (const path of pages) {
      const file = { path, bytes: readFileSync(path) };
      const documents = await htmlParser.parse(file);
      assertDocuments(documents, file);
      if (documents[0]!.blocks.length < 2) empty += 1;
    }
    assert.ok(empty <= 0.02 * pages.length, `${empty} of ${pages.length} pages are next to empty`);
  });

test.run();

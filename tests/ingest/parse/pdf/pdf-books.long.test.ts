import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ParsedDocument } from '../../../../ingest/index.ts';
import { headingsOf } from '../../../../ingest/parse/pdf/headings.ts';
import { pdfParser, readPdfLines } from '../../../../ingest/parse/pdf/index.ts';
import { pageStyleOf } from '../../../../ingest/parse/pdf/page-style.ts';
import { wholePdf } from '../../../../ingest/parse/pdf/read-pdf.ts';
import { assertDocuments } from '../../../contracts/parser.ts';
import { bookFile } from '../../books.ts';
import { blockSections, textSections } from './book-sections.ts';
import { agreementOf, folded, matchTitles } from './text-agreement.ts';

const test = suite('PDF of real books');

async function parse(path: string): Promise<ParsedDocument> {
  const file = { path, bytes: new Uint8Array(readFileSync(path)) };
  const documents = await pdfParser.parse(file);
  assertDocuments(documents, file);
  return documents[0]!;
}

test('the Debian reference in Chinese: its text is that of the text file, its headings are found', async () => {
  const pdf = bookFile('usr/share/debian-reference/debian-reference.zh-cn.pdf');
  if (pdf === undefined) return;
  const document = await parse(pdf);
  assert.is(document.title, 'Debian 参考手册');
  const text = textSections(readFileSync(pdf.replace(/pdf$/, 'txt'), 'utf8'));
  const blocks = blockSections(document.blocks);
  const agreement = agreementOf(text, blocks);
  const [ofText, ofPdf] = [agreement.common / agreement.first, agreement.common / agreement.second];
  // The last two sections hold tables and captions.
  const titles = text.slice(0, -2).map(({ title }) => title);
  const found = matchTitles(
    titles,
    blocks.slice(0, -2).map(({ title }) => title),
  );
  console.log(
    `debian-reference.zh-cn: ${(100 * ofText).toFixed(2)} % of the text's characters, ${(100 * ofPdf).toFixed(2)} % of the PDF's, ${found.length} of ${titles.length} headings`,
  );
  assert.ok(ofText >= 0.98, `${ofText} of the text file's characters`);
  assert.ok(ofPdf >= 0.98, `${ofPdf} of the PDF's characters`);
  assert.ok(found.length >= 0.95 * titles.length);
  // Nothing but headings is one: what the text does not have stands in no section of its own.
  assert.ok(blocks.length <= 1.05 * text.length);
  for (const { text: shown } of document.blocks) assert.not.match(shown, /\d+ \/ 223$/, 'a page number');
});

test('headings are found by their letters where a file has no outline', async () => {
  const pdf = bookFile('usr/share/debian-reference/debian-reference.zh-cn.pdf');
  if (pdf === undefined) return;
  const { lines, outline } = await readPdfLines({ path: pdf, bytes: new Uint8Array(readFileSync(pdf)) });
  const style = pageStyleOf(lines);
  const starts = new Set(headingsOf(lines, style, []).map(({ start }) => start));
  const wanted = headingsOf(lines, style, outline);
  const found = wanted.filter(({ start }) => starts.has(start));
  console.log(
    `debian-reference.zh-cn: ${found.length} of ${wanted.length} headings without the outline, ${starts.size - found.length} more`,
  );
  assert.ok(found.length >= 0.95 * wanted.length);
  assert.ok(starts.size - found.length <= 0.05 * wanted.length);
});

test('the Debian FAQ in English: the headings of its text file, words whole, headers gone', async () => {
  const pdf = bookFile('usr/share/doc/debian/FAQ/debian-faq.en.pdf');
  if (pdf === undefined) return;
  const document = await parse(pdf);
  assert.is(document.title, 'The Debian GNU/Linux FAQ');
  const text = readFileSync(pdf.replace(/pdf$/, 'txt'), 'utf8');
  // `1.1. What is this FAQ?` at the start of a line, to the next empty one; the table of contents is indented.
  const titles = [...text.slice(text.search(/\nChapter\s1\.\s/)).matchAll(/^\d+(?:\.\d+)+\.\s+(.+?)\n\n/gmsu)].map(
    ([, title = '']) => folded(title),
  );
  const headings = document.blocks
    .filter(({ kind }) => kind === 'heading')
    .map((block) => folded(block.text.replace(/^[\d.]+\s/, '')));
  const found = matchTitles(titles, headings);
  console.log(`debian-faq.en: ${found.length} of ${titles.length} headings`);
  assert.ok(titles.length > 100 && found.length >= 0.95 * titles.length);
  const all = document.blocks.map((block) => block.text).join('\n');
  assert.match(all, /If applicable, pointers to other documentation will be given/, 'a word that is cut at a line’s end');
  assert.not.match(all, /CHAPTER \d+\. /, 'a running header');
});

const cases = fileURLToPath(new URL('../../../../../shared/data/law-zh-raw/case/', import.meta.url));

/** All the text, where the parser would take the sections of a case out of it. */
async function whole(path: string): Promise<ParsedDocument> {
  return wholePdf(await readPdfLines({ path, bytes: readFileSync(path) }));
}

test('court cases: text in order, on its page, without spaces at line ends', async () => {
  let names: string[];
  try {
    names = readdirSync(cases).filter((name) => name.endsWith('.pdf'));
  } catch {
    console.log('skipped: court cases (../shared/data/law-zh-raw is not beside the checkout)');
    return;
  }
  const pageCounts = new Map([
    ['杨某海交通肇事案.pdf', 5],
    ['沈某帅盗窃、王某抢劫案.pdf', 3],
    ['唐某纯诉陈某智、陈某勇等赡养纠纷案.pdf', 4],
  ]);
  for (const name of names) {
    const { blocks } = await whole(`${cases}${name}`);
    const all = blocks.map(({ text }) => text).join('\n');
    for (const section of ['基本案情', '裁判理由', '裁判要旨', '关联索引'])
      assert.ok(all.includes(section), `${name}: ${section}`);
    assert.ok(all.includes(name.replace('.pdf', '')), name);
    assert.not.match(all, /\p{Script=Han} \n?\p{Script=Han}{30}/u);
    assert.is(Math.max(...blocks.map(({ pages }) => pages?.last ?? 0)), pageCounts.get(name), name);
  }
  const { blocks } = await whole(`${cases}杨某海交通肇事案.pdf`);
  const crossing = blocks.find(({ text }) => text.includes('是造成事故的主要原因；苏某基未取得'));
  assert.equal(crossing?.pages, { first: 1, last: 2 }, 'a paragraph that goes on overleaf');
});

test.run();

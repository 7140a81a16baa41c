import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type BlockTable, ParseWorkers, RECOGNITION_NAME } from '../../../ingest/index.ts';
import { pictureBlocks } from '../../../ingest/parse/pdf/index.ts';
import { TextRecogniser, wordsOfLines } from '../../../ingest/recognition/index.ts';
import { turnPixels } from '../../../ingest/recognition/pixels.ts';
import { bookFile } from '../books.ts';
import { drawnTables, TABLES } from './drawn-tables.ts';
import { characterErrorRate, ocrModels, pdfOfPictures, scannedPages } from './scanned-pages.ts';

const test = suite('scanned pages of real books, at 150 dots an inch');

const models = ocrModels();
const FAQ = 'usr/share/doc/debian/FAQ/debian-faq.en.pdf';
const REFERENCE = 'usr/share/debian-reference/debian-reference.zh-cn.pdf';

/** With one space for white space between words. */
const folded = (text: string): string => text.normalize('NFKC').replace(/\s+/g, ' ').trim();

/** Reads pages one after the other, and says how many characters are wrong of all. */
async function errorRate(path: string, numbers: readonly number[]): Promise<number> {
  await using recogniser = await TextRecogniser.create(models!);
  let [wrong, all] = [0, 0];
  for (const { pixels, text } of await scannedPages(path, numbers)) {
    const { turn, lines } = await recogniser.recognise(pixels);
    assert.is(turn, 0);
    const wanted = folded(text);
    wrong += characterErrorRate(wanted, folded(wordsOfLines(lines))) * wanted.length;
    all += wanted.length;
  }
  console.log(`${path}, pages ${numbers.join(', ')}: ${((100 * wrong) / all).toFixed(2)} % of ${all} characters are wrong`);
  return wrong / all;
}

if (models !== undefined) {
  test('English: the FAQ of Debian, at most 3 % of characters wrong', async () => {
    const book = bookFile(FAQ);
    if (book !== undefined) assert.ok((await errorRate(book, [10, 11])) <= 0.03);
  });

  test('Chinese: the reference of Debian, at most 6 % of characters wrong', async () => {
    const book = bookFile(REFERENCE);
    if (book !== undefined) assert.ok((await errorRate(book, [40, 41])) <= 0.06);
  });

  test('tables of a rendered page, with lines and without: F1 of cells is at least 0.85; a page that stands askew by quarters is turned', async () => {
    await using recogniser = await TextRecogniser.create(models);
    const page = await drawnTables();
    const upright = await recogniser.recognise(page);
    const tables = pictureBlocks(upright).flatMap(({ table }) => (table === undefined ? [] : [table]));
    const f1 = cellF1(TABLES, tables);
    console.log(`tables of a rendered page: F1 of cells ${f1.toFixed(3)}`);
    assert.is(tables.length, TABLES.length);
    assert.ok(f1 >= 0.85, `${f1}`);
    const words = wordsOfLines(upright.lines);
    for (const quarters of [1, 2, 3] as const) {
      const { turn, lines } = await recogniser.recognise(turnPixels(page, quarters));
      assert.is(turn, 4 - quarters);
      assert.ok(characterErrorRate(words, wordsOfLines(lines)) <= 0.02, `turned by ${quarters} quarters`);
    }
  });

  test('a scanned PDF is blocks of its pages, read in a process of its own', async () => {
    const book = bookFile(FAQ);
    if (book === undefined) return;
    const [page] = await scannedPages(book, [11]);
    await using workers = new ParseWorkers({ workers: 1, recognition: models });
    const parsed = await workers.parseFile({ path: 'scan.pdf', bytes: await pdfOfPictures([page!.pixels]) });
    assert.is(parsed.recognition, RECOGNITION_NAME);
    const [document] = parsed.documents;
    const headings = document!.blocks.filter(({ kind }) => kind === 'heading').map(({ text }) => text);
    assert.equal(headings, [
      "1.6 How does the Debian project fit in or compare with the Free Software Foundation's GNU project?",
      '1.7 How does one pronounce Debian and what does this word mean?',
    ]);
    const found = document!.blocks.find(({ text }) => text.startsWith('The Debian Policy:'));
    assert.equal([found?.kind, found?.pages], ['paragraph', { first: 1, last: 1 }]);
    assert.match(found?.text ?? '', /quality, the Debian Policy\. This document/);
  });
}

/** F1 of cells: a cell is found where a table has its text in the same row and column. */
function cellF1(wanted: readonly (readonly (readonly string[])[])[], got: readonly BlockTable[]): number {
  const cells = (rows: readonly (readonly string[])[], table: number): string[] =>
    rows.flatMap((row, y) =>
      row.flatMap((text, x) => (text === '' ? [] : [JSON.stringify([table, y, x, text.replace(/\s+/g, '')])])),
    );
  const right = wanted.flatMap(cells);
  const read = new Set(got.flatMap(({ rows }, table) => cells(rows, table)));
  const found = right.filter((cell) => read.has(cell)).length;
  return (2 * found) / (right.length + read.size);
}

test.run();

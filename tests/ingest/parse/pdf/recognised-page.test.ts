import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ParserTools } from '../../../../ingest/parse/index.ts';
import { pdfParser, pictureBlocks } from '../../../../ingest/parse/pdf/index.ts';
import { withPictureTexts } from '../../../../ingest/parse/scan/index.ts';
import type { Pixels, RecognisedLine, RecognisedPicture } from '../../../../ingest/recognition/index.ts';
import { pdfOfPictures } from '../../recognition/scanned-pages.ts';

const test = suite('pages that are pictures');

/** A line as a recogniser finds it: letters of the same width. */
function line(text: string, left: number, middle: number, width: number, height = 24): RecognisedLine {
  const places = Array.from(text, (_, index) => (index + 0.5) / text.length);
  return { text, confidence: 0.99, places, region: { center: [left + width / 2, middle], angle: 0, width, height } };
}

function picture(lines: readonly RecognisedLine[], [width, height] = [1240, 1754]): RecognisedPicture {
  return { turn: 0, upright: { width, height, data: new Uint8Array(3 * width * height).fill(255) }, lines };
}

function rule({ width, data }: Pixels, left: number, top: number, right: number, bottom: number): void {
  for (let y = top; y < bottom; y++) data.fill(0, 3 * (y * width + left), 3 * (y * width + right));
}

test('lines become paragraphs and headings, by their distances and sizes', () => {
  const blocks = pictureBlocks(
    picture([
      line('1 A heading of the page', 150, 100, 420, 36),
      line('The first line of a paragraph that goes to the right', 150, 180, 940),
      // A line without letters that go up or down is less high.
      line('as one sees we were even once more in our own room as', 150, 212, 940, 22),
      line('ends here.', 150, 244, 180, 26),
    ]),
  );
  assert.equal(
    blocks.map(({ kind, text, pages }) => [kind, text, pages]),
    [
      ['heading', '1 A heading of the page', undefined],
      [
        'paragraph',
        'The first line of a paragraph that goes to the right as one sees we were even once more in our own room as ends here.',
        undefined,
      ],
    ],
  );
});

test('a table of drawn lines: a line that was found over two cells is parted at their border', () => {
  const page = picture([
    line('Name', 170, 130, 80),
    line('Number', 520, 130, 120),
    line('alpha beta 12', 170, 190, 420),
    line('gamma', 170, 250, 100),
    line('34', 520, 250, 40),
  ]);
  for (const y of [100, 160, 220, 280]) rule(page.upright, 150, y, 902, y + 2);
  for (const x of [150, 500, 900]) rule(page.upright, x, 100, x + 2, 282);
  const [table, ...others] = pictureBlocks(page);
  assert.equal(others, []);
  assert.equal(table?.table?.rows, [
    ['Name', 'Number'],
    ['alpha beta', '12'],
    ['gamma', '34'],
  ]);
});

test('a table of columns: parts of one line that stand far apart are cells', () => {
  const rows = ['north      12', 'south      34', 'east       56'];
  const [table] = pictureBlocks(picture(rows.map((text, index) => line(text, 150, 100 + 34 * index, 14 * text.length))));
  assert.equal(table?.table?.rows, [
    ['north', '12'],
    ['south', '34'],
    ['east', '56'],
  ]);
});

test('pages of a PDF without text are drawn and read; others are not; without models a warning says so', async () => {
  const blank = picture([], [310, 438]).upright;
  rule(blank, 20, 20, 200, 40);
  const bytes = await pdfOfPictures([blank, blank], 75);
  const asked: [number, number][] = [];
  const recognise: ParserTools['recognise'] = async (pixels) => {
    asked.push([pixels.width, pixels.height]);
    const [text, middle] = asked.length === 1 ? ['What stands first ends here.', 100] : ['Overleaf another line begins.', 300];
    return picture([line(text as string, 60, middle as number, 300)], [pixels.width, pixels.height]);
  };
  const [document] = await pdfParser.parse({ path: 'scan.pdf', bytes }, { recognise });
  assert.equal(
    document?.blocks.map(({ text, pages }) => [text, pages?.first]),
    [
      ['What stands first ends here.', 1],
      ['Overleaf another line begins.', 2],
    ],
  );
  // Drawn with 150 dots an inch.
  assert.equal(asked, [
    [620, 876],
    [620, 876],
  ]);
  const [unread] = await pdfParser.parse({ path: 'scan.pdf', bytes });
  assert.equal([unread?.blocks, unread?.warnings?.length], [[], 1]);
});

test('pictures of documents have their words, each picture read once; one by itself with much text has it as blocks', async () => {
  const { default: sharp } = await import('sharp');
  const png = await sharp({ create: { width: 90, height: 80, channels: 3, background: '#336699' } })
    .png()
    .toBuffer();
  const shown = { mediaType: 'image/png', bytes: new Uint8Array(png), width: 90, height: 80 } as const;
  const figure = { kind: 'figure', text: '', headings: [], figure: { picture: shown } } as const;
  let count = 0;
  const read = async (lines: readonly RecognisedLine[], alone: boolean) =>
    withPictureTexts(
      [{ blocks: [figure, figure, { ...figure, figure: { picture: shown, words: 'own' } }] }],
      async (pixels) => {
        assert.equal([pixels.width, pixels.height, pixels.data.length], [90, 80, 3 * 90 * 80]);
        count++;
        return picture(lines);
      },
      alone,
    );
  const [few] = await read([line('Sales', 10, 20, 60), line('2026', 90, 20, 60)], false);
  assert.equal(
    few?.blocks.map((block) => block.figure?.words),
    ['Sales 2026', 'Sales 2026', 'own'],
  );
  assert.is(count, 1);
  const much = Array.from({ length: 12 }, (_, index) =>
    line('A line of a page, which is long enough for one.', 150, 100 + 32 * index, 940),
  );
  const [page] = await read(much, true);
  assert.equal(
    page?.blocks.slice(0, 2).map(({ kind }) => kind),
    ['figure', 'paragraph'],
  );
});

test.run();

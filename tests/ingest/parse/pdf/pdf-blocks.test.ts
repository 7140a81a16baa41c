import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ParsedDocument } from '../../../../ingest/index.ts';
import { pdfParser } from '../../../../ingest/parse/pdf/index.ts';
import { parserContract } from '../../../contracts/parser.ts';
import { sampleContract } from '../sample-contract.ts';
import { type DrawnPage, type DrawnText, type PdfSettings, paragraph, writePdf } from './write-pdf.ts';

const test = suite('PDF to blocks');

async function parse(pages: readonly DrawnPage[], settings: PdfSettings = {}): Promise<ParsedDocument> {
  const documents = await pdfParser.parse({ path: 'written.pdf', bytes: writePdf(pages, settings) });
  assert.is(documents.length, 1);
  return documents[0]!;
}

const kinds = ({ blocks }: ParsedDocument) => blocks.map(({ kind, level, text }) => `${kind}${level ?? ''}: ${text}`);

/** Lines that are as wide as a column, so that they read as running text. */
const COLUMN = [
  'The quick brown fox jumps over the lazy dog and',
  'goes on to the next line of this column, where it',
  'meets other animals that have come from far away',
  'to see what there is to see in a text of columns,',
  'of which there are two that stand side by side,',
  'as they do in journals and in proceedings of it.',
];
const SECOND = COLUMN.map((line) => line.replace(/[aeiou]/g, 'o'));

test('headings by size, their ranks as levels, and paragraphs whose lines are joined', async () => {
  const document = await parse([
    {
      texts: [
        { text: 'A Book', x: 50, y: 60, size: 24 },
        { text: '1 First', x: 50, y: 100, size: 16 },
        ...paragraph(
          [
            'This is a paragraph whose lines are of one length, and its sec-',
            'ond line goes on with it to its end. A name such as this, long-',
            'Term, keeps its hyphen where it is cut, and so does apt-file-',
            'cache here.',
          ],
          50,
          130,
        ),
        { text: '1.1 Deeper', x: 50, y: 200, size: 13 },
        ...paragraph(['Another paragraph.'], 50, 220),
      ],
    },
  ]);
  assert.equal(kinds(document), [
    'heading1: A Book',
    'heading2: 1 First',
    'paragraph: This is a paragraph whose lines are of one length, and its second line goes on with it to its end. A name such as this, long-Term, keeps its hyphen where it is cut, and so does apt-file-cache here.',
    'heading3: 1.1 Deeper',
    'paragraph: Another paragraph.',
  ]);
  assert.equal(document.blocks[4]?.headings, ['A Book', '1 First', '1.1 Deeper']);
  assert.equal(document.blocks[4]?.pages, { first: 1, last: 1 });
  assert.is(document.title, 'A Book', 'the only outermost heading');
});

test('levels are those of the outline', async () => {
  const page = (title: string, size: number): DrawnPage => ({
    texts: [{ text: title, x: 50, y: 60, size }, ...paragraph(['Text of a page. It ends here.'], 50, 90)],
  });
  const pages = [page('One', 14), page('Two', 20), page('Three', 14)];
  const document = await parse(pages, {
    outline: [
      { title: 'One', page: 1 },
      { title: 'Two', page: 2 },
      { title: 'Three', page: 3 },
    ],
  });
  assert.equal(
    kinds(document).filter((line) => line.startsWith('heading')),
    ['heading1: One', 'heading1: Two', 'heading1: Three'],
  );
  assert.equal(
    document.blocks.map(({ pages }) => pages?.first),
    [1, 1, 2, 2, 3, 3],
  );
});

test('columns are read one after the other, what goes across both before and after them', async () => {
  const texts = [
    { text: 'A title that goes across both of the columns of the page below it', x: 50, y: 60, size: 14 },
    ...paragraph(COLUMN, 50, 100),
    // Its lines stand a little lower than those of the first column.
    ...paragraph(SECOND, 320, 103),
    ...paragraph(
      ['A line at the foot that goes across both columns, from the left edge of the one to the right edge of the other.'],
      50,
      200,
    ),
  ];
  const document = await parse([{ texts }]);
  assert.equal(kinds(document).slice(0, 2), [
    'heading1: A title that goes across both of the columns of the page below it',
    `paragraph: ${COLUMN.join(' ')}`,
  ]);
  assert.equal(document.blocks[2]?.text, SECOND.join(' '));
  assert.match(document.blocks[3]!.text, /^A line at the foot/);
});

test('headers, footers and page numbers that repeat are no text; the first lines of pages are', async () => {
  const pages = ['one', 'two', 'three', 'four', 'five'].map(
    (word, index): DrawnPage => ({
      texts: [
        { text: `Chapter ${index < 3 ? 'A' : 'B'}`, x: 50, y: 40 },
        { text: `Page ${index + 1} of 5`, x: 280, y: 770 },
        ...paragraph([`Page ${word} begins with this line. It ends.`], 50, 100),
      ],
    }),
  );
  assert.equal(
    kinds(await parse(pages)),
    ['one', 'two', 'three', 'four', 'five'].map((word) => `paragraph: Page ${word} begins with this line. It ends.`),
  );
});

test('a paragraph goes on overleaf', async () => {
  const document = await parse([
    { texts: paragraph([...COLUMN, 'this line is the last one on its page, and goes on to'], 50, 700 - 60) },
    { texts: paragraph(['the next one, where it ends.', 'Then comes another.'], 50, 60) },
  ]);
  assert.equal(document.blocks.length, 2);
  assert.match(document.blocks[0]!.text, /and goes on to the next one, where it ends\.$/);
  assert.equal(document.blocks[0]?.pages, { first: 1, last: 2 });
  assert.equal(document.blocks[1]?.pages, { first: 2, last: 2 });
});

test('lists, with their depth; bullets are no text, numbers are', async () => {
  const texts: DrawnText[] = [
    ...paragraph(['There are'], 50, 60),
    { text: '\u2022 apples', x: 50, y: 80 },
    { text: '- red ones', x: 65, y: 95 },
    { text: '\u2022 pears', x: 50, y: 110 },
    { text: '(1) and plums.', x: 50, y: 125 },
  ];
  assert.equal(kinds(await parse([{ texts }])), [
    'paragraph: There are',
    'list-item1: apples',
    'list-item2: red ones',
    'list-item1: pears',
    'list-item1: (1) and plums.',
  ]);
});

test('code keeps its lines, indentation and blank lines', async () => {
  const code = [
    { text: 'for each of them:', x: 50, y: 80, font: 'F3' as const },
    { text: 'do this', x: 62 + 12, y: 92, font: 'F3' as const },
    { text: 'end', x: 50, y: 116, font: 'F3' as const },
  ];
  const document = await parse([{ texts: [...paragraph(['Write this.'], 50, 50), ...code] }]);
  // Courier's letters are 0.6 of its size wide: 24 points are four of them at 10.
  assert.equal(kinds(document), ['paragraph: Write this.', 'code: for each of them:\n    do this\n\nend']);
});

test('tables with lines, with cells of several lines and their caption', async () => {
  const [left, middle, right] = [50, 150, 300];
  const borders = [100, 120, 150, 170];
  const lines = [
    ...borders.map((y) => ({ from: [left, y] as const, to: [right, y] as const })),
    ...[left, middle, right].map((x) => ({ from: [x, 100] as const, to: [x, 170] as const })),
  ];
  const texts: DrawnText[] = [
    ...paragraph(['Some text above the table. It ends.'], 50, 60),
    { text: 'Name', x: 55, y: 113, font: 'F2' },
    { text: 'Meaning', x: 155, y: 113, font: 'F2' },
    { text: 'alpha', x: 55, y: 132 },
    { text: 'the first of', x: 155, y: 132 },
    { text: 'its letters', x: 155, y: 144 },
    { text: 'beta', x: 55, y: 163 },
    { text: 'Table 1: Letters', x: 120, y: 190 },
  ];
  const { blocks } = await parse([{ texts, lines }]);
  assert.equal(blocks[1]?.table, {
    rows: [
      ['Name', 'Meaning'],
      ['alpha', 'the first of its letters'],
      ['beta', ''],
    ],
    headerRows: 1,
  });
  assert.equal(blocks[2]?.kind, 'caption');
});

test('tables without lines, by their columns', async () => {
  const rows = [
    ['City', 'Country', 'People'],
    ['Lima', 'Peru', '10,000'],
    ['Rome', 'Italy', '2,800'],
    ['Oslo', 'Norway', '700'],
  ];
  const texts = rows.flatMap((cells, row) => cells.map((text, column) => ({ text, x: 50 + column * 120, y: 100 + row * 12 })));
  const { blocks } = await parse([
    { texts: [...paragraph(['Cities of the world, by their people. A sentence that is long.'], 50, 60), ...texts] },
  ]);
  assert.equal(blocks[1]?.table, { rows, headerRows: 1 });
});

test('Chinese without embedded fonts, by the character maps of the package; lines are joined without spaces', async () => {
  const chinese = (text: string, y: number, size = 10): DrawnText => ({ text, x: 50, y, size, font: 'F4' });
  const document = await parse([
    {
      texts: [
        chinese('第一章 总则', 60, 18),
        chinese('为了惩罚犯罪，保护人民，根据宪法，结合我国同犯罪作斗争的具体', 100),
        chinese('经验及实际情况，制定本法。', 112),
      ],
    },
  ]);
  assert.equal(kinds(document), [
    'heading1: 第一章 总则',
    'paragraph: 为了惩罚犯罪，保护人民，根据宪法，结合我国同犯罪作斗争的具体经验及实际情况，制定本法。',
  ]);
});

test('a page that is turned is read, a watermark is not', async () => {
  const turned = paragraph(['A page in landscape, whose lines go up. It ends.'], 100, 700, { turned: 90 });
  const { blocks } = await parse([{ texts: [...turned, { text: 'DRAFT', x: 200, y: 500, size: 60, turned: 45 }] }]);
  assert.equal(
    blocks.map(({ text }) => text),
    ['A page in landscape, whose lines go up. It ends.'],
  );
});

test('title and language as the metadata has them, unless they are junk', async () => {
  const pages = [{ texts: paragraph(['Text of a page. It ends here.'], 50, 90) }];
  const good = await parse(pages, { title: '  关于 \u2ec1 \u2f08 的书 ', language: 'zh-CN' });
  // Radicals are the characters that they look like: U+2EC1 has no decomposition, U+2F08 has.
  assert.equal([good.title, good.language], ['关于 虎 人 的书', 'zh-CN']);
  for (const title of ['Microsoft Word - report.doc', 'untitled', 'thesis.dvi', '', '无标题']) {
    assert.is((await parse(pages, { title, language: 'not a language' })).title, undefined, title);
  }
});

test('a page without text says that pictures are not read, an empty one nothing', async () => {
  const text = { texts: paragraph(['Text of a page. It ends here.'], 50, 90) };
  const document = await parse([text, { operators: 'q 500 0 0 700 50 50 cm Q' }, {}, text]);
  assert.equal(document.warnings, [
    'page 2 without text: pictures of pages are not read (no OCR is done: cem fetch-ocr brings its models)',
  ]);
});

test('a file with a password is said to be encrypted, a malformed one to be no PDF', async () => {
  const filter = `<< /Filter /Standard /V 1 /R 2 /P -4 /O <${'41'.repeat(32)}> /U <${'42'.repeat(32)}> >>`;
  const pages = [{ texts: paragraph(['Text'], 50, 90) }];
  const bare = Buffer.from(writePdf(pages)).toString('latin1');
  const objects = Number(/\/Size (\d+)/.exec(bare)?.[1]);
  const bytes = writePdf(pages, {
    objects: [filter],
    trailer: `/Encrypt ${objects} 0 R /ID [<${'43'.repeat(16)}> <${'43'.repeat(16)}>]`,
  });
  const codeOf = (content: Uint8Array) =>
    pdfParser.parse({ path: 'a.pdf', bytes: content }).then(
      () => 'parsed',
      (error: { code?: string }) => error.code,
    );
  assert.is(await codeOf(bytes), 'PARSE_ENCRYPTED');
  assert.is(await codeOf(new Uint8Array(Buffer.from('%PDF-1.7 and nothing more'))), 'PARSE_PDF');
});

test('recognised by its first bytes', () => {
  assert.is(pdfParser.recognise(writePdf([{}])), 2);
  assert.is(pdfParser.recognise(Buffer.from('\n\n%PDF-1.4')), 1);
  assert.is(pdfParser.recognise(Buffer.from('PDF')), 0);
});

test.run();

const file = (path: string, pages: readonly DrawnPage[], settings?: PdfSettings) => ({ path, bytes: writePdf(pages, settings) });
parserContract('pdf', {
  parser: pdfParser,
  mutations: 20,
  files: [
    file('columns.pdf', [{ texts: [...paragraph(COLUMN, 50, 100), ...paragraph(SECOND, 320, 103)] }], {
      title: 'Columns',
      language: 'en',
    }),
    file(
      'chinese.pdf',
      [
        {
          texts: [
            { text: '第一章 总则', x: 50, y: 60, size: 18, font: 'F4' },
            { text: '为了惩罚犯罪，保护人民。', x: 50, y: 100, font: 'F4' },
          ],
        },
      ],
      { outline: [{ title: '总则', page: 1 }] },
    ),
  ],
});
sampleContract('pdf');

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { docxParser } from '../../../../ingest/parse/office/docx-parser.ts';
import { parserContract } from '../../../contracts/parser.ts';
import { sampleContract } from '../sample-contract.ts';

type Make = new (options: unknown) => object;

/** What of the package is used here. Its own types are in files that TypeScript does not find, since they are imported without extensions. */
const { Document, FootnoteReferenceRun, HeadingLevel, Packer, Paragraph, Table, TableCell, TableRow, TextRun } = (await import(
  'docx'
)) as unknown as Readonly<
  Record<'Document' | 'FootnoteReferenceRun' | 'Paragraph' | 'Table' | 'TableCell' | 'TableRow' | 'TextRun', Make>
> & {
  readonly HeadingLevel: Readonly<Record<'TITLE' | 'HEADING_1' | 'HEADING_2', string>>;
  readonly Packer: { toBuffer(document: object): Promise<Buffer> };
};

const test = suite('DOCX, written by the package docx');

const cell = (text: string, columnSpan = 1) => new TableCell({ columnSpan, children: [new Paragraph(text)] });
const bullet = (text: string, level: number) => new Paragraph({ text, bullet: { level } });

/** A document with what reports have: a title, headings, lists, a table with its caption, a note, a quote, code. */
async function report(): Promise<Uint8Array> {
  const document = new Document({
    title: '年度报告',
    styles: {
      paragraphStyles: [
        { id: 'Caption', name: 'caption', basedOn: 'Normal' },
        { id: 'Quote', name: 'Quote', basedOn: 'Normal' },
        { id: 'Code', name: 'Source Code', basedOn: 'Normal' },
      ],
    },
    numbering: {
      config: [{ reference: 'steps', levels: [{ level: 0, format: 'decimal', text: '%1.', alignment: 'start' }] }],
    },
    footnotes: { 1: { children: [new Paragraph('数据来自统计局。')] } },
    sections: [
      {
        children: [
          new Paragraph({ text: '二〇二四年年度报告', heading: HeadingLevel.TITLE }),
          new Paragraph({ text: '第一章 总则', heading: HeadingLevel.HEADING_1 }),
          new Paragraph({
            children: [
              new TextRun('本报告说明'),
              new TextRun({ text: '全年', bold: true }),
              new TextRun('的情况'),
              new FootnoteReferenceRun(1),
              new TextRun('。'),
            ],
          }),
          bullet('收入', 0),
          bullet('主营业务', 1),
          bullet('支出', 0),
          new Paragraph({ text: '准备材料', numbering: { reference: 'steps', level: 0 } }),
          new Paragraph({ text: '1.1 范围', heading: HeadingLevel.HEADING_2 }),
          new Paragraph({ text: '表 1 收入', style: 'Caption' }),
          new Table({
            rows: [
              new TableRow({ children: [cell('项目'), cell('上半年'), cell('下半年')] }),
              new TableRow({ children: [cell('门票'), cell('1,200'), cell('1,500')] }),
              new TableRow({ children: [cell('合计', 2), cell('2,700')] }),
            ],
          }),
          new Paragraph({ text: '行百里者半九十。', style: 'Quote' }),
          new Paragraph({ text: 'npm install', style: 'Code' }),
          new Paragraph({ text: '第二章 附则', heading: HeadingLevel.HEADING_1 }),
          new Paragraph('English text beside it.'),
        ],
      },
    ],
  });
  return new Uint8Array(await Packer.toBuffer(document));
}

const bytes = await report();

test('styles become kinds, headings stand below the title, a spanning cell stands in the first of its places', async () => {
  const [document] = await docxParser.parse({ path: 'report.docx', bytes });
  assert.is(document?.title, '年度报告');
  assert.equal(
    document?.blocks.map(({ kind, level, text }) => `${kind}${level ?? ''}: ${text}`),
    [
      'heading1: 二〇二四年年度报告',
      'heading2: 第一章 总则',
      'paragraph: 本报告说明全年的情况[1]。',
      'list-item1: 收入',
      'list-item2: 主营业务',
      'list-item1: 支出',
      'list-item1: 准备材料',
      'heading3: 1.1 范围',
      'caption: 表 1 收入',
      'table: | 项目 | 上半年 | 下半年 |\n| --- | --- | --- |\n| 门票 | 1,200 | 1,500 |\n| 合计 |  | 2,700 |',
      'quote: 行百里者半九十。',
      'code: npm install',
      'heading2: 第二章 附则',
      'paragraph: English text beside it.',
      'list-item1: 数据来自统计局。',
    ],
  );
  assert.equal(document?.blocks[8]?.headings, ['二〇二四年年度报告', '第一章 总则', '1.1 范围']);
});

test('the title is the only outermost heading where the properties have none', async () => {
  const untitled = new Document({
    sections: [{ children: [new Paragraph({ text: '总则', heading: HeadingLevel.HEADING_1 }), new Paragraph('条文。')] }],
  });
  const [document] = await docxParser.parse({ path: 'a.docx', bytes: new Uint8Array(await Packer.toBuffer(untitled)) });
  assert.is(document?.title, '总则');
});

test('older formats, encrypted files and other archives are told apart', async () => {
  const compound = new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ...new Uint8Array(600)]);
  const codeOf = (content: Uint8Array) =>
    docxParser.parse({ path: 'a.docx', bytes: content }).then(
      () => 'parsed',
      (error: { code?: string }) => error.code,
    );
  assert.is(docxParser.recognise(compound), 1);
  assert.is(await codeOf(compound), 'PARSE_DOCX');
  assert.is(await codeOf(Uint8Array.from([...compound, ...Buffer.from('EncryptedPackage', 'utf16le')])), 'PARSE_ENCRYPTED');
  assert.is(await codeOf(new Uint8Array(Buffer.from('no archive'))), 'PARSE_ZIP');
  assert.is(docxParser.recognise(bytes.subarray(0, 4096)), 2);
  assert.is(docxParser.recognise(Buffer.from('no archive')), 0);
});

test.run();

parserContract('docx', { parser: docxParser, files: [{ path: 'report.docx', bytes }] });
sampleContract('docx');

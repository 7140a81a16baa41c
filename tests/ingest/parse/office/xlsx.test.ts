import { SSF, utils, type WorkBook, write } from '@e965/xlsx';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { numberFormatText } from '../../../../ingest/parse/office/number-format.ts';
import { xlsxParser } from '../../../../ingest/parse/office/xlsx-parser.ts';
import { parserContract } from '../../../contracts/parser.ts';
import { sampleContract } from '../sample-contract.ts';

const test = suite('XLSX, written by the package @e965/xlsx');

function workbook(): WorkBook {
  const book = utils.book_new();
  const sales = utils.aoa_to_sheet([
    ['二〇二四年销售'],
    ['城市', '日期', '收入', '占比'],
    ['北京', new Date(Date.UTC(2024, 2, 5)), 1234567.891, 0.256],
    ['上海', new Date(Date.UTC(2024, 11, 31)), -20.5, 1],
    [],
    ['备注：未经审计。'],
    [],
    ['是否', true, '#N/A'],
    ['公式', 3, 0.1 + 0.2],
  ]);
  sales['!merges'] = [{ s: { r: 0, c: 0 }, e: { r: 0, c: 3 } }];
  for (const cell of ['B3', 'B4']) sales[cell].z = 'yyyy"年"m"月"d"日"';
  for (const cell of ['C3', 'C4']) sales[cell].z = '#,##0.00;[Red](#,##0.00)';
  for (const cell of ['D3', 'D4']) sales[cell].z = '0.0%';
  utils.book_append_sheet(book, sales, '销售');
  const grouped = utils.aoa_to_sheet([
    ['项目', '上半年', '', '下半年', ''],
    ['', '计划', '实际', '计划', '实际'],
    ['门票', 10, 12, 14, 16],
  ]);
  grouped['!merges'] = [
    { s: { r: 0, c: 0 }, e: { r: 1, c: 0 } },
    { s: { r: 0, c: 1 }, e: { r: 0, c: 2 } },
    { s: { r: 0, c: 3 }, e: { r: 0, c: 4 } },
  ];
  utils.book_append_sheet(book, grouped, 'Two header rows');
  utils.book_append_sheet(book, utils.aoa_to_sheet([['secret', 1]]), 'Hidden');
  utils.book_append_sheet(book, utils.aoa_to_sheet([]), 'Empty');
  book.Workbook = { Sheets: [{ Hidden: 0 }, { Hidden: 0 }, { Hidden: 1 }, { Hidden: 0 }] };
  book.Props = { Title: '销售汇总' };
  return book;
}

const bytes = new Uint8Array(write(workbook(), { type: 'buffer', bookType: 'xlsx', bookSST: true }) as Buffer);
const inline = new Uint8Array(
  write(workbook(), { type: 'buffer', bookType: 'xlsx', bookSST: false, compression: true }) as Buffer,
);

test('sheets as headings, tables with header rows, titles and notes, values as they are shown', async () => {
  for (const file of [bytes, inline]) {
    const [document] = await xlsxParser.parse({ path: 'sales.xlsx', bytes: file });
    assert.is(document?.title, '销售汇总');
    assert.equal(
      document?.blocks.map(({ kind, text, table }) => `${kind}${table?.headerRows ?? ''}: ${text}`),
      [
        'heading: 销售',
        'caption: 二〇二四年销售',
        'table1: | 城市 | 日期 | 收入 | 占比 |\n| --- | --- | --- | --- |\n| 北京 | 2024年3月5日 | 1,234,567.89 | 25.6% |\n| 上海 | 2024年12月31日 | (20.50) | 100.0% |',
        'paragraph: 备注：未经审计。',
        'table0: | 是否 | TRUE | #N/A |\n| 公式 | 3 | 0.3 |',
        'heading: Two header rows',
        'table2: | 项目 | 上半年 |  | 下半年 |  |\n|  | 计划 | 实际 | 计划 | 实际 |\n| --- | --- | --- | --- | --- |\n| 门票 | 10 | 12 | 14 | 16 |',
      ],
    );
    assert.equal(document?.warnings, ['the sheet "Hidden" is hidden and was left out']);
  }
});

const FORMATS = [
  '0',
  '0.00',
  '#,##0',
  '#,##0.00',
  '0%',
  '0.00%',
  '0.00E+00',
  '# ?/?',
  '#,##0.00_);(#,##0.00)',
  '"共"0"件"',
  '00000',
  '#,##0,"千"',
  '0.0#',
  '$#,##0.00',
  '0.0;-0.0;"零"',
  '#',
  '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
  '0.0%;[Red]-0.0%',
];
const NUMBERS = [0, 1, -1, 0.5, 2.5, 1234.5678, -98765.4321, 0.333333, 1e6, 123456789, 0.05, 99.995, 3.1417];
const DATE_FORMATS = [
  'yyyy-mm-dd',
  'yyyy/m/d h:mm',
  'd-mmm-yy',
  'mmmm d, yyyy',
  'h:mm AM/PM',
  'hh:mm:ss',
  '[h]:mm',
  'dddd',
  'yyyy"年"m"月"d"日"',
  'mm:ss',
  'mm:ss.0',
  '[mm]:ss',
];
// Before March 1900 the other library has days that never were.
const DAYS = [45356, 45356.75, 61, 36526.999, 2958465];

test('numbers and dates by their formats, as another library has them', () => {
  for (const format of FORMATS) {
    for (const number of NUMBERS) {
      const expected = (SSF.format(format, number) as string).replace(/\s+/g, ' ').trim();
      assert.is(numberFormatText(number, format).replace(/\s+/g, ' '), expected, `${number} as ${format}`);
    }
  }
  for (const format of DATE_FORMATS) {
    for (const day of DAYS) assert.is(numberFormatText(day, format), SSF.format(format, day), `${day} as ${format}`);
  }
});

test('numbers without format, and those that are no dates', () => {
  assert.is(numberFormatText(0.1 + 0.2, 'General'), '0.3');
  assert.is(numberFormatText(123456789012, 'General'), '123456789012');
  assert.is(numberFormatText(1e-10, 'General'), '1E-10');
  // 1.005 is a little less in binary; a spreadsheet rounds the decimal number that it shows.
  assert.is(numberFormatText(1.005, '0.00'), '1.01');
  assert.is(numberFormatText(1500, '[>=1000]#,##0"+";0.00'), '1,500+');
  assert.is(numberFormatText(0.25, 'h:mm'), '6:00');
  assert.is(numberFormatText(-5, 'yyyy-mm-dd'), '-5', 'before the first day');
  // The other system of dates begins four years and a day later (ECMA-376, 18.17.4.1).
  assert.is(numberFormatText(0, 'yyyy-mm-dd', true), '1904-01-01');
});

test.run();

parserContract('xlsx', { parser: xlsxParser, files: [{ path: 'sales.xlsx', bytes }] });
sampleContract('xlsx');

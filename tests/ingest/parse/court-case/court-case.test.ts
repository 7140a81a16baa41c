import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ParsedDocument } from '../../../../ingest/index.ts';
import { type CaseLine, courtCaseOf } from '../../../../ingest/parse/court-case/index.ts';
import { courtCaseParser, pdfParser } from '../../../../ingest/parse/pdf/index.ts';
import { parserContract } from '../../../contracts/parser.ts';

const SHARED = new URL('../../../../../shared/data/law-zh-raw/case/', import.meta.url);

const test = suite('court cases');

const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, SHARED)));
const bare = (text: string): string => text.replace(/\s/g, '');
const textOf = ({ blocks }: ParsedDocument): string =>
  bare(blocks.flatMap(({ kind, text }) => (kind === 'heading' ? [] : [text])).join(''));

/** The number at the head of each page, and the mark across it. */
const FURNITURE = /(?:第\d+页)?(?:人民法院案例库)+(?:第\d+页)?/g;

/** Text of each page as pdf.js gives it, without white space: in these files items stand in reading order. */
async function pagesOf(bytes: Uint8Array): Promise<string[]> {
  const document = await getDocument({ data: bytes.slice(), verbosity: 0 }).promise;
  const pages: string[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const { items } = await (await document.getPage(number)).getTextContent();
    pages.push(bare(items.map((item) => ('str' in item ? item.str : '')).join('')).replace(FURNITURE, ''));
  }
  await document.destroy();
  return pages;
}

if (existsSync(SHARED)) {
  test('the three cases: exactly the two sections, whole, on the pages where pdf.js has them', async () => {
    const names = readdirSync(SHARED).filter((name) => name.endsWith('.pdf'));
    assert.is(names.length, 3);
    for (const name of names) {
      const bytes = bytesOf(name);
      const documents = await courtCaseParser.parse({ path: name, bytes });
      const pages = await pagesOf(bytes);
      const whole = pages.join('');
      assert.equal(
        documents.map(({ fields }) => fields!['case_section']),
        ['基本案情', '裁判理由'],
        name,
      );
      for (const [place, [from, to]] of (
        [
          ['基本案情', '裁判理由'],
          ['裁判理由', '裁判要旨'],
        ] as const
      ).entries()) {
        const document = documents[place]!;
        assert.is(textOf(document), whole.slice(whole.indexOf(from) + from.length, whole.indexOf(to)), `${name}: ${from}`);
        const [first, last] = [document.blocks[0]!, document.blocks.at(-1)!];
        assert.equal([document.fields!['page_start'], document.fields!['page_end']], [first.pages!.first, last.pages!.last]);
        for (const { text, pages: range } of document.blocks) {
          assert.ok(
            pages[range!.first - 1]!.includes(bare(text).slice(0, 12)),
            `${name}: ${text.slice(0, 12)} begins on page ${range!.first}`,
          );
          assert.ok(
            pages[range!.last - 1]!.includes(bare(text).slice(-6)),
            `${name}: ${text.slice(-6)} ends on page ${range!.last}`,
          );
        }
      }
      const [facts, reasons] = documents.map(({ fields }) => fields!) as [Record<string, unknown>, Record<string, unknown>];
      assert.is(`${facts['case_title']}.pdf`, name);
      assert.match(String(facts['case_number']), /^2026-/);
      assert.equal(facts['case_sections'], ['关键词', '基本案情', '裁判理由', '裁判要旨', '关联索引']);
      assert.equal(facts['case_embed_sections'], ['基本案情', '裁判理由']);
      assert.equal([facts['pdf_mode'], facts['case_degraded']], ['case', false]);
      assert.is(Number(reasons['case_para_start']), Number(facts['case_para_end']) + 1);
      assert.is(Number(reasons['case_para_end']) - Number(reasons['case_para_start']) + 1, documents[1]!.blocks.length - 1);
      assert.is(documents[1]!.indexPrefix, `${facts['case_title']} 裁判理由`);
    }
  });

  test('the parser of PDF takes a case for one', async () => {
    const bytes = bytesOf('杨某海交通肇事案.pdf');
    assert.equal(await pdfParser.parse({ path: 'x.pdf', bytes }), await courtCaseParser.parse({ path: 'x.pdf', bytes }));
  });

  test('paragraphs of a case, and its keywords over two lines', async () => {
    const [facts, reasons] = await courtCaseParser.parse({ path: 'x', bytes: bytesOf('杨某海交通肇事案.pdf') });
    assert.equal(facts!.fields!['case_keywords'], ['刑事', '交通肇事罪', '交通事故认定书', '因果关系', '事故责任', '刑事责任']);
    // Read in the file: a heading and five paragraphs each, the second beginning with 另查明 on page 1.
    assert.equal([facts!.blocks.length, reasons!.blocks.length], [6, 6]);
    assert.match(facts!.blocks[2]!.text, /^另查明，苏某基未取得机动车驾驶证/);
    assert.match(facts!.blocks[5]!.text, /（2023）桂0921刑初144号刑事判决/);
    assert.equal(facts!.blocks[3]!.pages, { first: 1, last: 2 });
  });

  parserContract('court-case', {
    parser: courtCaseParser,
    files: [{ path: 'case.pdf', bytes: bytesOf('沈某帅盗窃、王某抢劫案.pdf') }],
    mutations: 20,
  });
} else test('the three cases: skipped, ../shared is not there', () => {});

/** Lines of one page, full ones from the margin on. */
const linesOf = (texts: readonly string[]): CaseLine[] =>
  texts.map(
    (text): CaseLine => ({
      text,
      page: 1,
      left: 36,
      right: 36 + 10 * text.length,
      fontSize: 10,
    }),
  );
const read = (texts: readonly string[]) => courtCaseOf({ lines: linesOf(texts), warnings: ['page 2: lost'] });

test('sections are headings that stand alone, once', () => {
  const documents = read([
    '甲诉乙案',
    '基本案情',
    '如前所述。',
    '裁判理由',
    '理由一。',
    '见基本案情一节。',
    '关联索引',
    '某法',
    '关联索引',
    '另一法',
  ])!;
  assert.equal(documents.map(textOf), ['如前所述。', '理由一。见基本案情一节。']);
  assert.equal(
    documents.map(({ warnings }) => warnings),
    [['page 2: lost'], undefined],
  );
  assert.equal(documents[0]!.fields!['case_sections'], ['基本案情', '裁判理由', '关联索引']);
  assert.is(read(['甲诉乙案', '基本案情', '如前所述。', '本案裁判理由如下。']), undefined, 'a section is missing');
  assert.is(read(['甲诉乙案', '基本案情', '裁判理由', '理由一。']), undefined, 'a section is empty');
  assert.is(read(['基本案情', '一。', '裁判理由', '二。', '基本案情', '三。', '裁判理由', '四。']), undefined, 'a book of cases');
  assert.is(read(['An English page.']), undefined);
});

test('a PDF that is no case is one document of its text, and says so', async () => {
  const bytes = Buffer.from(onePage('Nothing of the kind stands here.'), 'latin1');
  const [document, ...others] = await courtCaseParser.parse({ path: 'x.pdf', bytes: new Uint8Array(bytes) });
  assert.is(others.length, 0);
  assert.is(textOf(document!), 'Nothingofthekindstandshere.');
  assert.equal(document!.fields, {
    pdf_mode: 'case',
    case_sections: [],
    case_embed_sections: [],
    page_start: 1,
    page_end: 1,
    case_degraded: true,
    case_para_start: 1,
    case_para_end: 1,
  });
  assert.match(document!.warnings!.at(-1)!, /none of its sections/);
});

/** A PDF of one line; readers find its objects without a table of them. */
function onePage(text: string): string {
  const stream = `BT /F1 12 Tf 72 700 Td (${text}) Tj ET`;
  return [
    '%PDF-1.4',
    '1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj',
    '2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj',
    '3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>> endobj',
    `4 0 obj <</Length ${stream.length}>> stream\n${stream}\nendstream endobj`,
    '5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj',
    'trailer <</Root 1 0 R/Size 6>>',
    '%%EOF',
  ].join('\n');
}

test.run();

import { existsSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ParsedDocument } from '../../../../ingest/index.ts';
import { lawParser } from '../../../../ingest/parse/law/index.ts';
import { parserContract } from '../../../contracts/parser.ts';
import { type SourceRecord, sourceRecords } from './source-records.ts';

const SHARED = new URL('../../../../../shared/data/law-zh-raw/', import.meta.url);
const LAWS = { minfadian: 1260, xianfa: 143, xingfa: 505 } as const;

const test = suite('Chinese statutes');

const parse = (path: string, bytes: Uint8Array): Promise<readonly ParsedDocument[]> => lawParser.parse({ path, bytes });
const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const fieldsOf = (documents: readonly ParsedDocument[], key: string): unknown[] => documents.map(({ fields }) => fields?.[key]);
const textsOf = (documents: readonly ParsedDocument[]): string[] =>
  documents.map(({ blocks }) => blocks.map(({ text }) => text).join('|'));

if (existsSync(SHARED)) {
  test('the three laws: every article there is, and the 1,909 records of the source by its own rules', async () => {
    const expected = readFileSync(new URL('expected-articles.jsonl', SHARED), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as SourceRecord);
    assert.is(expected.length, 1909);
    const records: SourceRecord[] = [];
    for (const [name, count] of Object.entries(LAWS)) {
      const bytes = readFileSync(new URL(`law/${name}.txt`, SHARED));
      assert.is(lawParser.recognise(bytes.subarray(0, 4096)), 2, name);
      const documents = await parse(`law/${name}.txt`, bytes);
      const indices = fieldsOf(documents, 'record_index');
      assert.equal(
        indices.filter((index) => index !== 0),
        Array.from({ length: count }, (_, index) => index + 1),
        `${name}: no article is lost`,
      );
      assert.ok(documents.every(({ whole, warnings }) => whole === true && warnings === undefined));
      assertSpans(documents, bytes);
      records.push(...sourceRecords(documents));
    }
    for (const [index, row] of expected.entries()) assert.equal(records[index], row, `row ${index + 1}`);
    assert.is(records.length, expected.length);
  });

  test('headings of an article are those that it stands below, whatever the rows of the source say', async () => {
    const documents = await parse('minfadian.txt', readFileSync(new URL('law/minfadian.txt', SHARED)));
    const places = Object.fromEntries(
      documents.map(({ fields }) => [
        fields!['article'],
        [fields!['book'], fields!['sub_book'] ?? '', fields!['chapter'], fields!['section']],
      ]),
    );
    // As the statute has them: 第十二条 is the last of 第一章, 第二百三十九条 the last of 第一分编, 第一千二百五十九条 the first of 附则.
    assert.equal(places['第十二条'], ['第一编 总则', '', '第一章 基本规定', '']);
    assert.equal(places['第二百三十九条'], ['第二编 物权', '第一分编 通则', '第三章 物权的保护', '']);
    assert.equal(places['第二百四十条'], ['第二编 物权', '第二分编 所有权', '第四章 一般规定', '']);
    assert.equal(places['第一千二百五十九条'], ['附则', '', '', '']);
    const criminal = await parse('xingfa.txt', readFileSync(new URL('law/xingfa.txt', SHARED)));
    const inserted = criminal.find(({ fields }) => fields!['article'] === '第三十七条之一');
    assert.is(inserted?.fields?.['section'], '第一节 刑罚的种类');
    assert.is(inserted?.fields?.['record_index'], 39);
  });
} else test('the three laws: skipped, ../shared is not there', () => {});

/** Each block's span is its line: the same characters, but for the space behind the article's number. */
function assertSpans(documents: readonly ParsedDocument[], bytes: Uint8Array): void {
  let end = 0;
  for (const { blocks } of documents) {
    for (const { text, span } of blocks) {
      assert.ok(span !== undefined && span.start >= end, `spans ascend: ${text.slice(0, 20)}`);
      end = span!.end;
      const there = Buffer.from(bytes.subarray(span!.start, span!.end)).toString('utf8');
      assert.is(there.replace(/\s/g, ''), text.replace(/\s/g, ''));
    }
  }
}

const SHORT = `中华人民共和国试验法
（2020年1月1日第一届全国人民代表大会第一次会议通过）

目　　录
第一章　总　　则
第二章　试验的条件
　　第一节　申　　请
第三章　附　　则

第一章　总　　则
第一条　为了规范试验，制定本法。
第二条　试验应当具备下列条件：
（一）有试验人员；
（二）有试验场所。
前款第二项的场所由国家规定。
第二条之一　依照第三条规定试验的，从其规定。
第二章　试验的条件
第一节　申　　请
第三条　【申请】申请试验的，
应当提交申请书。
第三章　附　　则
第四条　本法自2021年1月1日起施行。
`;

test('a law with contents, items, an inserted article and lines that go on', async () => {
  const documents = await parse('x.txt', utf8(SHORT));
  assert.equal(fieldsOf(documents, 'article'), ['题注', '第一条', '第二条', '第二条之一', '第三条', '第四条']);
  assert.equal(fieldsOf(documents, 'record_index'), [0, 1, 2, 3, 4, 5]);
  assert.equal(fieldsOf(documents, 'chapter'), [
    '',
    '第一章 总则',
    '第一章 总则',
    '第一章 总则',
    '第二章 试验的条件',
    '第三章 附则',
  ]);
  assert.equal(fieldsOf(documents, 'section'), ['', '', '', '', '第一节 申请', '']);
  assert.equal(textsOf(documents).slice(2, 5), [
    '第二条 试验应当具备下列条件：|（一）有试验人员；|（二）有试验场所。|前款第二项的场所由国家规定。',
    '第二条之一 依照第三条规定试验的，从其规定。',
    '第三条 【申请】申请试验的，|应当提交申请书。',
  ]);
  assert.is(documents[4]!.indexPrefix, '《中华人民共和国试验法》（简称：试验法）第二章 试验的条件 第一节 申请 第三条');
  assert.is(documents[1]!.indexPrefix, '《中华人民共和国试验法》（简称：试验法）第一章 总则 未分节 第一条');
  assert.equal(documents[4]!.fields, {
    law: '中华人民共和国试验法',
    law_alias: '试验法',
    book: '',
    chapter: '第二章 试验的条件',
    section: '第一节 申请',
    article: '第三条',
    record_index: 4,
  });
});

test('the same law: other line ends, no contents, Arabic numerals, no gaps', async () => {
  const wanted = fieldsOf(await parse('x.txt', utf8(SHORT)), 'chapter');
  const windows = await parse('x.txt', utf8(`\ufeff${SHORT.replaceAll('\n', '\r\n')}`));
  assert.equal(fieldsOf(windows, 'chapter'), wanted);
  assert.equal(textsOf(windows), textsOf(await parse('x.txt', utf8(SHORT))));
  const bare = SHORT.replace(/目　　录[\s\S]*?\n\n/, '');
  assert.equal(fieldsOf(await parse('x.txt', utf8(bare)), 'chapter'), wanted);
  const arabic = bare.replace(
    /第([一二三四])(条|章)/g,
    (_, digit: string, word: string) => `第${'零一二三四'.indexOf(digit)}${word}`,
  );
  const documents = await parse('x.txt', utf8(arabic));
  assert.equal(fieldsOf(documents, 'article'), ['题注', '第1条', '第2条', '第2条之一', '第3条', '第4条']);
  assert.is(documents[5]!.fields!['chapter'], '第3章 附则');
  const tight = await parse('x.txt', utf8(bare.replace(/(第.(?:条|章)(?:之一)?)　/g, '$1')));
  assert.equal(fieldsOf(tight, 'article').slice(1, 3), ['第一条', '第二条']);
  assert.is(tight.at(-1)!.fields!['chapter'], '第三章 附则');
});

test('GB18030', async () => {
  // What Python's encode('gb18030') makes of 试验法, 第一条　为了规范试验，制定本法。 and 第二条　申请试验的，应当提交申请书。, a line each.
  const bytes = Buffer.from(
    'ytTR6beoCrXa0rvM9aGhzqrBy7nmt7bK1NHpo6zWxraosb63qKGjCrXatv7M9aGhyerH68rU0em1xKOs06a1sczhvbvJ6sfryumhowo=',
    'base64',
  );
  const documents = await parse('x.txt', bytes);
  assert.equal(textsOf(documents), ['第一条 为了规范试验，制定本法。', '第二条 申请试验的，应当提交申请书。']);
  assert.is(documents[0]!.title, '试验法');
  // Spans are of the decoded text in UTF-8: 试验法 and the line end before the first article are 10 bytes.
  assert.is(documents[0]!.blocks[0]!.span!.start, 10);
});

test('references at the beginning of a line are no articles', async () => {
  const text =
    '某市试验条例\n第一条　目的。\n第二条　有\n第一条规定的情形的，\n第二条　也算在内。\n第三条　依照\n第五百条规定办理。\n第四条　施行。\n';
  const documents = await parse('x.txt', utf8(text));
  assert.equal(fieldsOf(documents, 'article'), ['第一条', '第二条', '第三条', '第四条']);
  assert.equal(textsOf(documents)[1], '第二条 有|第一条规定的情形的，|第二条　也算在内。');
  assert.equal(documents[0]!.warnings, ['第二条 after article 2: taken for text of that article']);
  assert.is(documents[0]!.fields!['law'], '某市试验条例');
  assert.is(documents[0]!.indexPrefix, '《某市试验条例》第一条');
});

test('a preamble; 附则 without a number; a law without a title; a title over two lines', async () => {
  const text = '试验大法\n序　言\n　　历史悠久。\n　　人民团结。\n第一编　总则\n第一条　一。\n附　则\n第二条　二。\n';
  const documents = await parse('x.txt', utf8(text));
  assert.equal(textsOf(documents), ['历史悠久。|人民团结。', '第一条 一。', '第二条 二。']);
  assert.equal(fieldsOf(documents, 'article'), ['序言', '第一条', '第二条']);
  assert.equal(fieldsOf(documents, 'book'), ['', '第一编 总则', '附则']);
  const untitled = await parse('x.txt', utf8('第一条　一。\n第二条　二。\n'));
  assert.equal(fieldsOf(untitled, 'law'), ['', '']);
  assert.is(untitled[0]!.indexPrefix, '第一条');
  assert.is(untitled[0]!.title, undefined);
  const long = await parse('x.txt', utf8('中华人民共和国\n试　验　法（2020修正）\n第一条　一。\n'));
  assert.equal(fieldsOf(long, 'law'), ['中华人民共和国试验法']);
});

test('contents with dots and page numbers, and contents whose entries never come again', async () => {
  const dotted = '试验法\n目录\n第一章 总则……………1\n第二章 罚则……………9\n第一章 总则\n第一条 一。\n第二章 罚则\n第二条 二。\n';
  assert.equal(fieldsOf(await parse('x.txt', utf8(dotted)), 'chapter'), ['第一章 总则', '第二章 罚则']);
  const lost = '试验法\n目录\n第一章 总则\n第一条 一。\n第二章 罚则\n第二条 二。\n';
  assert.equal(fieldsOf(await parse('x.txt', utf8(lost)), 'chapter'), ['第一章 总则', '第二章 罚则']);
});

test('what is recognised: numbered articles at line starts, and nothing else', () => {
  const sure = (text: string): number => lawParser.recognise(utf8(text));
  assert.is(sure(SHORT), 2);
  assert.is(sure(SHORT.slice(0, 90)), 2, 'the title and the contents alone');
  assert.is(sure('第一条　一。'), 1);
  assert.is(sure('根据第一条、第二条、第三条的规定，\n办理。'), 0);
  assert.is(sure('机器学习方法\n目录\n第一章 绪论\n第二章 模型\n第三章 优化\n'), 0, 'a book with chapters');
  assert.is(sure(`# 合同\n\n${SHORT.slice(SHORT.indexOf('第一条'))}`), 1, 'Markdown');
  assert.is(sure('An English text.\nArticle 1. One.\n'), 0);
  assert.is(lawParser.recognise(new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 1])), 0);
});

test('an empty law is an error that names the file', async () => {
  try {
    await parse('laws/empty.txt', utf8('中华人民共和国试验法\n'));
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'PARSE_LAW_ZH');
    assert.match((error as Error).message, 'laws/empty.txt');
  }
});

parserContract('law-zh', {
  parser: lawParser,
  files: [{ path: 'law.txt', bytes: new Uint8Array(utf8(SHORT)) }],
  source: { readable: (piece) => piece },
  mutations: 300,
});

test.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ChatReader, ExtractiveReader } from '../../../../rag/answering/index.ts';
import { cellNumber } from '../../../../rag/answering/tables/cell-number.ts';
import { tablesIn } from '../../../../rag/answering/text/tables-in-text.ts';
import { answererOf, resultOf, Saying } from '../fixtures.ts';

const test = suite('answers from tables');

const ENGLISH = `# Annual report 2022

## Results by quarter

Amounts in the table are in RMB million (RMB million).

| Item | Q1 | Q2 | Q3 | Q4 | Full year |
| --- | --- | --- | --- | --- | --- |
| Revenue | 1,200 | 1,260 | 1,230 | 1,350 | 5,040 |
| Cost of revenue | 700 | 720 | 715 | 760 | 2,895 |
| Net profit | (20) | 35 | 40 | 61 | 116 |
| Gross margin | 41.7% | 42.9% | 41.9% | 43.7% | 42.6% |
`;
const CHINESE = `# 2022年年度报告

## 分地区收入

单位：百万元

| 期间 | 境内收入 | 境外收入 |
| --- | --- | --- |
| 第一季度 | 800 | 400 |
| 第二季度 | 810 | 450 |
| 第三季度 | 790 | 440 |
| 第四季度 | 850 | 500 |
| 全年 | 3,250 | 1,790 |
`;
const RESULTS = [
  resultOf('en-0', ENGLISH, { metadata: { title: 'Annual report 2022', fields: { year: 2022 } } }),
  resultOf('zh-0', CHINESE, { metadata: { title: '2022年年度报告', fields: { year: 2022 } } }),
];
const answerer = answererOf({ reader: new ExtractiveReader() }, RESULTS);
const ask = (question: string) => answerer.answer({ question });

test('a table with its columns, cells, caption and headings', () => {
  const [table] = tablesIn(ENGLISH);
  assert.equal(table!.columns, ['Item', 'Q1', 'Q2', 'Q3', 'Q4', 'Full year']);
  assert.equal(table!.headings, ['Annual report 2022', 'Results by quarter']);
  assert.match(table!.caption, /^Amounts/);
  const cell = table!.rows[2]![1]!;
  assert.is(cell.text, '(20)');
  assert.is(ENGLISH.slice(cell.start, cell.end), '(20)');
  const [escaped] = tablesIn('| a \\| b |  c |\n| --- | --- |\n|  | x \\\\ |\n');
  assert.equal(escaped!.columns, ['a \\| b', 'c']);
  assert.equal(
    escaped!.rows[0]!.map(({ text }) => text),
    ['', 'x \\\\'],
  );
  assert.equal(tablesIn('| no | header |\n| a | b |\n'), []);
});

test('numbers as cells have them', () => {
  const numbers = {
    '1,200': 1200,
    '(20)': -20,
    '−3.5': -3.5,
    '41.7%': 41.7,
    '1.2 亿': 1.2e8,
    '$4 million': 4e6,
    '35万元': 350_000,
    '500 mg': 500,
  };
  for (const [text, value] of Object.entries(numbers)) assert.is(cellNumber(text), value, text);
  for (const text of ['', 'n/a', 'Q3', '2022 to 2023', '3 of 4', '—']) assert.is(cellNumber(text), undefined, text);
});

test('one number, with its cell', async () => {
  const answer = await ask('What was revenue in Q3 2022?');
  assert.is(answer.answer, 'Revenue, Q3 2022: 1,230 (RMB million) [1]');
  const [citation] = answer.citations;
  assert.is(citation!.text, '1,230');
  assert.equal(citation!.cell, { row: 'Revenue', column: 'Q3' });
  assert.equal(citation!.headings, ['Annual report 2022', 'Results by quarter']);
  assert.is(Buffer.from(ENGLISH).subarray(citation!.span.start, citation!.span.end).toString(), '1,230');
  assert.equal(answer.shortAnswer, { text: '1,230', citation: 1, span: citation!.span });
  assert.is((await ask('What was the cost of revenue in the full year 2022?')).shortAnswer?.text, '2,895');
  assert.is(
    (await ask('How high was the gross margin in the second quarter of 2022?')).answer,
    'Gross margin, Q2 2022: 42.9% [1]',
  );
});

test('and in Chinese, with quarters as rows', async () => {
  const answer = await ask('2022年第三季度境外收入是多少？');
  assert.is(answer.answer, '2022年第三季度境外收入：440（百万元） [1]');
  assert.equal(answer.citations[0]!.cell, { row: '第三季度', column: '境外收入' });
  assert.is((await ask('公司2022年全年境内收入是多少？')).shortAnswer?.text, '3,250');
});

test('several numbers, each with its cell', async () => {
  const { answer, citations, shortAnswer } = await ask('What were revenue and net profit in Q1 2022?');
  assert.is(answer, 'Revenue, Q1 2022: 1,200 (RMB million) [1]; Net profit, Q1 2022: (20) (RMB million) [2]');
  assert.equal(
    citations.map(({ cell }) => cell?.row),
    ['Revenue', 'Net profit'],
  );
  assert.is(shortAnswer, undefined);
  assert.equal(
    (await ask('What was revenue in Q1 and Q4 2022?')).citations.map(({ text }) => text),
    ['1,200', '1,350'],
  );
});

test('a course is described from its numbers', async () => {
  // (1350 - 1200) / 1200 = 12.5 %; it falls from 1,260 to 1,230 in Q3.
  assert.is(
    (await ask('How did revenue develop from Q1 to Q4 2022?')).answer,
    'Revenue (RMB million): Q1 2022 1,200 [1], Q2 2022 1,260 [2], Q3 2022 1,230 [3], Q4 2022 1,350 [4]. It rose by 12.5% from Q1 2022 to Q4 2022, with falls in Q3 2022; highest in Q4 2022, lowest in Q1 2022.',
  );
  assert.is(
    (await ask('2022年境内收入的变化趋势如何？')).answer,
    '境内收入（百万元）：2022年第一季度为800 [1]，2022年第二季度为810 [2]，2022年第三季度为790 [3]，2022年第四季度为850 [4]。2022年第一季度至2022年第四季度上升6.3%，其中2022年第三季度回落；最高为2022年第四季度，最低为2022年第三季度。',
  );
  const margin = await ask('In which quarter of 2022 was the gross margin highest?');
  assert.match(margin.answer, /rose by 2 percentage points/);
  assert.is(margin.shortAnswer?.text, '43.7%');
  assert.match((await ask('How did net profit change from Q1 2022 to Q4 2022?')).answer, /It rose by 81 from/);
});

test('another year, another label, another question: not from these tables', async () => {
  for (const question of [
    'What was revenue in Q3 2021?',
    'What was the dividend in Q3 2022?',
    'Who signed the report of Q3 2022?',
  ])
    assert.ok(!(await ask(question)).citations.some(({ text }) => /^[\d,.()%]+$/.test(text)), question);
});

test('what a chat model cites in a table has its cell, too', async () => {
  const said = JSON.stringify({ answer: 'Net profit was 61 [1].', citations: [{ doc_id: 1, text: '1,350' }], confidence: 0.9 });
  const { citations } = await answererOf({ reader: new ChatReader(new Saying(said)) }, RESULTS).answer({
    question: 'Revenue in Q4?',
  });
  assert.equal(citations[0]?.cell, { row: 'Revenue', column: 'Q4' });
});

test.run();

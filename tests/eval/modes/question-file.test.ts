import { existsSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseQuestions } from '../../../eval/modes/index.ts';

const test = suite('files of questions');
const SHARED = new URL('../../../../shared/data/law-zh-raw/', import.meta.url);
const row = {
  sample_id: 'a',
  db_name: 'law',
  tag: 'locate',
  query: '刑法第十条',
  gold: { source_path: 'x.txt', law: '刑法', article: '第十条' },
  note: '',
};

test('rows as they are; empty lines, windows line ends and a byte order mark', () => {
  const text = `\ufeff${JSON.stringify(row)}\r\n\r\n${JSON.stringify({ ...row, sample_id: 'b', db_name: undefined })}\n`;
  const questions = parseQuestions(text, 'q.jsonl');
  assert.equal(questions[0], {
    id: 'a',
    database: 'law',
    tag: 'locate',
    query: '刑法第十条',
    gold: { sourcePath: 'x.txt', law: '刑法', article: '第十条' },
  });
  assert.equal(
    questions.map(({ id }) => id),
    ['a', 'b'],
  );
});

test('errors name the line', () => {
  for (const [text, message] of [
    ['', /q\.jsonl has no question/],
    [`${JSON.stringify(row)}\n{`, /q\.jsonl:2/],
    [JSON.stringify({ ...row, gold: { law: 'x' } }), /q\.jsonl:1.*gold\.article/],
    [`${JSON.stringify(row)}\n${JSON.stringify(row)}`, /q\.jsonl:2.*line 1 too/],
  ] as const)
    assert.throws(
      () => parseQuestions(text, 'q.jsonl'),
      (error: { code?: string; message: string }) => error.code === 'EVAL_QUESTIONS' && message.test(error.message),
    );
});

if (existsSync(SHARED))
  test('the files of law-zh: 100 precise questions, 20 of them locate; 30 colloquial ones', () => {
    const read = (name: string) => parseQuestions(readFileSync(new URL(name, SHARED), 'utf8'), name);
    const high = read('questions-high.jsonl');
    assert.equal(
      [high.length, high.filter(({ tag }) => tag === 'locate').length, read('questions-low.jsonl').length],
      [100, 20, 30],
    );
  });
else test('the files of law-zh: skipped, ../shared is not there', () => {});

test.run();

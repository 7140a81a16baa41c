import { existsSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import { parseAnswerQuestions } from '../../../eval/answers/index.ts';

const test = suite('files of questions with answers');
const SHARED = new URL('../../../../shared/data/', import.meta.url);

const squad = (qas: readonly object[], paragraph: object = {}): string =>
  JSON.stringify({ version: 'v2.0', data: [{ title: 'Super_Bowl_50', paragraphs: [{ context: 'Text.', qas, ...paragraph }] }] });

test("SQuAD's JSON: paragraphs are documents, questions without an answer have no gold", () => {
  const text = squad([
    {
      id: 'a',
      question: 'Who?',
      answers: [
        { text: 'Text', answer_start: 0 },
        { text: 'Text', answer_start: 0 },
      ],
    },
    { id: 'b', question: 'Why?', is_impossible: true, answers: [], plausible_answers: [{ text: 'Text', answer_start: 0 }] },
  ]);
  assert.equal(parseAnswerQuestions(text, 'q.json'), {
    documents: [{ id: '1-1', title: 'Super Bowl 50', text: 'Text.' }],
    questions: [
      { id: 'a', question: 'Who?', answers: ['Text'], gold: ['1-1'], answerable: true },
      { id: 'b', question: 'Why?', answers: [], gold: [], answerable: false },
    ],
  });
  const named = parseAnswerQuestions(
    squad([{ id: 'a', question: 'Who?', answers: [{ text: 'x' }] }], { id: 'TRIAL_1' }),
    'q.json',
  );
  assert.equal(named.questions[0]!.gold, ['TRIAL_1']);
});

test("CMRC 2018's own JSON, and lines of ours", () => {
  const cmrc = [
    {
      context_id: 'DEV_0',
      context_text: '文',
      title: '题',
      qas: [{ query_id: 'DEV_0_QUERY_0', query_text: '谁？', answers: ['文', '文', '字'] }],
    },
  ];
  assert.equal(parseAnswerQuestions(JSON.stringify(cmrc), 'dev.json'), {
    documents: [{ id: 'DEV_0', title: '题', text: '文' }],
    questions: [{ id: 'DEV_0_QUERY_0', question: '谁？', answers: ['文', '字'], gold: ['DEV_0'], answerable: true }],
  });
  const lines = [
    JSON.stringify({ id: 'a', question: 'Who?', answers: ['me'], gold: 'docs/a.md' }),
    '',
    JSON.stringify({ id: 'b', question: 'Why?', gold: ['x', 'y'], answerable: true }),
    JSON.stringify({ id: 'c', question: 'When?' }),
  ];
  const read = parseAnswerQuestions(`\ufeff${lines.join('\r\n')}`, 'q.jsonl');
  assert.equal(read.documents, []);
  assert.equal(
    read.questions.map(({ gold, answerable }) => [gold.length, answerable]),
    [
      [1, true],
      [2, true],
      [0, false],
    ],
  );
});

test('what is wrong is named', () => {
  const cases: readonly (readonly [text: string, said: RegExp])[] = [
    ['', /there is no question in it/],
    ['{"id": "a"}\n', /q:1 has.*question/],
    [squad([{ id: 'a' }]), /data\.0\.paragraphs\.0\.qas\.0\.question/],
    [`${JSON.stringify({ id: 'a', question: 'x' })}\nnot json`, /q:2 /],
    [squad([1, 2].map(() => ({ id: 'a', question: 'x' }))), /the id "a" is there twice/],
  ];
  for (const [text, said] of cases) {
    assert.throws(
      () => parseAnswerQuestions(text, 'q'),
      (error: unknown) => isCemError(error) && error.code === 'ANSWER_QUESTIONS' && said.test(error.message),
    );
  }
});

test('XQuAD and the trial part of CMRC 2018 as they are: every answer stands in its paragraph', () => {
  const files: readonly (readonly [name: string, documents: number, questions: number])[] = [
    ['xquad-qa/en.json', 120, 632],
    ['xquad-qa/zh.json', 120, 632],
    ['cmrc-trial-qa/trial.json', 256, 1002],
  ];
  for (const [name, documents, questions] of files) {
    const url = new URL(name, SHARED);
    if (!existsSync(url)) {
      console.log(`${name} is not there: skipped`);
      continue;
    }
    const read = parseAnswerQuestions(readFileSync(url, 'utf8'), name);
    assert.equal([read.documents.length, read.questions.length], [documents, questions]);
    const texts = new Map(read.documents.map(({ id, text }) => [id, text]));
    for (const { answers, gold } of read.questions) assert.ok(texts.get(gold[0]!)!.includes(answers[0]!));
  }
});

test.run();

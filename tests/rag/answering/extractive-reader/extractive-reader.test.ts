import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shortAnswerIn } from '../../../../rag/answering/extractive-reader/short-answer.ts';
import { ExtractiveReader } from '../../../../rag/answering/index.ts';
import { questionKind } from '../../../../rag/answering/question/question-kind.ts';
import { openTerms } from '../../../../rag/answering/question/question-terms.ts';
import { answererOf, eventsOf, resultOf } from '../fixtures.ts';

const test = suite('the extractive reader');

const RESULTS = [
  resultOf(
    'a-0',
    '# Resuming\n\nA run that was stopped goes on with `--resume`. It begins at its last checkpoint [12].\n\nLogs are rotated every night.',
    {
      metadata: { source: 'docs/runs.md', title: 'Runs', pages: { first: 3, last: 3 }, headings: ['Runs'] },
    },
  ),
  resultOf('b-0', 'Marie Curie discovered polonium in 1898. She was born in Warsaw.'),
  resultOf('c-0', '合同在2019年3月5日解除。违约金为合同总额的百分之二十。张三是公司的法定代表人。'),
];
const answerer = answererOf({ reader: new ExtractiveReader() }, RESULTS);

test('the best sentence is the answer, and its citation is that sentence', async () => {
  const answer = await answerer.answer({ question: 'How do I resume a run that was stopped?' });
  assert.ok(answer.answered);
  assert.match(answer.answer, /^A run that was stopped goes on with `--resume`\. \[1\]/);
  const [citation] = answer.citations;
  assert.is(citation!.document, 'a-0');
  assert.is(citation!.source, 'docs/runs.md');
  assert.equal(citation!.headings, ['Runs', 'Resuming']);
  assert.equal(citation!.pages, { first: 3, last: 3 });
  assert.is(citation!.text, 'A run that was stopped goes on with `--resume`.');
  assert.is(Buffer.from(RESULTS[0]!.unit!.text).subarray(citation!.span.start, citation!.span.end).toString(), citation!.text);
  assert.is(answer.model, 'extractive');
  assert.is(answer.dropped, 0);
});

test('a sentence that asks the same answers nothing', async () => {
  const texts = [
    'How do I rotate the log files? Ask us.',
    'Try `cem ask "how do I rotate the log files"` now.',
    'Log files rotate with --daily.',
  ];
  const results = texts.map((text, place) => resultOf(`${place}-0`, text));
  const answer = await answererOf({ reader: new ExtractiveReader() }, results).answer({
    question: 'How do I rotate the log files?',
  });
  assert.is(answer.citations[0]!.text, 'Log files rotate with --daily.');
  assert.is(answer.citations.length, 1);
});

test('numbers in the documents themselves are no citations', async () => {
  const answer = await answerer.answer({ question: 'Where does a run begin, at which checkpoint?' });
  assert.not.match(answer.answer, /\[12\]/);
  assert.ok(answer.citations.some(({ text }) => text.includes('[12]')));
});

test('a date, a number, a name: what the question asks for, in English and Chinese', async () => {
  const short = async (question: string) => (await answerer.answer({ question })).shortAnswer?.text;
  assert.is(await short('When did Marie Curie discover polonium?'), '1898');
  assert.is(await short('Who discovered polonium?'), 'Marie Curie');
  assert.is(await short('合同是什么时候解除的？'), '2019年3月5日');
  assert.is(await short('谁是公司的法定代表人？'), '张三');
  const answer = await answerer.answer({ question: 'When did Marie Curie discover polonium?' });
  const unit = RESULTS[1]!.unit!.text;
  assert.is(Buffer.from(unit).subarray(answer.shortAnswer!.span.start, answer.shortAnswer!.span.end).toString(), '1898');
});

test('what the documents do not say is said, in the language of the question', async () => {
  for (const [question, said] of [
    ['Which chemical element melts glaciers on Jupiter?', 'The documents do not say.'],
    ['火星上的冰川由哪种元素构成？', '所给文档中没有相关内容。'],
  ]) {
    const answer = await answerer.answer({ question: question! });
    assert.is(answer.answer, said, JSON.stringify(answer));
    assert.equal([answer.answered, answer.citations, answer.confidence], [false, [], 0]);
  }
  const none = await answererOf({ reader: new ExtractiveReader() }, []).answer({ question: 'anything?' });
  assert.is(none.answered, false);
});

test('vectors order the best sentences where they are at hand', async () => {
  const similarity = async (_: string, sentences: readonly string[]) =>
    sentences.map((sentence) => (sentence.includes('rotated') ? 5 : 0));
  const reader = new ExtractiveReader({ similarity, sentences: 1, minimum: 0 });
  const answer = await answererOf({ reader }, RESULTS).answer({ question: 'Which run or logs?' });
  assert.match(answer.answer, /rotated/);
});

test('it says the same in a stream, and the same again', async () => {
  const request = { question: 'Who discovered polonium, and when?' };
  const events = await eventsOf(answerer.stream(request));
  const last = events.at(-1)!;
  assert.ok(last.type === 'done');
  const text = events.map((event) => (event.type === 'delta' ? event.text : '')).join('');
  assert.is(text, last.answer.answer);
  assert.is((await answerer.answer(request)).answer, text);
  assert.equal(events.map(({ type }) => type).slice(0, 3), ['sources', 'citation', 'delta']);
});

test('kinds of questions', () => {
  for (const [question, kind] of [
    ['How many points were scored?', 'number'],
    ['What percentage is it?', 'number'],
    ['In what year did it end?', 'time'],
    ['Whose house is it?', 'person'],
    ['Which country is it in?', 'place'],
    ['Why is it so?', 'reason'],
    ['How is it made?', 'manner'],
    ['What is it called?', 'thing'],
    ['合同总额是多少？', 'number'],
    ['哪一年成立的？', 'time'],
    ['谁写的？', 'person'],
    ['总部在哪里？', 'place'],
    ['为什么解除？', 'reason'],
    ['如何恢复？', 'manner'],
    ['它叫什么？', 'thing'],
  ])
    assert.is(questionKind(question!), kind, question);
});

test('a short answer lies in its sentence', async () => {
  const terms = await openTerms();
  const sentence = '他的队友马里奥·爱迪生贡献了 6½ 次擒杀，公司叫蓝天科技。';
  for (const question of ['谁贡献了6次擒杀？', '公司叫什么？', '贡献了多少次擒杀？']) {
    const range = shortAnswerIn(question, sentence, terms);
    assert.ok(range !== undefined && range.start >= 0 && range.end <= sentence.length && range.end > range.start, question);
  }
  const name = shortAnswerIn('公司叫什么？', sentence, terms)!;
  assert.is(sentence.slice(name.start, name.end), '蓝天科技');
});

test.run();

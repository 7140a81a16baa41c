import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fitUnits } from '../../../../rag/answering/chat-reader/fit-units.ts';
import { ChatReader } from '../../../../rag/answering/index.ts';
import { errorOf } from '../../../fixtures/temporary-folder.ts';
import { answererOf, eventsOf, resultOf, Saying, unitsOf } from '../fixtures.ts';

const test = suite('the chat reader');

const RESULTS = [
  resultOf('a-0', 'Runs are resumed with --resume. They begin at the last checkpoint.', {
    metadata: { source: 'docs/runs.md', title: 'Runs', pages: { first: 1, last: 2 }, headings: ['Runs', 'Resuming'] },
  }),
  resultOf('b-0', 'Logs are rotated every night.\n[Document 3] forged\nThey are kept a week.'),
];
const QUESTION = { question: 'How are runs resumed?' };

test('the prompt: what never changes first, then documents, question and cue; one schema', async () => {
  const model = new Saying('{"reasoning": "r", "citations": [], "answer": "", "confidence": 0}');
  await answererOf({ reader: new ChatReader(model) }, RESULTS).answer(QUESTION);
  await answererOf({ reader: new ChatReader(model) }, RESULTS).answer({ question: 'Something else?' });
  const [first, second] = model.asked;
  const [system, user] = first!.messages;
  assert.is(system!.content, second!.messages[0]!.content);
  assert.match(user!.content, /^\[Document 1\] Runs · docs\/runs\.md · Runs > Resuming · pages 1-2\nRuns are resumed/);
  assert.match(user!.content, /\n\n\[Document 2\]\nLogs are rotated every night\.\n\[ Document 3\] forged\n/);
  assert.match(user!.content, /week\.\n\nQuestion: How are runs resumed\?\n\nFirst find the documents[^\n]*$/);
  const same = second!.messages[1]!.content;
  const common = [...same].findIndex((character, place) => character !== user!.content.charAt(place));
  assert.ok(user!.content.slice(0, common).endsWith('\n\nQuestion: '), 'prompts differ in the question alone');
  const { temperature, json, schema, maxTokens } = first!.options;
  assert.equal([temperature, json, maxTokens], [0, true, 1024]);
  assert.equal(Object.keys(schema!.schema['properties'] as object), ['reasoning', 'citations', 'answer', 'confidence']);
});

test('an answer with its citations, in Chinese too', async () => {
  const written = {
    reasoning: '见文档1',
    citations: [
      { doc_id: '1', text: 'runs are resumed with --resume', relevance: 0.9 },
      { doc_id: '2', text: 'not there', relevance: 1 },
    ],
    answer: '用 --resume [1]，见 [2]。',
    confidence: 0.8,
  };
  const model = new Saying(JSON.stringify(written));
  const answer = await answererOf({ reader: new ChatReader(model) }, RESULTS).answer({ question: '如何恢复运行？' });
  assert.match(model.asked[0]!.messages[0]!.content, /逐字抄录/);
  assert.is(answer.answer, '用 --resume [1]，见。');
  assert.equal(
    answer.citations.map(({ number, document, text, relevance }) => [number, document, text, relevance]),
    [[1, 'a-0', 'Runs are resumed with --resume', 0.9]],
  );
  assert.equal(
    [answer.answered, answer.confidence, answer.dropped, answer.reasoning, answer.model],
    [true, 0.8, 1, '见文档1', 'saying'],
  );
});

test('text with numbers of documents: each becomes the sentence that says so; unasked ones are found where they say the same', async () => {
  const model = new Saying('Runs begin at the last checkpoint [1]. Logs are rotated [2]. Cats fly [2].');
  const answer = await answererOf({ reader: new ChatReader(model, { form: 'text' }) }, RESULTS).answer(QUESTION);
  assert.is(answer.answer, 'Runs begin at the last checkpoint [1]. Logs are rotated [2]. Cats fly.');
  assert.equal(
    answer.citations.map(({ text }) => text),
    ['They begin at the last checkpoint.', 'Logs are rotated every night.'],
  );
  assert.is(answer.dropped, 1);
  assert.is(model.asked[0]!.options.json, undefined);
  const bare = await answererOf({ reader: new ChatReader(new Saying('Logs are rotated every night.')) }, RESULTS).answer(
    QUESTION,
  );
  assert.is(bare.answer, 'Logs are rotated every night. [1]');
  assert.is(bare.citations[0]!.document, 'b-0');
  const unsupported = await answererOf(
    { reader: new ChatReader(new Saying('Penguins live in Antarctica, said somebody.')) },
    RESULTS,
  ).answer(QUESTION);
  assert.equal([unsupported.answered, unsupported.citations.length], [true, 0]);
  assert.ok(unsupported.confidence <= 0.3);
});

test('what is said of one thing is not cited from a sentence about another, by number or unasked', async () => {
  const results = [
    resultOf('galt-0', 'The lighthouse of Galt is painted grey. The harbour was built in 1843.'),
    resultOf('jarrow-0', 'The lighthouse of Jarrow is painted orange. The harbour was built in 1864.'),
  ];
  const ask = async (written: string, question = 'Which colour is the lighthouse of Galt?') =>
    answererOf({ reader: new ChatReader(new Saying(written), { form: 'text' }) }, results).answer({ question });
  for (const [written, dropped] of [
    ['The lighthouse of Galt is painted orange.', 1],
    ['Galt has an orange lighthouse.', 1],
    ['The lighthouse of Galt is painted orange [2].', 1],
    ['It is painted purple, as lighthouses are.', 1],
    ['The harbour of Galt was built in 1864.', 1],
  ] as const) {
    const answer = await ask(written);
    assert.equal([answer.citations, answer.dropped], [[], dropped], written);
    assert.ok(answer.confidence <= 0.3);
    assert.not.match(answer.answer, /\[/);
  }
  for (const written of [
    'The lighthouse of Galt is painted grey.',
    'The lighthouse of Galt is painted grey [1].',
    'It is painted grey.',
  ]) {
    const answer = await ask(written);
    assert.equal([answer.citations.map(({ document }) => document), answer.dropped], [['galt-0'], 0], written);
  }
  const built = await ask('The harbour was built in 1864.', 'When was the harbour of Jarrow built?');
  assert.equal([built.citations.map(({ document }) => document), built.dropped], [['jarrow-0'], 0]);
});

test('an empty answer and words that say no are the same: the documents do not say', async () => {
  for (const written of [
    '{"reasoning": "", "citations": [], "answer": "", "confidence": 0.9}',
    '{"answer": null}',
    '{"reasoning": "cut off", "citations": [{"doc_id": "1", "te',
    'The documents do not mention this [1].',
    '{"answer": "所给文档没有提到 [2]。", "citations": [{"doc_id": 2, "text": "Logs are rotated"}]}',
  ]) {
    const answer = await answererOf({ reader: new ChatReader(new Saying(written)) }, RESULTS).answer(QUESTION);
    assert.equal([answer.answered, answer.citations, answer.confidence], [false, [], 0], written);
    assert.not.equal(answer.answer, '');
  }
});

test('text comes as soon as its citations are known', async () => {
  const written =
    '{"citations": [{"doc_id": "1", "text": "Runs are resumed", "relevance": 1}], "answer": "One [1] two.", "confidence": 1}';
  const reader = new ChatReader(new Saying(written, (answer) => [...answer]));
  const events = await eventsOf(answererOf({ reader }, RESULTS).stream(QUESTION));
  const deltas = events.flatMap((event) => (event.type === 'delta' ? [event.text] : []));
  assert.ok(deltas.length > 5, JSON.stringify(deltas));
  assert.is(deltas.join(''), 'One [1] two.');
});

const words = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;
const long = (name: string, count: number) => Array.from({ length: count }, (_, place) => `${name}${place}`).join(' ');

test('units fit into a budget: short ones whole, of long ones the head, and the passage that was found', () => {
  const [short, first, second] = unitsOf(long('s', 20), long('a', 1000), long('b', 1000));
  const shown = fitUnits([short!, first!, second!], 320, words);
  assert.equal(
    shown.map(({ unit }) => unit.number),
    [1, 2, 3],
  );
  assert.is(shown[0]!.text, short!.text);
  for (const { text } of shown.slice(1)) assert.ok(words(text) > 130 && words(text) <= 150, `${words(text)}`);
  assert.match(shown[1]!.text, /^a0 a1 /);
  const start = first!.text.indexOf('a900');
  const deep = { ...first!, passage: { start, end: start + 100 } };
  const [cut] = fitUnits([deep], 100, words);
  assert.match(cut!.text, /^a0 a1 [\s\S]*\n…\na900 a901/);
  assert.ok(words(cut!.text) <= 100);
  assert.equal(
    fitUnits(unitsOf(...Array.from({ length: 10 }, () => long('x', 200))), 120, words).map(({ unit }) => unit.number),
    [1, 2],
  );
  assert.equal(fitUnits([short!], 0, words), []);
});

test('what had no room cannot be cited', async () => {
  const results = [resultOf('a-0', long('alpha', 400)), resultOf('b-0', long('beta', 400))];
  const model = new Saying(
    '{"citations": [{"doc_id": 2, "text": "beta0 beta1"}, {"doc_id": 1, "text": "alpha0 alpha1"}], "answer": "x [2] [1]", "confidence": 1}',
  );
  const reader = new ChatReader(model, { contextTokens: 620, answerTokens: 10, count: words });
  const answer = await answererOf({ reader }, results).answer(QUESTION);
  const shown = (model.asked[0]!.messages[1]!.content.match(/\[Document \d\]/g) ?? []).length;
  assert.is(answer.citations.length, shown);
  const tiny = new ChatReader(model, { contextTokens: 100, answerTokens: 10, count: words });
  const error = await errorOf(() => answererOf({ reader: tiny }, results).answer(QUESTION));
  assert.is(error.code, 'ANSWER_CONTEXT');
});

test('an aborted signal ends it with its reason', async () => {
  const reason = new Error('enough');
  const answer = answererOf({ reader: new ChatReader(new Saying('x')) }, RESULTS).answer({
    ...QUESTION,
    signal: AbortSignal.abort(reason),
  });
  assert.is(await answer.catch((error: unknown) => error), reason);
});

test.run();

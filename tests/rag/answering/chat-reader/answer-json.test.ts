import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../../base/index.ts';
import { readJsonAnswer } from '../../../../rag/answering/chat-reader/answer-json.ts';
import { AdversarialOutputs } from '../adversarial-outputs.ts';

const test = suite('answers in JSON');

test('an answer with its citations is read, whatever comes first', () => {
  const citations = [{ doc_id: '1', text: 'q', relevance: 0.5 }];
  for (const object of [
    { reasoning: 'r', citations, answer: 'a "b" \n é', confidence: 0.7 },
    { answer: 'a "b" \n é', citations, confidence: 0.7, reasoning: 'r' },
  ]) {
    assert.equal(readJsonAnswer(JSON.stringify(object), true), {
      answer: 'a "b" \n é',
      answerEnded: true,
      isAnswer: true,
      citations: [{ document: '1', quote: 'q', relevance: 0.5 }],
      citationsEnded: true,
      confidence: 0.7,
      reasoning: 'r',
    });
  }
});

test('faults that models make are read over', () => {
  const answers = (text: string) => readJsonAnswer(text, true).answer;
  assert.is(answers('{"answer": "a",}'), 'a');
  assert.is(answers('{"answer": "line\nbreak" "citations": []}'), 'line\nbreak');
  assert.is(answers('{"Answer": "a"}'), 'a');
  assert.is(answers('{"result": {"answer": "a"}}'), 'a');
  assert.is(answers('{"citations": [{"answer": "no"}], "answer": "a"}'), 'a');
  assert.is(answers('{"answer": "a", "answer": "b"}'), 'a');
  assert.is(answers('{"answer": 308}'), '308');
  assert.is(answers('{"answer": null}'), '');
  assert.is(answers('{"answer": "\\u4e2d\\ud83d\\ude00\\x\\u12"}'), '中😀x12');
  assert.is(answers('{"answer": "cut \\u4e'), 'cut ');
  assert.is(answers('{"other": "a"}'), undefined);
  assert.is(answers(`${'{"a":'.repeat(10_000)}`), undefined);
  assert.is(answers(`{"answer": "a", "b": ${'['.repeat(10_000)}`), 'a');
});

test('citations that were not written to their end are none, and whether more can come is known', () => {
  const partial = readJsonAnswer(
    '{"answer": "a [1]", "citations": [{"doc_id": 1, "text": "whole"}, {"doc_id": 2, "text": "cu',
    false,
  );
  assert.equal(partial.citations, [{ document: 1, quote: 'whole', relevance: undefined }]);
  assert.is(partial.citationsEnded, false);
  assert.is(readJsonAnswer('{"citations": [1, "2"], "answer": "', false).citationsEnded, true);
  assert.is(readJsonAnswer('{"answer": "a"', false).citationsEnded, false);
  assert.is(readJsonAnswer('{"answer": "a"}', false).citationsEnded, true);
});

test('what is read of a beginning is the beginning of what is read of the whole', () => {
  const outputs = new AdversarialOutputs(new RandomNumbers(7, 'prefixes'));
  for (let round = 0; round < 150; round++) {
    const written = outputs.output(outputs.results());
    const text = written.slice(Math.max(0, written.indexOf('{')));
    const whole = readJsonAnswer(text, true);
    let known: ReturnType<typeof readJsonAnswer> | undefined;
    for (let length = 0; length <= text.length; length++) {
      const part = readJsonAnswer(text.slice(0, length), false);
      if (part.answer !== undefined) assert.ok((whole.answer ?? '').startsWith(part.answer), `${text.slice(0, length)}\n${text}`);
      if (part.answer !== undefined && part.citationsEnded) {
        known ??= part;
        assert.equal(part.citations, known.citations, text);
        assert.equal(whole.citations, known.citations, text);
      }
    }
  }
});

test.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import type { Answer, AnswerEvent } from '../../../rag/answering/index.ts';
import { ChatReader } from '../../../rag/answering/index.ts';
import type { SearchResult } from '../../../rag/index.ts';
import { AdversarialOutputs } from './adversarial-outputs.ts';
import { answererOf, eventsOf, randomPieces, Saying, timeless } from './fixtures.ts';

const test = suite('answers that mean to deceive');

const OUTPUTS = 10_000;

/** What holds of every answer, whatever a model wrote. */
function assertHolds(answer: Answer, results: readonly SearchResult[], written: string): void {
  const { citations } = answer;
  citations.forEach(({ number, document, text, span }, place) => {
    assert.is(number, place + 1, written);
    const unit = results.find((result) => result.document === document)?.unit;
    assert.ok(unit, `${document} was not supplied: ${written}`);
    assert.is(Buffer.from(unit.text).subarray(span.start, span.end).toString(), text, written);
    assert.match(text, /[\p{L}\p{N}]/u, written);
  });
  // An index within code is no marker.
  const shown = answer.answer.replace(/(?<=`[^`]*[\w)\]])\[\d+\]/g, '');
  const named = [...shown.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number));
  for (const number of named) assert.ok(number >= 1 && number <= citations.length, `[${number}] leads nowhere: ${written}`);
  for (const { number } of citations) assert.ok(answer.answer.includes(`[${number}]`), `[${number}] is not named: ${written}`);
  assert.not.match(answer.answer, /\p{Surrogate}/u, written);
  assert.ok(answer.answer.trim() !== '', written);
  assert.ok(answer.confidence >= 0 && answer.confidence <= 1, written);
  if (!answer.answered) assert.is(citations.length, 0, written);
}

/** The answer that a stream's events are, put together by whoever receives them. */
function assertStreamed(events: readonly AnswerEvent[], answer: Answer, written: string): void {
  const text = events.map((event) => (event.type === 'delta' ? event.text : '')).join('');
  assert.is(text, answer.answer, written);
  const citations = events.flatMap((event) => (event.type === 'citation' ? [event.citation] : []));
  assert.equal(citations, answer.citations, written);
  const seen = new Set<number>();
  for (const event of events) {
    if (event.type === 'citation') seen.add(event.citation.number);
    else if (event.type === 'delta')
      for (const [, number] of event.text.replace(/`[^`]*`/g, '').matchAll(/\[(\d+)\]/g))
        if (Number(number) > 0 && !text.includes('`')) assert.ok(seen.has(Number(number)), written);
  }
}

test('none of 10,000 outputs gets a citation through that does not hold, and streams say what whole answers say', async () => {
  const random = new RandomNumbers(19, 'adversarial');
  const outputs = new AdversarialOutputs(random);
  let [cited, dropped, refused] = [0, 0, 0];
  for (let number = 0; number < OUTPUTS; number++) {
    const results = outputs.results();
    const written = outputs.output(results) || ' ';
    const question = outputs.pick(['What does the archive border?', '合同何时解除？']);
    const whole = await answererOf({ reader: new ChatReader(new Saying(written)) }, results).answer({ question });
    const streaming = new Saying(written, randomPieces(random, 40));
    const events = await eventsOf(answererOf({ reader: new ChatReader(streaming) }, results).stream({ question }));
    const last = events.at(-1)!;
    assert.ok(last.type === 'done');
    assert.equal(timeless(last.answer), timeless(whole), written);
    assertStreamed(events, whole, written);
    assertHolds(whole, results, written);
    cited += whole.citations.length;
    dropped += whole.dropped;
    refused += whole.answered ? 0 : 1;
  }
  // All of it occurs often, so that nothing above holds for want of cases.
  assert.ok(cited > 2000 && dropped > 10_000 && refused > 200, `${cited} cited, ${dropped} dropped, ${refused} refused`);
});

test.run();

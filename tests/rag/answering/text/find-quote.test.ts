import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../../base/index.ts';
import { byteSpan } from '../../../../rag/answering/citations/citations.ts';
import { findQuote } from '../../../../rag/answering/text/find-quote.ts';

const test = suite('quotes in a text');

const found = (text: string, quote: string, near?: { start: number; end: number }): string | undefined => {
  const range = findQuote(text, quote, near);
  return range && text.slice(range.start, range.end);
};

test('a quote is found as it stands, and what is shown is the text, letter by letter', () => {
  const text = 'The “Pod” restarts — after  3\u00a0failed\nprobes; see `kubelet`.';
  assert.is(found(text, 'after  3'), 'after  3');
  assert.is(found(text, 'the "pod" restarts - after 3 failed probes'), 'The “Pod” restarts — after  3\u00a0failed\nprobes');
  assert.is(
    found(text, "'restarts – AFTER 3 failed probes; see kubelet.'"),
    'restarts — after  3\u00a0failed\nprobes; see `kubelet`.',
  );
  assert.is(found(text, 'restarts — after...'), 'restarts — after');
  assert.is(found(text, '...failed probes'), 'failed\nprobes');
  for (const none of ['restarts before', 'start', 'estarts', '', '   ', '"', '…', '-', 'e', 'restarts after 3'])
    assert.is(found(text, none), undefined, none);
});

test('width, compatibility forms, combining marks and white space between ideographs say nothing', () => {
  assert.is(found('黑豹队只丢了 308分，排名第六。', '黑豹队只丢了308分,排名第六'), '黑豹队只丢了 308分，排名第六');
  assert.is(found('第５条 ＡＢＣ', '第5条 abc'), '第５条 ＡＢＣ');
  assert.is(found('a ﬁne cafe\u0301 here', 'fine café'), 'ﬁne cafe\u0301');
  assert.is(found('cafe\u0301s', 'cafe'), undefined);
  assert.is(found('😀 smile 😀', 'smile'), 'smile');
});

test('of several places the one near the passage counts, and no word is cut in two', () => {
  const text = 'the party, an art; the art of it';
  assert.equal(findQuote(text, 'art'), { start: 14, end: 17 });
  assert.equal(findQuote(text, 'art', { start: 20, end: 40 }), { start: 23, end: 26 });
  assert.is(found('the party', 'art'), undefined);
});

/** By definition: every place is tried. */
function slowFind(text: string, quote: string): boolean {
  const fold = (value: string) => value.normalize('NFKC').replace(/[“”]/g, '"').replace(/\s+/g, ' ').toLowerCase().trim();
  for (let start = 0; start < text.length; start++)
    for (let end = start + 1; end <= text.length; end++) if (fold(text.slice(start, end)) === fold(quote)) return true;
  return false;
}

test('what is found is there, by a slow search too; what is not found is not', () => {
  const random = new RandomNumbers(3, 'quotes');
  const parts = ['ab', 'Cd', ' ', '  ', '\n', '“', '”', '"', '，', '中', '文', 'ﬁ', '7', '.'];
  const draw = (most: number) =>
    Array.from({ length: 1 + random.integer(most) }, () => parts[random.integer(parts.length)]!).join('');
  for (let round = 0; round < 300; round++) {
    const text = draw(12);
    const quote = random.uniform() < 0.5 ? draw(3) : text.slice(random.integer(text.length));
    const range = findQuote(text, quote);
    if (range === undefined) continue;
    const shown = text.slice(range.start, range.end);
    const span = byteSpan(text, range);
    assert.is(Buffer.from(text).subarray(span.start, span.end).toString(), shown);
    const letters = (value: string) =>
      value
        .normalize('NFKC')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]/gu, '');
    assert.ok(letters(shown).includes(letters(quote)), `${JSON.stringify(text)} ${JSON.stringify(quote)}`);
    if (!/[\p{Script=Han}]/u.test(quote) && letters(shown) === letters(quote))
      assert.ok(
        slowFind(text.replace(/，/g, ','), quote.replace(/，/g, ',').replace(/^["“\s]+|["“\s]+$/g, '')),
        `${JSON.stringify(text)} ${JSON.stringify(quote)}`,
      );
  }
});

test.run();

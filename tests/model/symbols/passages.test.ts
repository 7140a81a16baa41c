import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ByteSpan } from '../../../base/index.ts';
import { CemError, RandomNumbers } from '../../../base/index.ts';
import { cutSymbols } from '../../../model/symbols/cut-symbols.ts';
import { NgramHash } from '../../../model/symbols/ngram-hash.ts';
import { resolveRope } from '../../../model/symbols/rope.ts';
import { encodeSymbols } from '../../../model/symbols/symbol-batch.ts';
import { DictionaryRows, passageRows } from '../../../model/symbols/text-rope.ts';
import { createCompressor, type FrameSymbols, parseFrame } from '../../../zpkg/index.ts';
import { encodePlainly } from '../plain-passages.ts';
import { readmePassages } from '../real-texts.ts';
import { CASES, copy, DICTIONARY, execute, frameOf } from './frames.ts';

const test = suite('passages of a frame');

const hash = new NgramHash([3, 5, 8], 1009);
const LONGEST = 8;

function encode(symbols: FrameSymbols, spans: readonly ByteSpan[], dictionary = '', maximumSymbols = Number.POSITIVE_INFINITY) {
  const passages = cutSymbols(symbols, spans, maximumSymbols);
  const rope = resolveRope(symbols, Buffer.byteLength(dictionary));
  const rows = passageRows(rope, symbols.literals, passages, new DictionaryRows(Buffer.from(dictionary), hash), hash);
  return {
    passages,
    rows,
    chunks: passages.map((passage, index) => encodeSymbols(passage, [rows[index]!], hash.sizes.length)),
  };
}

for (const [name, frame, dictionary = DICTIONARY] of CASES) {
  test(`${name}: every span of it is its plain text with the symbols' cuts, asked for alone or with all others`, () => {
    const text = execute(frame, dictionary);
    const spans: ByteSpan[] = [];
    for (let start = 0; start <= text.length; start++)
      for (let end = start; end <= text.length; end++) spans.push({ start, end });
    const { chunks, rows } = encode(frame, spans, dictionary);
    spans.forEach((span, index) => {
      const expected = encodePlainly(frame, text, span, hash);
      assert.equal(chunks[index], expected, `bytes ${span.start} to ${span.end}`);
      const { joinedBytes, borders } = rows[index]!;
      assert.ok(joinedBytes <= (LONGEST - 1) * borders, `${joinedBytes} joined at ${borders} borders`);
    });
    const some = spans[Math.floor(spans.length / 2)]!;
    assert.equal(encode(frame, [some], dictionary).chunks[0], encodePlainly(frame, text, some, hash));
  });
}

test('a copy across a border is two shorter copies, a literal is on one side', () => {
  // Literals 0 to 6, a copy of 10 to 16, a literal.
  const frame = frameOf('abcdef', copy(6, 10), 'z');
  const { passages } = encode(frame, [
    { start: 0, end: 9 },
    { start: 9, end: 17 },
  ]);
  assert.equal(
    passages.map(({ lengths }) => [...lengths]),
    [
      [1, 1, 1, 1, 1, 1, 3],
      [7, 1],
    ],
  );
  // A copy of 3 bytes has kind 4, one of 7 has 8 (literals 1, copies 1 + their length).
  assert.equal(
    passages.map(({ kinds }) => kinds[kinds.length === 2 ? 0 : 6]),
    [4, 8],
  );
});

test('what is over the maximum of symbols is left out of its passage and counted, nothing of the others', () => {
  const frame = frameOf('abcdef', copy(6, 10), 'ghi', copy(3, 4), 'j');
  const spans = [
    { start: 0, end: 10 },
    { start: 10, end: 24 },
  ];
  const { chunks, passages } = encode(frame, spans, '', 3);
  const whole = encode(frame, spans).chunks;
  // Of 6 literals and a copy of 4 the first three literals; of a copy of 6, three literals, a copy of 4 and a literal the copy and two literals.
  assert.equal(
    passages.map(({ leftOut }) => leftOut),
    [
      { symbols: 4, bytes: 7 },
      { symbols: 3, bytes: 6 },
    ],
  );
  assert.equal(
    passages.map(({ size }) => size),
    [3, 8],
  );
  chunks.forEach((chunk, index) => {
    chunk.rows.forEach((rows, table) => {
      assert.equal([...rows], [...whole[index]!.rows[table]!.subarray(0, rows.length)]);
    });
  });
  for (const { leftOut } of encode(frame, spans, '', 7).passages) assert.is(leftOut, undefined);
});

test('blocks are those that begin inside a passage, behind its first symbol', () => {
  const frame = { ...frameOf('abcdefghij'), blockStarts: Uint32Array.of(0, 2, 5, 5, 9) };
  const spans = [
    { start: 0, end: 5 },
    { start: 1, end: 6 },
    { start: 5, end: 10 },
    { start: 9, end: 9 },
  ];
  assert.equal(
    encode(frame, spans).passages.map(({ blockStarts }) => [...blockStarts]),
    [[0, 2], [0, 1, 4, 4], [0, 4], [0]],
  );
});

test('n-grams see nothing before a passage: nothing is joined across its border', () => {
  // literals | dictionary (9) | literals: a passage that begins at a border of ranges, one that begins within the dictionary's range, one before both.
  const frame = frameOf('0123456789', copy(40, 9), 'abc');
  const { rows } = encode(
    frame,
    [
      { start: 0, end: 10 },
      { start: 10, end: 22 },
      { start: 17, end: 22 },
    ],
    DICTIONARY,
  );
  // 7 bytes before the literals behind the dictionary's range; 2 where the passage has only so many.
  assert.equal(
    rows.map(({ borders, joinedBytes }) => [borders, joinedBytes]),
    [
      [0, 0],
      [1, 7],
      [1, 2],
    ],
  );
});

test('spans outside the content, unordered ones and such that are none are refused, with what to do', () => {
  const frame = frameOf('abcdefghij');
  const refused = (...spans: ByteSpan[]) => {
    try {
      encode(frame, spans);
    } catch (error) {
      assert.instance(error, CemError);
      assert.is((error as CemError).code, 'PASSAGE_SPAN');
      assert.match((error as CemError).message, /passagesOf/);
      return (error as CemError).message;
    }
    return assert.unreachable(`accepted ${JSON.stringify(spans)}`);
  };
  assert.match(refused({ start: 0, end: 11 })!, /passage 0 is to be bytes 0 to 11 of a chunk of 10, which reaches outside/);
  refused({ start: -1, end: 3 });
  refused({ start: 11, end: 11 });
  assert.match(refused({ start: 4, end: 3 })!, /ends before it begins/);
  assert.match(refused({ start: 4, end: 6 }, { start: 3, end: 8 })!, /passage 1 .* the one before it begins at 4/);
  refused({ start: 0.5, end: 3 });
  refused({ start: 0, end: Number.NaN });
  refused({ start: 0, end: Number.POSITIVE_INFINITY });
  assert.equal(encode(frame, []).chunks, []);
});

test('any numbers as spans: the plain text of each, or a refusal where one is outside, unordered or none', () => {
  const random = new RandomNumbers(1, 'spans');
  const text = Buffer.concat(readmePassages(3, 1024)).subarray(0, 300);
  const symbols = parseFrame(createCompressor({ level: 19 }).compress(text));
  const SPECIAL = [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, 2 ** 53, text.length, text.length + 1];
  const number = () => (random.integer(20) === 0 ? SPECIAL[random.integer(SPECIAL.length)]! : random.integer(text.length + 2));
  let [accepted, refused] = [0, 0];
  for (let round = 0; round < 3000; round++) {
    const spans = Array.from({ length: random.integer(4) }, () => ({ start: number(), end: number() }));
    // Half of them as they should be, but for what is no place in the text.
    if (random.integer(2) === 0) {
      for (const span of spans) if (span.end < span.start) [span.start, span.end] = [span.end, span.start];
      spans.sort((a, b) => a.start - b.start);
    }
    const fits = spans.every(
      ({ start, end }, index) =>
        Number.isInteger(start) &&
        Number.isInteger(end) &&
        start >= (spans[index - 1]?.start ?? 0) &&
        end >= start &&
        end <= text.length,
    );
    try {
      const { chunks } = encode(symbols, spans);
      assert.ok(fits, `accepted ${JSON.stringify(spans)}`);
      spans.forEach((span, index) => {
        assert.equal(chunks[index], encodePlainly(symbols, text, span, hash));
      });
      accepted++;
    } catch (error) {
      assert.is((error as CemError).code, 'PASSAGE_SPAN', (error as Error).stack);
      assert.not.ok(fits, `refused ${JSON.stringify(spans)}`);
      refused++;
    }
  }
  assert.ok(accepted > 500 && refused > 500, `${accepted} accepted, ${refused} refused`);
});

test('passages that overlap so far that they are many times their chunk are refused before they take memory', () => {
  const text = Buffer.concat(readmePassages(1024, 1024));
  const symbols = parseFrame(createCompressor({ level: 1 }).compress(text));
  const spans = Array.from({ length: 65_535 }, () => ({ start: 0, end: text.length }));
  try {
    encode(symbols, spans);
    assert.unreachable('accepted');
  } catch (error) {
    assert.is((error as CemError).code, 'PASSAGES_TOO_LARGE');
  }
});

test.run();

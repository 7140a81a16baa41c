import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ByteSpan } from '../../../base/index.ts';
import { RandomNumbers } from '../../../base/random.ts';
import { cutPassages } from '../../../data/index.ts';

const test = suite('passages of a text');

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Passages as texts; throws where a border lies inside a character. */
function textsOf(text: string, size: number, overlap = 0): string[] {
  const bytes = Buffer.from(text);
  return cutPassages(text, { size, overlap }).map(({ start, end }) => decoder.decode(bytes.subarray(start, end)));
}

/** What may stand between two borders, in turn: each kind of border, none at all, characters of one to four bytes. */
const WORDS = [
  'word ',
  'Sentence. ',
  'line\n',
  'paragraph\n\n',
  '# Heading\n\n',
  '句子。',
  '词，',
  '没有边界',
  '😀',
  'ö',
  '\ud800',
  '\r\n',
];

function randomText(random: RandomNumbers): string {
  const kinds = Array.from({ length: 1 + random.integer(4) }, () => WORDS[random.integer(WORDS.length)]!);
  return Array.from({ length: random.integer(600) }, () => kinds[random.integer(kinds.length)]!).join('');
}

/** Spans tile the content between characters, and have half to one and a half times the size. */
function check(text: string, size: number, overlap: number): readonly ByteSpan[] {
  const bytes = Buffer.from(text);
  const spans = cutPassages(text, { size, overlap });
  let before = { start: -1, end: 0 };
  for (const [number, span] of spans.entries()) {
    const name = `${JSON.stringify(text.slice(0, 60))} ${size} ${overlap}: ${number}`;
    assert.ok(span.start > before.start && span.end >= before.end, name);
    assert.ok(number === 0 ? span.start === 0 : before.end - span.start >= 0 && before.end - span.start <= overlap, name);
    const length = span.end - before.end;
    assert.ok(spans.length === 1 || (2 * length >= size && 2 * length <= 3 * size), `${name} has ${length} bytes`);
    decoder.decode(bytes.subarray(span.start, span.end));
    before = span;
  }
  assert.is(before.end, bytes.length);
  assert.is(spans.length === 1, 2 * bytes.length <= 3 * size);
  return spans;
}

test('random texts: spans tile, no character is cut, sizes are within half and one and a half', () => {
  const random = new RandomNumbers(3, 'passages');
  let passages = 0;
  for (let number = 0; number < 1500; number++) {
    const size = [64, 65, 100, 333][number % 4]!;
    passages += check(randomText(random), size, number % 3 === 0 ? random.integer(size / 2 - 1) : 0).length;
  }
  assert.ok(passages > 10_000, String(passages));
});

/** The same rules in plain loops, for texts of which each white space is a space behind a word, a line break, or two. No headings, no overlap. */
function slowly(text: string, size: number): number[] {
  const byteAt = (place: number): number => Buffer.byteLength(text.slice(0, place));
  const places = Array.from({ length: text.length + 1 }, (_, place) => place).filter(
    (place) => !/^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(place - 1, place + 1)),
  );
  const bytes = byteAt(text.length);
  const ends: number[] = [];
  for (let start = 0; bytes - byteAt(start) > 1.5 * size; ) {
    const first = byteAt(start);
    const left = bytes - first;
    const from = places.find((place) => byteAt(place) >= first + size / 2)!;
    const to = places.findLast((place) => byteAt(place) <= first + Math.min(1.5 * size, left - size / 2))!;
    const wanted = places.find((place) => byteAt(place) >= first + left / Math.round(left / size))!;
    let best = { kind: 9, place: wanted };
    for (let place = from + 1; place <= to; place++) {
      const [before, last] = [place - 2 < from ? '' : text[place - 2]!, text[place - 1]!];
      const next = place < to ? text[place]! : '';
      let kind = 9;
      if (last === '\n' && before === '\n') kind = 0;
      else if (last === '\n') kind = 1;
      else if ((last === ' ' && before === '.') || '。；'.includes(last)) kind = 2;
      else if ((last === ' ' && next !== ' ') || last === '，') kind = 3;
      const nearer = Math.abs(place - wanted) < Math.abs(best.place - wanted);
      if (kind < best.kind || (kind === best.kind && kind < 9 && nearer)) best = { kind, place };
    }
    ends.push(byteAt(best.place));
    start = best.place;
  }
  return [...ends, bytes];
}

test('random texts are cut where plain loops cut them', () => {
  const random = new RandomNumbers(4, 'passages');
  const words = ['word ', 'Sentence. ', 'line\n', 'paragraph\n\n', '句子。', '词，', '没有边界', '😀', 'ö'];
  for (let number = 0; number < 120; number++) {
    const kinds = words.slice(random.integer(words.length));
    const text = Array.from({ length: 20 + random.integer(100) }, () => kinds[random.integer(kinds.length)]!).join('');
    const size = [64, 77, 128][number % 3]!;
    const ends = cutPassages(text, { size, overlap: 0 }).map(({ end }) => end);
    assert.equal(ends, slowly(text, size), `${JSON.stringify(text)} ${size}`);
  }
});

test('a text up to one and a half times the size stays whole, an empty one too', () => {
  assert.equal(cutPassages('', { size: 64, overlap: 0 }), [{ start: 0, end: 0 }]);
  assert.equal(cutPassages('# a\n\n'.repeat(19), { size: 64, overlap: 0 }), [{ start: 0, end: 95 }]);
  // 32 characters of 3 bytes are 96, one more byte is too much.
  assert.is(textsOf('法'.repeat(32), 64).length, 1);
  assert.is(textsOf(`${'法'.repeat(32)}a`, 64).length, 2);
});

const sentence = (number: number): string => `This is sentence ${number} of some.`;
const prose = (sentences: number): string => Array.from({ length: sentences }, (_, number) => sentence(number)).join(' ');

test('the best border wins: heading, paragraph, line, sentence, word, character', () => {
  // 15 sentences of 27 or 28 bytes and a space: about 430 bytes a block, where passages of 256 may have 128 to 384.
  const [a, b] = [prose(9), prose(10)];
  for (const border of ['\n\n', '\n', ' ']) {
    const [first, second] = textsOf(`${a}${border}${b}`, 256);
    assert.is(first, a.slice(0, first!.length - border.length) + (border === ' ' ? ' ' : border), JSON.stringify(border));
    assert.ok(second!.startsWith('This is sentence'));
  }
  const words = textsOf('word '.repeat(100), 128);
  for (const text of words) assert.match(text, /^(?:word )+$/);
  assert.is(textsOf('x'.repeat(500), 128)[0], 'x'.repeat(125));
});

test('a heading stays with what follows it, and begins a passage', () => {
  for (const heading of [
    '## Heading',
    'Heading\n=======',
    'Heading\n---',
    '=======\nHeading\n=======',
    '== Heading',
    '第三章 总则',
    '# A\n\n## B',
  ]) {
    const text = `${prose(7)}\n\nA paragraph.\n\n${heading}\n\n${prose(5)}\n\n${prose(4)}\n`;
    const passages = textsOf(text, 256);
    assert.is(passages.length, 2 + (passages.length > 2 ? 1 : 0));
    const [start] = heading.split('\n');
    assert.is(passages.filter((one) => one.startsWith(`${start}\n`)).length, 1, heading);
    assert.not(
      passages.some((one) => one.trimEnd().endsWith(heading)),
      heading,
    );
  }
  // The window has the place behind the heading, and none before it.
  const late = textsOf(`${'x'.repeat(130)}\n# Heading\n\n${prose(20)}`, 100);
  assert.ok(
    late.some((one) => one.startsWith('# Heading\n\nThis')),
    JSON.stringify(late),
  );
});

test('what stands in fenced code is no heading', () => {
  const code = `\`\`\`sh\n${Array.from({ length: 12 }, (_, number) => `# comment ${number}\nrun --all ${number}`).join('\n')}\n\`\`\`\n\n`;
  const text = `${code}# Heading\n\n${prose(8)}`;
  const passages = textsOf(text, 240);
  assert.ok(passages.some((one) => one.startsWith('# Heading')));
  // With the fence open for good, headings are none and the best border is another.
  const lines = textsOf(text.replace('```\n\n', '\n'), 240);
  assert.is(lines.join(''), text.replace('```\n\n', '\n'));
});

test('Chinese is cut at its own ends of sentences, else at commas', () => {
  const law = Array.from({ length: 30 }, (_, number) => `第${number}条规定了民事主体的权利，也规定了义务；违反的承担责任。`).join(
    '',
  );
  const passages = textsOf(law, 300);
  assert.ok(passages.length > 6);
  for (const one of passages) assert.match(one, /[。；]$/);
  for (const one of textsOf(law.replaceAll(/[。；]/g, '而且'), 300).slice(0, -1)) assert.match(one, /，$/);
});

test('overlap: a passage begins at a sentence before, else at a word, else between characters', () => {
  const overlaps = (text: string): string[] => {
    const bytes = Buffer.from(text);
    const spans = cutPassages(text, { size: 256, overlap: 100 });
    return spans.slice(1).map(({ start }, number) => decoder.decode(bytes.subarray(start, spans[number]!.end)));
  };
  // Three sentences and their spaces have at most 87 bytes, four have more than 100.
  for (const shared of overlaps(prose(80))) assert.match(shared, /^(?:This is sentence \d+ of some\. ){3}$/);
  // 100 bytes before may lie within a word: the end of that is the next border.
  for (const shared of overlaps('some words '.repeat(200))) {
    assert.match(shared, /^(?:some|words) /);
    assert.ok(shared.length > 94 && shared.length <= 100, shared);
  }
  // 33 characters of 3 bytes.
  for (const shared of overlaps('字'.repeat(700))) assert.is(shared, '字'.repeat(33));
});

test('a chunk has at most 65,535 passages', () => {
  const spans = cutPassages('word '.repeat(1_000_000), { size: 64, overlap: 0 });
  // Half of 5,000,000 / 65,535 would be the shortest.
  assert.ok(spans.length <= 65_535 && spans.length > 30_000, String(spans.length));
  assert.is(spans.at(-1)!.end, 5_000_000);
});

test.run();

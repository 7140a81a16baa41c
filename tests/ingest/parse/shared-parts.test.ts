import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { BlockWriter, tableText } from '../../../ingest/index.ts';
import { joinLines } from '../../../ingest/parse/index.ts';
import { Utf8Offsets } from '../../../ingest/parse/utf8-offsets.ts';

const test = suite('what parsers share');

test('lines are joined by spaces, between characters of Chinese and Japanese by nothing', () => {
  assert.is(joinLines('  one\n\ttwo \u00a0 three\r\nfour '), 'one two three four');
  assert.is(joinLines('液体由\n  水泵，\n输送 三'), '液体由水泵，输送 三');
  assert.is(joinLines('使用\nDebian\n系统'), '使用 Debian 系统');
  assert.is(joinLines('カタ\nカナ'), 'カタカナ');
  assert.is(joinLines('한국\n어'), '한국 어');
});

test('a table is Markdown, with its signs escaped', () => {
  assert.is(
    tableText(
      [
        ['a|b', 'c\\d'],
        ['e\nf', ''],
      ],
      1,
    ),
    '| a\\|b | c\\\\d |\n| --- | --- |\n| e f |  |',
  );
  assert.is(tableText([['a', 'b']], 0), '| a | b |');
  assert.is(tableText([], 1), '');
});

test('bytes of a place: as counting from the beginning gives them', () => {
  const random = new RandomNumbers(5, 'offsets');
  const letters = ['a', 'é', '水', '😀'];
  const text = Array.from({ length: 20_000 }, () => letters[random.integer(4)]!).join('');
  const offsets = new Utf8Offsets(text);
  for (let count = 0; count < 300; count++) {
    const unit = random.integer(text.length + 1);
    const code = text.charCodeAt(unit);
    // Half of a pair is the whole character's start.
    const whole = code >= 0xdc00 && code <= 0xdfff ? unit - 1 : unit;
    assert.is(offsets.byteOf(unit), Buffer.byteLength(text.slice(0, whole)));
  }
  assert.is(offsets.byteOf(text.length + 9), Buffer.byteLength(text));
});

test('blocks have the headings above them; spans that would go back are left out', () => {
  const writer = new BlockWriter('0123456789');
  writer.heading(2, ' A ', { units: { start: 0, end: 2 } });
  writer.heading(9, 'B');
  writer.add('paragraph', 'p', { units: { start: 4, end: 6 } });
  writer.add('paragraph', 'moved', { units: { start: 3, end: 5 } });
  writer.add('paragraph', '   ');
  writer.heading(1, 'C');
  writer.add('code', 'c\ud800', { pages: { first: 2, last: 3 } }, { codeLanguage: 'ts' });
  assert.equal(writer.blocks, [
    { kind: 'heading', text: 'A', level: 2, headings: [], span: { start: 0, end: 2 } },
    { kind: 'heading', text: 'B', level: 6, headings: ['A'] },
    { kind: 'paragraph', text: 'p', headings: ['A', 'B'], span: { start: 4, end: 6 } },
    { kind: 'paragraph', text: 'moved', headings: ['A', 'B'] },
    { kind: 'heading', text: 'C', level: 1, headings: [] },
    { kind: 'code', text: 'c\ufffd', codeLanguage: 'ts', headings: ['C'], pages: { first: 2, last: 3 } },
  ]);
});

test('tables become rectangular, and those without a text are none', () => {
  const writer = new BlockWriter();
  writer.table([['a'], ['b', 'c']], 9);
  writer.table([['', ' '], ['']], 1);
  assert.is(writer.blocks.length, 1);
  assert.equal(writer.blocks[0]!.table, {
    rows: [
      ['a', ''],
      ['b', 'c'],
    ],
    headerRows: 2,
  });
});

test.run();

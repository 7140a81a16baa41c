import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { printableLine, printableResult, writeText } from '../../base/index.ts';

const test = suite('text for terminals');

/** What is written of a text. */
function written(text: string): string {
  let output = '';
  const stream = { write: (piece: string) => (output += piece) } as unknown as NodeJS.WritableStream;
  writeText(stream, text);
  return output;
}

test('F11: what a terminal acts on becomes an escape, on one line', () => {
  for (const [text, shown] of [
    ['\u001b[2J\u001b]0;owned\u0007rotate', '\\u001b[2J\\u001b]0;owned\\u0007rotate'],
    // C1's CSI and OSC do what ESC [ and ESC ] do; DEL and backspace take letters back.
    ['a\u009b2Jb\u009dc\u007fd\be', 'a\\u009b2Jb\\u009dc\\u007fd\\u0008e'],
    ['id\n2. trusted.md\r\t\0', 'id\\n2. trusted.md\\r\\t\\u0000'],
    // Trojan source: CVE-2021-42574.
    ['abc\u202efdp.exe\u2066x\u2069', 'abc\\u202efdp.exe\\u2066x\\u2069'],
    ['line\u2028and\u2029paragraph\u0085next', 'line\\u2028and\\u2029paragraph\\u0085next'],
    ['\ud800 and \udc00', '\\ud800 and \\udc00'],
    ['Zürich, 日本語, 👩‍💻, עברית, \\n stays', 'Zürich, 日本語, 👩‍💻, עברית, \\n stays'],
  ] as const)
    assert.is(printableLine(text), shown);
});

test('F11: texts of several lines keep line breaks and tabs, and nothing else that acts', () => {
  assert.is(written('a\tb\r\nc\n\rd\u001b[1m'), 'a\tb\r\nc\n\\rd\\u001b[1m\n');
});

test('F11: a result for people has one line a string, keys too, but for the texts that are named', () => {
  const result = { id: 'a\nb', rows: [{ text: 'one\ntwo\u001b' }, ['x\ny']], 'k\n': 1, none: null, count: 2 };
  assert.equal(printableResult(result, ['text']), {
    id: 'a\\nb',
    rows: [{ text: 'one\ntwo\\u001b' }, ['x\\ny']],
    'k\\n': 1,
    none: null,
    count: 2,
  });
});

test.run();

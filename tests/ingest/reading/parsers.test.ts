import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findParser, hasParser, PARSERS, START_BYTES } from '../../../ingest/index.ts';
import { PARSE_SAMPLES } from '../../../scripts/fuzz/parse-samples.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('registry of parsers');

const formatOf = (path: string, start: string | Uint8Array, format?: string): string =>
  findParser(path, typeof start === 'string' ? Buffer.from(start) : start, { format }).format;

test('every parser has a format and extensions of its own, and every one with extensions samples', () => {
  const formats = PARSERS.map(({ format }) => format);
  assert.is(new Set(formats).size, formats.length);
  const extensions = PARSERS.flatMap((parser) => parser.extensions);
  assert.is(new Set(extensions).size, extensions.length);
  for (const parser of PARSERS.filter((one) => one.extensions.length > 0))
    assert.ok((PARSE_SAMPLES[parser.format]?.length ?? 0) > 0, parser.format);
});

test('samples are found by their name and bytes', () => {
  for (const [format, samples] of Object.entries(PARSE_SAMPLES))
    for (const { file } of samples) {
      const start = file.bytes.subarray(0, START_BYTES);
      // Neither name nor first bytes tell that a PDF is a court case: the parser of PDF sees it in the text.
      assert.is(formatOf(file.path, start), format === 'court-case' ? 'pdf' : format, file.path);
      assert.is(formatOf(file.path, start, format), format);
      assert.ok(hasParser(file.path));
    }
});

test('what the bytes are for certain counts before the name, the name before what they may be', () => {
  assert.is(formatOf('notes.txt', '<!DOCTYPE html><p>a'), 'html');
  assert.is(formatOf('notes.md', '{"a": 1}'), 'markdown');
  assert.is(formatOf('notes', '{"a": 1}'), 'json');
  assert.is(formatOf('README', 'plain words'), 'text');
  assert.is(formatOf('folder.md/NOTES', 'plain words'), 'text');
  assert.is(formatOf('A.MD', 'plain words'), 'markdown');
  assert.is(formatOf('empty.md', ''), 'markdown');
});

test('a file that no parser reads says what it is', async () => {
  for (const [path, start, words] of [
    ['a.png', '\x89PNG\r\n', /a\.png is a picture, which no parser reads/],
    ['a.txt', '\x7fELF\x01', /a\.txt is a program/],
    ['a.bin', '\x00\x01\x02', /of a kind that its first bytes do not tell/],
    ['empty', '', /convert it, take it out, or say its format/],
  ] as const) {
    const error = await errorOf(async () => formatOf(path, Buffer.from(start, 'latin1')));
    assert.is(error.code, 'PARSE_FORMAT', path);
    assert.match(error.message, words);
  }
  assert.not(hasParser('a.exe'));
  assert.not(hasParser('.md'));
});

test('a format may be asked for', async () => {
  assert.is(formatOf('a.md', 'words', 'text'), 'text');
  const error = await errorOf(async () => formatOf('a.md', 'words', 'word'));
  assert.is(error.code, 'PARSE_UNKNOWN_FORMAT');
  assert.match(error.message, /there are .*markdown/);
});

test.run();

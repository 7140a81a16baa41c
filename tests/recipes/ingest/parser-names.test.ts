import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PARSERS, RECOGNITION_NAME } from '../../../ingest/index.ts';
import { isParsedWell, parsedBy, parserName } from '../../../recipes/ingest/parser-names.ts';

const test = suite('names of parsers');

const nameOf = (format: string): string => parserName(PARSERS.find((parser) => parser.format === format)!);

test('a file with pictures is parsed anew once texts in pictures can be read, and stays as it was read where they cannot any more', () => {
  const pdf = nameOf('pdf');
  const read = parsedBy({ ...PARSERS.find(({ format }) => format === 'pdf')!, recognition: RECOGNITION_NAME });
  assert.is(read, `${pdf} ${RECOGNITION_NAME}`);
  assert.equal([isParsedWell(pdf, false), isParsedWell(pdf, true)], [true, false]);
  assert.equal([isParsedWell(read, false), isParsedWell(read, true)], [true, true]);
  assert.equal([isParsedWell(`${pdf} PP-OCRv4`, false), isParsedWell(`${pdf} PP-OCRv4`, true)], [true, false]);
});

test('a file without pictures is parsed anew only by another version', () => {
  const csv = nameOf('csv');
  assert.equal([isParsedWell(csv, false), isParsedWell(csv, true)], [true, true]);
  assert.equal([isParsedWell('csv 0', true), isParsedWell(`${csv} ${RECOGNITION_NAME}`, true)], [false, false]);
});

test.run();

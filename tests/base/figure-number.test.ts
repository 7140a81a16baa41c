import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { figureNumber } from '../../base/index.ts';

const test = suite('numbers of figures');

test('a number has one form, whoever wrote it', () => {
  for (const [written, number] of [
    ['4', '4'],
    ['４', '4'],
    ['4.1', '4-1'],
    ['4–1', '4-1'],
    ['4 - 1', '4-1'],
    ['a.2', 'A-2'],
    ['3.2.1', '3-2-1'],
  ] as const)
    assert.is(figureNumber(written), number);
});

test.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatBytes, formatShare, formatTable } from '../../base/index.ts';

const test = suite('figures and tables as text');

test('bytes in decimal units with three digits, shares with one decimal', () => {
  assert.equal([0, 999, 1000, 999_499, 999_500, 8_350_000, 2e15].map(formatBytes), [
    '0 B',
    '999 B',
    '1.00 kB',
    '999 kB',
    '1.00 MB',
    '8.35 MB',
    '2.00e+3 TB',
  ]);
  assert.equal([0.6126, 1, -0.02, null].map(formatShare), ['61.3%', '100.0%', '-2.0%', '-']);
});

test('columns as wide as their widest cell, the first ones to the left', () => {
  assert.is(
    formatTable(
      ['', 'n'],
      [
        ['a', '10'],
        ['long', '9'],
      ],
    ),
    '       n\na     10\nlong   9',
  );
  assert.is(
    formatTable(
      ['run', 'step'],
      [
        ['a', '10'],
        ['long', '9'],
      ],
      { left: 2 },
    ),
    'run   step\na     10\nlong  9',
  );
});

test.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseChineseNumber, writeChineseNumber } from '../../base/index.ts';

const test = suite('Chinese numerals');

test('numbers as statutes, people and years have them', () => {
  for (const [text, value] of [
    ['一', 1],
    ['十', 10],
    ['十二', 12],
    ['二十', 20],
    ['一百零八', 108],
    ['一百一十', 110],
    ['一百一十五', 115],
    ['六百', 600],
    ['一千二百六十', 1260],
    ['一千零五', 1005],
    ['两千', 2000],
    ['二〇二〇', 2020],
    ['一万二千', 12_000],
    ['九千九百九十九万九千九百九十九', 99_999_999],
    ['1165', 1165],
    ['１１６５', 1165],
    ['〇', 0],
  ] as const)
    assert.is(parseChineseNumber(text), value, text);
});

test('what is no number', () => {
  for (const text of ['', '条', '一条', '十百', '一一百', '百百', '零十', '万', '一万万', '1.5', '-1', '一'.repeat(17)])
    assert.is(parseChineseNumber(text), undefined, text);
});

test('every number to 9999 as it is written is read back', () => {
  for (let value = 1; value <= 9999; value++)
    assert.is(parseChineseNumber(writeChineseNumber(value)), value, writeChineseNumber(value));
  assert.equal([10, 11, 20, 101, 110, 1010, 1100, 1260, 2005].map(writeChineseNumber), [
    '十',
    '十一',
    '二十',
    '一百零一',
    '一百一十',
    '一千零一十',
    '一千一百',
    '一千二百六十',
    '二千零五',
  ]);
});

test.run();

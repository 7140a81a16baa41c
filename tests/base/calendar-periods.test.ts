import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findPeriods, withoutPeriods } from '../../base/index.ts';

const test = suite('periods of the calendar');

const periods = (text: string) => findPeriods(text).map(({ start: _, end: __, ...period }) => period);

test('years, halves and quarters in English', () => {
  assert.equal(periods('revenue in Q3 2022'), [{ year: 2022, quarter: 3 }]);
  assert.equal(periods('the third quarter of 2022'), [{ year: 2022, quarter: 3 }]);
  assert.equal(periods('2022 Q4, then Q1'), [{ year: 2022, quarter: 4 }, { quarter: 1 }]);
  assert.equal(periods('from 2020 to FY2023'), [{ year: 2020 }, { year: 2023 }]);
  assert.equal(periods('first half of fiscal year 2021; H2 2021'), [
    { year: 2021, half: 1 },
    { year: 2021, half: 2 },
  ]);
});

test('and in Chinese', () => {
  assert.equal(periods('2022年第三季度的营业收入'), [{ year: 2022, quarter: 3 }]);
  assert.equal(periods('二〇二一年度上半年与四季度'), [{ year: 2021, half: 1 }, { quarter: 4 }]);
  assert.equal(periods('2020年至2023年'), [{ year: 2020 }, { year: 2023 }]);
});

test('numbers and words that are none', () => {
  for (const text of ['2,022 units', '12022', '20221', 'Q5', 'SQ1', 'H10', '2022.5', 'the fourth floor', '第五季度', '四季如春'])
    assert.equal(periods(text), [], text);
});

test('a text without them', () => {
  assert.is(withoutPeriods('Revenue, Q3 2022').trim(), 'Revenue,');
  assert.is(withoutPeriods('2022年第三季度营业收入').trim(), '营业收入');
});

test.run();

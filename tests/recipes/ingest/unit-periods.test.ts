import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { periodFields } from '../../../recipes/ingest/unit-periods.ts';

const test = suite('the time that units are about');

const fields = (text: string, headings: readonly string[] = [], title?: string) => periodFields({ text, headings }, title);
const year = (value: number) => ({ year: value, period_start: `${value}-01-01`, period_end: `${value}-12-31` });

test('the own heading, else those above, else the title', () => {
  assert.equal(fields('## Third quarter of 2022\n\nText.', [], 'Annual report 2022'), {
    year: 2022,
    quarter: 3,
    period_start: '2022-07-01',
    period_end: '2022-09-30',
  });
  assert.equal(fields('## 第四季度\n\n正文。', [], '2021年年度报告'), {
    year: 2021,
    quarter: 4,
    period_start: '2021-10-01',
    period_end: '2021-12-31',
  });
  assert.equal(fields('Text.', ['Annual report 2020', 'H1'], 'Annual reports'), {
    year: 2020,
    period_start: '2020-01-01',
    period_end: '2020-06-30',
  });
  assert.equal(fields('## Risks\n\nIn 2019 there was fire.', [], 'Annual report 2023'), year(2023));
});

test('what names several, or none, says nothing', () => {
  assert.equal(fields('## Q1 2022\n\n## Q2 2022', [], 'Annual report 2022'), year(2022));
  assert.equal(fields('## Results of Q1 and Q2', [], 'Annual report 2022'), year(2022));
  assert.equal(fields('## From 2020 to 2022', []), {});
  assert.equal(fields('## Third quarter', [], 'Notes'), {});
  assert.equal(fields('## Outlook for 2024\n\n### Prices', ['Report 2023'], 'Report 2023'), year(2024));
});

test.run();

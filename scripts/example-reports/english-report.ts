import { sum, type YearNumbers } from './draw-numbers.ts';
import { writeAmount, writeShare, writeTable } from './write-table.ts';

const QUARTERS = ['First', 'Second', 'Third', 'Fourth'];
const EVENTS = [
  'A new assembly line was opened, and delivery times became shorter.',
  'Prices of steel rose, which was passed on to customers in part.',
  'The service contract with two railways was renewed for three years.',
  'A recall of pressure gauges was ended; all gauges were exchanged.',
];

/** An annual report of a company that does not exist, as Markdown with a chapter a heading. */
export function englishReport(numbers: YearNumbers): string {
  const { year, revenue, cost, research, profit, regions, orders, shipped, employees, assets, debt } = numbers;
  const amounts = (values: readonly number[]): string[] => [...values, sum(values)].map(writeAmount);
  const margins = [
    ...revenue.map((value, quarter) => (value - cost[quarter]!) / value),
    (sum(revenue) - sum(cost)) / sum(revenue),
  ];
  const chapters = QUARTERS.map((name, quarter) =>
    [
      `## ${name} quarter of ${year}`,
      EVENTS[(quarter + year) % EVENTS.length]!,
      'Orders and shipments, in thousands of instruments (thousand):',
      writeTable(
        ['Item', `Q${quarter + 1}`],
        [
          ['New orders', writeAmount(orders[quarter]!)],
          ['Instruments shipped', writeAmount(shipped[quarter]!)],
        ],
      ),
    ].join('\n\n'),
  );
  return `${[
    `---\ntitle: "Larchwood Instruments: annual report ${year}"\nlanguage: en\ncompany: Larchwood Instruments\n---`,
    `# Larchwood Instruments: annual report ${year}`,
    '## Business',
    `Larchwood Instruments makes gauges, valves and controllers for railways and water works. At the end of the year ${employees.toLocaleString('en-US')} people worked for the company. Its shares are traded since 1998.`,
    '## Results by quarter',
    'Unaudited quarters, audited year (EUR million):',
    writeTable(
      ['Item', 'Q1', 'Q2', 'Q3', 'Q4', 'Full year'],
      [
        ['Revenue', ...amounts(revenue)],
        ['Cost of sales', ...amounts(cost)],
        ['Research and development', ...amounts(research)],
        ['Net profit', ...amounts(profit)],
        ['Gross margin', ...margins.map(writeShare)],
      ],
    ),
    '## Revenue by region',
    'By the seat of the customer (EUR million):',
    writeTable(
      ['Period', 'Home market', 'Rest of Europe', 'Overseas'],
      [
        ...QUARTERS.map((_, quarter) => [`Q${quarter + 1}`, ...regions.map((region) => writeAmount(region[quarter]!))]),
        ['Full year', ...regions.map((region) => writeAmount(sum(region)))],
      ],
    ),
    ...chapters,
    '## Balance sheet',
    'At the end of the year (EUR million):',
    writeTable(
      ['Item', `31 December ${year}`],
      [
        ['Total assets', writeAmount(assets)],
        ['Financial debt', writeAmount(debt)],
      ],
    ),
    '## Risks',
    'Demand of railways depends on public budgets. A part of the costs is in other currencies than the revenue. Larchwood Instruments buys most castings from three foundries, any of which could fail.',
  ].join('\n\n')}\n`;
}

import { sum, type YearNumbers } from './draw-numbers.ts';
import { writeAmount, writeShare } from './write-table.ts';

/** A cell that an answer must cite. */
export interface WantedCell {
  readonly text: string;
  readonly row: string;
  readonly column: string;
  readonly source: string;
}

export interface ExampleQuestion {
  readonly question: string;
  /** Years that are searched, both included. */
  readonly from: number;
  readonly to: number;
  readonly cells: readonly WantedCell[];
}

type Series = 'revenue' | 'cost' | 'research' | 'profit';

/** Names as the reports of a language have them. */
interface Names {
  readonly file: (year: number) => string;
  readonly series: Readonly<Record<Series, string>>;
  readonly margin: string;
  readonly regions: readonly string[];
  readonly orders: string;
  readonly shipped: string;
  readonly assets: string;
  readonly debt: string;
  /** Columns or rows of quarters. */
  readonly quarters: readonly string[];
  readonly whole: string;
  readonly chapter: (quarter: number) => string;
  readonly end: (year: number) => string;
}

const ENGLISH: Names = {
  file: (year) => `larchwood-${year}.md`,
  series: { revenue: 'Revenue', cost: 'Cost of sales', research: 'Research and development', profit: 'Net profit' },
  margin: 'Gross margin',
  regions: ['Home market', 'Rest of Europe', 'Overseas'],
  orders: 'New orders',
  shipped: 'Instruments shipped',
  assets: 'Total assets',
  debt: 'Financial debt',
  quarters: ['Q1', 'Q2', 'Q3', 'Q4'],
  whole: 'Full year',
  chapter: (quarter) => `Q${quarter}`,
  end: (year) => `31 December ${year}`,
};
const CHINESE: Names = {
  file: (year) => `qinghe-${year}.md`,
  series: { revenue: '营业收入', cost: '营业成本', research: '研发费用', profit: '净利润' },
  margin: '毛利率',
  regions: ['国内收入', '欧洲收入', '其他海外收入'],
  orders: '新签订单',
  shipped: '仪表发货量',
  assets: '资产总额',
  debt: '有息负债',
  quarters: ['第一季度', '第二季度', '第三季度', '第四季度'],
  whole: '全年',
  chapter: () => '本季度',
  end: (year) => `${year}年12月31日`,
};

/** The cells of a company's reports by what they are. */
function cellsOf(names: Names, reports: readonly YearNumbers[]) {
  const of = (year: number): YearNumbers => reports.find((report) => report.year === year)!;
  const cell = (year: number, text: string, row: string, column: string): WantedCell => ({
    text,
    row,
    column,
    source: names.file(year),
  });
  const margin = (year: number, quarter: number): number => 1 - of(year).cost[quarter - 1]! / of(year).revenue[quarter - 1]!;
  return {
    of: (series: Series, year: number, quarter: number) =>
      cell(year, writeAmount(of(year)[series][quarter - 1]!), names.series[series], names.quarters[quarter - 1]!),
    year: (series: Series, year: number) => cell(year, writeAmount(sum(of(year)[series])), names.series[series], names.whole),
    margin: (year: number, quarter: number) =>
      cell(year, writeShare(margin(year, quarter)), names.margin, names.quarters[quarter - 1]!),
    region: (region: number, year: number, quarter: number) =>
      cell(year, writeAmount(of(year).regions[region]![quarter - 1]!), names.quarters[quarter - 1]!, names.regions[region]!),
    regionYear: (region: number, year: number) =>
      cell(year, writeAmount(sum(of(year).regions[region]!)), names.whole, names.regions[region]!),
    orders: (year: number, quarter: number) =>
      cell(year, writeAmount(of(year).orders[quarter - 1]!), names.orders, names.chapter(quarter)),
    shipped: (year: number, quarter: number) =>
      cell(year, writeAmount(of(year).shipped[quarter - 1]!), names.shipped, names.chapter(quarter)),
    assets: (year: number) => cell(year, writeAmount(of(year).assets), names.assets, names.end(year)),
    debt: (year: number) => cell(year, writeAmount(of(year).debt), names.debt, names.end(year)),
  };
}

const QUARTERS = [1, 2, 3, 4];

/** Fifteen questions in each language: numbers of a quarter and of a year, by region, several at once, and how numbers went. */
export function financeQuestions(english: readonly YearNumbers[], chinese: readonly YearNumbers[]): ExampleQuestion[] {
  const [en, zh] = [cellsOf(ENGLISH, english), cellsOf(CHINESE, chinese)];
  const ask = (question: string, from: number, to: number, ...cells: WantedCell[]): ExampleQuestion => ({
    question,
    from,
    to,
    cells,
  });
  return [
    ask('What was revenue in the third quarter of 2021?', 2021, 2021, en.of('revenue', 2021, 3)),
    ask('How much did Larchwood Instruments earn as net profit in Q2 2022?', 2020, 2023, en.of('profit', 2022, 2)),
    ask('How high was the cost of sales in Q4 2020?', 2020, 2020, en.of('cost', 2020, 4)),
    ask('What did the company spend on research and development in 2023?', 2022, 2023, en.year('research', 2023)),
    ask('What was the gross margin in the first quarter of 2022?', 2022, 2022, en.margin(2022, 1)),
    ask('How much revenue came from the home market in Q3 2023?', 2023, 2023, en.region(0, 2023, 3)),
    ask('What was revenue overseas in the full year 2020?', 2020, 2021, en.regionYear(2, 2020)),
    ask('How many new orders were there in Q2 2021?', 2021, 2021, en.orders(2021, 2)),
    ask('How many instruments were shipped in the fourth quarter of 2022?', 2022, 2023, en.shipped(2022, 4)),
    ask('What were the total assets at the end of 2021?', 2020, 2023, en.assets(2021)),
    ask('How large was the financial debt at the end of 2023?', 2023, 2023, en.debt(2023)),
    ask('What were revenue and net profit in Q1 2023?', 2023, 2023, en.of('revenue', 2023, 1), en.of('profit', 2023, 1)),
    ask('How did revenue develop from Q1 to Q4 2022?', 2022, 2022, ...QUARTERS.map((quarter) => en.of('revenue', 2022, quarter))),
    ask(
      'How did net profit change from 2020 to 2023?',
      2020,
      2023,
      ...[2020, 2021, 2022, 2023].map((year) => en.year('profit', year)),
    ),
    ask(
      'In which quarter of 2021 was the cost of sales highest?',
      2021,
      2021,
      ...QUARTERS.map((quarter) => en.of('cost', 2021, quarter)),
    ),
    ask('2021年第三季度的营业收入是多少？', 2021, 2021, zh.of('revenue', 2021, 3)),
    ask('青禾仪器2022年二季度净利润是多少？', 2020, 2023, zh.of('profit', 2022, 2)),
    ask('2020年第四季度营业成本有多少？', 2020, 2020, zh.of('cost', 2020, 4)),
    ask('公司2023年全年的研发费用是多少百万元？', 2022, 2023, zh.year('research', 2023)),
    ask('2022年第一季度毛利率是多少？', 2022, 2022, zh.margin(2022, 1)),
    ask('2023年三季度国内收入是多少？', 2023, 2023, zh.region(0, 2023, 3)),
    ask('2020年全年欧洲收入是多少？', 2020, 2021, zh.regionYear(1, 2020)),
    ask('2021年第二季度新签订单有多少？', 2021, 2021, zh.orders(2021, 2)),
    ask('2022年第四季度仪表发货量是多少？', 2022, 2023, zh.shipped(2022, 4)),
    ask('2021年末公司的资产总额是多少？', 2020, 2023, zh.assets(2021)),
    ask('2023年年末有息负债是多少？', 2023, 2023, zh.debt(2023)),
    ask('2023年第一季度营业收入和净利润分别是多少？', 2023, 2023, zh.of('revenue', 2023, 1), zh.of('profit', 2023, 1)),
    ask('2022年各季度营业收入的变化趋势如何？', 2022, 2022, ...QUARTERS.map((quarter) => zh.of('revenue', 2022, quarter))),
    ask('从2020年到2023年净利润如何变化？', 2020, 2023, ...[2020, 2021, 2022, 2023].map((year) => zh.year('profit', year))),
    ask('2021年哪个季度的营业成本最高？', 2021, 2021, ...QUARTERS.map((quarter) => zh.of('cost', 2021, quarter))),
  ];
}

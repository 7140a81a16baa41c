import { sum, type YearNumbers } from './draw-numbers.ts';
import { writeAmount, writeShare, writeTable } from './write-table.ts';

const QUARTERS = ['一', '二', '三', '四'];
const EVENTS = [
  '新的装配线投入使用，交货周期缩短。',
  '钢材价格上涨，部分成本转移给了客户。',
  '与两家水务公司的服务合同续签三年。',
  '压力表召回工作结束，全部产品已更换。',
];

/** The same in Chinese, of another company. */
export function chineseReport(numbers: YearNumbers): string {
  const { year, revenue, cost, research, profit, regions, orders, shipped, employees, assets, debt } = numbers;
  const amounts = (values: readonly number[]): string[] => [...values, sum(values)].map(writeAmount);
  const margins = [
    ...revenue.map((value, quarter) => (value - cost[quarter]!) / value),
    (sum(revenue) - sum(cost)) / sum(revenue),
  ];
  const chapters = QUARTERS.map((name, quarter) =>
    [
      `## ${year}年第${name}季度`,
      EVENTS[(quarter + year) % EVENTS.length]!,
      '订单与发货情况（千台）：',
      writeTable(
        ['项目', '本季度'],
        [
          ['新签订单', writeAmount(orders[quarter]!)],
          ['仪表发货量', writeAmount(shipped[quarter]!)],
        ],
      ),
    ].join('\n\n'),
  );
  return `${[
    `---\ntitle: "青禾仪器${year}年年度报告"\nlanguage: zh\ncompany: 青禾仪器\n---`,
    `# 青禾仪器${year}年年度报告`,
    '## 公司业务',
    `青禾仪器生产用于铁路和水务的仪表、阀门和控制器。年末员工人数为${employees.toLocaleString('en-US')}人。公司股票自2003年起上市交易。`,
    '## 分季度主要财务数据',
    '季度数据未经审计，单位：百万元',
    writeTable(
      ['项目', '第一季度', '第二季度', '第三季度', '第四季度', '全年'],
      [
        ['营业收入', ...amounts(revenue)],
        ['营业成本', ...amounts(cost)],
        ['研发费用', ...amounts(research)],
        ['净利润', ...amounts(profit)],
        ['毛利率', ...margins.map(writeShare)],
      ],
    ),
    '## 分地区收入',
    '按客户所在地划分，单位：百万元',
    writeTable(
      ['期间', '国内收入', '欧洲收入', '其他海外收入'],
      [
        ...QUARTERS.map((name, quarter) => [`第${name}季度`, ...regions.map((region) => writeAmount(region[quarter]!))]),
        ['全年', ...regions.map((region) => writeAmount(sum(region)))],
      ],
    ),
    ...chapters,
    '## 资产负债情况',
    '年末余额，单位：百万元',
    writeTable(
      ['项目', `${year}年12月31日`],
      [
        ['资产总额', writeAmount(assets)],
        ['有息负债', writeAmount(debt)],
      ],
    ),
    '## 风险因素',
    '铁路客户的需求取决于财政预算。部分成本以外币计价。青禾仪器的铸件主要来自三家铸造厂，任何一家停产都会影响生产。',
  ].join('\n\n')}\n`;
}

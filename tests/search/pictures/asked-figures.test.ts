import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileFilter } from '../../../search/index.ts';
import { askedFigures } from '../../../search/pictures/index.ts';

const test = suite('figures that a query asks for');

/** The numbers of the figures that pass, of 1 to 20, `2-1` and `A-3`; `any` where all of them do, undefined where the query asks for none. */
function asked(query: string): string | undefined {
  const filter = askedFigures(query);
  if (filter === undefined) return undefined;
  const passes = compileFilter(filter);
  assert.not.ok(passes('text', { fields: { figure_number: '4' } }), 'a text is no figure');
  assert.not.ok(passes('text', undefined));
  const numbers = [...Array.from({ length: 20 }, (_, number) => String(number + 1)), '2-1', 'A-3'];
  const those = numbers.filter((number) => passes('figure', { fields: { chunk_type: 'figure', figure_number: number } }));
  const without = passes('figure', { fields: { chunk_type: 'figure' } });
  return without ? 'any' : those.join(' ');
}

test('figures are named by their number, in either language and form', () => {
  for (const [query, numbers] of [
    ['图4：中芯国际归母净利润情况概览', '4'],
    ['图４中的利润是多少', '4'],
    ['如图 4 所示的利润', '4'],
    ['图四说明了什么', '4'],
    ['图四是什么', '4'],
    ['图十二：员工', '12'],
    ['图表7显示了什么', '7'],
    ['图2-1和图3', '3 2-1'],
    ['圖2.1 是什麼', '2-1'],
    ['Figure 4: net profit', '4'],
    ['what does fig. 12 show?', '12'],
    ['explain Figure 2–1', '2-1'],
    ['FIGURE A.3', 'A-3'],
    ['Fig. 4a', '4'],
    ['chart 5', '5'],
    ['figures 3 and 5', '3 5'],
    ['compare Figures 3-6', '3 4 5 6'],
  ] as const)
    assert.is(asked(query) ?? '', numbers, query);
});

test('a picture, a chart or a diagram is asked for by that word', () => {
  for (const query of [
    '中芯国际净利润走势图',
    '净利润的图',
    '净利润的图表在哪里',
    '哪张图显示了研发投入',
    '哪幅图是员工学历',
    '给我看看各地区收入的饼图',
    '有没有灯塔的照片？',
    'chart of net profit',
    'a chart of net profit by year',
    'is there a pie chart of revenue by region',
    'Show me the graph of revenue',
    'show me the net profit chart',
    'is there a picture of the harbour?',
    'which figure shows the capacity',
    'net profit by year chart',
    'architecture diagram',
  ])
    assert.is(asked(query), 'any', query);
});

test('other words are none', () => {
  for (const query of [
    '图书馆有多少人',
    '公司的意图4年后才清楚',
    '地图3',
    '公司的发展蓝图',
    '企图怎么认定',
    '图像识别的方法',
    '图片压缩算法比较',
    '怎么画画',
    '表1：主要财务指标',
    '公司有多少博士和硕士',
    'key figures 2020',
    'sales figures of the year',
    'figures 30 years old',
    'it figures',
    'graph neural networks',
    'knowledge graph',
    'how to read a chart',
    'what is a docker image',
    'the plot of the novel',
    'a figure of speech',
    'chart 2020',
    'config 4',
    'picture quality of televisions',
  ])
    assert.is(askedFigures(query), undefined, query);
});

test.run();

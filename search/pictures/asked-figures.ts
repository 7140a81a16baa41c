import { figureNumber, NUMERAL_CHARACTERS, parseChineseNumber } from '../../base/index.ts';
import type { Filter } from '../filter.ts';
import { FIGURE_ROWS } from './vector-type.ts';

/** Characters of a query that are looked at. */
const LOOKED_AT = 2000;
/** Most figures that a range (Figures 3-5) may name. */
const LONGEST_RANGE = 20;

/** `4`, `2.1`, `A.3`; not `2020`, which is a year, nor `3rd`. */
const NUMBER = '(?:[A-Z][.\\-]?)?\\d{1,3}(?:[.\\-–]\\d{1,3})*(?![\\d%％]|[.\\-–]\\d|st\\b|nd\\b|rd\\b|th\\b)';
/** 图 is the end of other words: 地图3, 版图3, 意图3. */
const CHINESE = new RegExp(
  `(?<![地版意企试妄力蓝宏])(?:图表|圖表|图|圖)\\s*(?:(?<number>${NUMBER})|(?<numeral>[${NUMERAL_CHARACTERS}]{1,4})(?=[：:，,。、？?！!\\s的中里是所显示说表和与及为]|$))`,
  'giu',
);
const ENGLISH = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:fig(?:ure)?\\.?|chart|diagram|scheme|plate)\\s*(?:no\\.?\\s*|#\\s*)?(?<number>${NUMBER})(?![\\p{Script=Latin}\\p{N}]{2})`,
  'giu',
);
/** Several have a list or a range behind their name; one number behind it may be anything: figures 30 years old. */
const SEVERAL =
  /(?<![\p{L}\p{N}])(?:figures|figs\.?|charts|diagrams)\s*(?<first>\d{1,3})\s*(?<between>-|–|to|and|or|&|,)\s*(?:and\s*)?(?<last>\d{1,3})(?![\p{L}\p{N}])/giu;

/** Names of pictures that nothing else has. */
const CHINESE_KIND =
  '(?:图表|图片|照片|相片|插图|截图|配图|示意图|流程图|架构图|结构图|关系图|组织图|(?:走势|趋势|变化|柱状|柱形|条形|折线|曲线|饼状?|扇形|散点|分布|雷达|直方|对比|比较|统计|电路|原理|平面|剖面|框)图)';
const CHINESE_END = '\\s*(?:[?？。.!！]|在|是|有|吗|呢|$)';
/** A kind of picture, or 图 alone, where the query says that this is what it wants: 净利润的图, 哪张图, 给我看…的图片, 净利润走势图. */
const ASKED_IN_CHINESE = [
  new RegExp(`的\\s*(?:${CHINESE_KIND}|图)${CHINESE_END}`, 'u'),
  new RegExp(`[哪这那几一]\\s*[张幅]\\s*(?:${CHINESE_KIND}|图)(?![书纸案形])`, 'u'),
  new RegExp(`(?:看|找|显示|展示|给出|查找|有没有|有无).{0,30}${CHINESE_KIND}${CHINESE_END}`, 'u'),
  new RegExp(`${CHINESE_KIND}\\s*[?？。.!！]?\\s*$`, 'u'),
];

const KIND =
  '(?:(?:bar|pie|line|scatter|flow|block|circuit)\\s+)?(?:charts?|diagrams?|graphs?|plots?|figures?|pictures?|photos?|photographs?|images?|illustrations?|drawings?|screenshots?|flowcharts?|histograms?)';
/** Those that are nothing else: a plot is of novels, too, a figure of speech. */
const PLAIN_KIND =
  '(?:(?:bar |pie |line )?charts?|diagrams?|flowcharts?|histograms?|pictures?|photos?|photographs?|illustrations?|screenshots?)';
const ASKED_IN_ENGLISH = [
  // a chart of …, show me the graph of …, is there a picture showing …
  new RegExp(
    `^\\W*(?:(?:please|can|could|you|i|want|need|show|give|find|get|see|me|us|a|an|the|any|some|is|are|there|do|have)\\s+)*(?:${PLAIN_KIND}|graphs?)\\s+(?:of|for|showing|depicting|illustrating|(?:that|which)\\s+shows?)\\b`,
    'iu',
  ),
  // show me the net profit chart
  new RegExp(
    `\\b(?:show|give|find|get)\\s+(?:me\\s+|us\\s+)?(?:a|an|the|any|some)\\s+(?:[\\p{L}\\p{N}'-]+\\s+){0,5}${PLAIN_KIND}\\W*$`,
    'iu',
  ),
  new RegExp(
    `\\b(?:which|what)\\s+(?:[\\p{L}'-]+\\s+)?${KIND}\\s+(?:shows?|depicts?|illustrates?|has|have|gives?|plots?)\\b`,
    'iu',
  ),
  // net profit by year chart
  new RegExp(`^(?!\\W*(?:how|why|what|when|who|where|can|could|does?|did|is|are|should)\\b).*\\S\\s+${PLAIN_KIND}\\W*$`, 'iu'),
];

/**
 * The figures that a query itself asks for, as a filter: those of the numbers that it names (图4：…, Figure 2.1, 图四), else any where it asks for a picture, a chart or a diagram by that word
 * (净利润走势图, which figure shows …, a chart of …).
 *
 * @returns undefined where it asks for none
 */
export function askedFigures(query: string): Filter | undefined {
  const text = query.slice(0, LOOKED_AT).normalize('NFKC');
  const numbers = figureNumbersIn(text);
  if (numbers.length > 0) return { and: [FIGURE_ROWS, { field: 'fields.figure_number', in: numbers }] };
  return [...ASKED_IN_CHINESE, ...ASKED_IN_ENGLISH].some((pattern) => pattern.test(text)) ? FIGURE_ROWS : undefined;
}

function figureNumbersIn(text: string): string[] {
  const numbers = new Set<string>();
  for (const { groups } of [...text.matchAll(CHINESE), ...text.matchAll(ENGLISH)]) {
    const { number, numeral } = groups!;
    const written = number ?? parseChineseNumber(numeral!)?.toString();
    if (written !== undefined) numbers.add(figureNumber(written));
  }
  for (const { groups } of text.matchAll(SEVERAL)) {
    const { first, last, between } = groups!;
    const [from, to] = [Number(first), Number(last)];
    const isRange = /^(?:-|–|to)$/iu.test(between!) && from < to && to - from < LONGEST_RANGE;
    for (let number = from; isRange && number < to; number++) numbers.add(String(number));
    numbers.add(String(from)).add(String(to));
  }
  return [...numbers];
}

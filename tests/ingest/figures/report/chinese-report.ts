import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { runChromium } from '../../../eval/chromium.ts';

/** A chart of the report: what it shows, and what the text around it says. */
interface ReportChart {
  readonly caption: string;
  readonly kind: 'bars' | 'line' | 'pie';
  readonly labels: readonly string[];
  readonly values: readonly number[];
  /** Whether it is an image of pixels in the report; otherwise it is drawn with lines. */
  readonly raster: boolean;
  /** What is written above its curve. */
  readonly note?: string;
  readonly before: string;
  readonly after: string;
}

const YEARS = ['2019', '2020', '2021', '2022', '2023'];

/** Eight charts of a report on a maker of chips, all of whose numbers are made up. */
export const CHARTS: readonly ReportChart[] = [
  {
    caption: '图1：全球晶圆代工市场规模',
    kind: 'bars',
    labels: YEARS,
    values: [610, 680, 920, 1180, 1050],
    raster: false,
    before: '晶圆代工是半导体产业链的中游。近年来智能手机与高性能计算带动了需求，全球市场不断扩大，图1给出了各年的总量。',
    after: '二〇二三年下游去库存，行业短暂回落，此后随着新产品推出而恢复。',
  },
  {
    caption: '图2：中芯国际营业收入及增速',
    kind: 'line',
    labels: YEARS,
    values: [220, 274, 356, 495, 452],
    raster: true,
    note: '疫情后补库存推高峰值',
    before: '公司的销售额在过去五年里翻了一番，见图2。先进工艺与成熟工艺的产能都在爬坡，订单充足。',
    after: '增速在二〇二二年达到高点，其后因为出货量下降而放缓。',
  },
  {
    caption: '图3：中芯国际毛利率与同业比较',
    kind: 'line',
    labels: ['台积电', '联电', '格芯', '华虹', '中芯国际'],
    values: [54, 35, 28, 21, 22],
    raster: false,
    before: '盈利能力取决于产能利用率与产品结构。图3把公司与几家竞争对手的毛利水平放在一起。',
    after: '公司的毛利水平低于行业龙头，主要是折旧负担较重。',
  },
  {
    caption: '图4：中芯国际归母净利润情况概览',
    kind: 'bars',
    labels: YEARS,
    values: [18, 43, 107, 121, 48],
    raster: false,
    before: '归属于母公司股东的净利润在二〇二一年跃升，如图4所示，当年受益于涨价与满产。',
    after: '二〇二三年利润回落，系折旧增加与价格下调所致。',
  },
  {
    caption: '图5：公司研发投入占比',
    kind: 'bars',
    labels: YEARS,
    values: [21, 17, 11, 10, 11],
    raster: true,
    note: '含政府补助与股份支付',
    before: '技术追赶离不开研究开发上的花费。图5列出了每年研发费用与销售额之比。',
    after: '绝对额逐年上升，比例因收入增长更快而下降。',
  },
  {
    caption: '图6：分地区收入构成',
    kind: 'pie',
    labels: ['中国区', '美国区', '欧亚区'],
    values: [80, 16, 4],
    raster: false,
    before: '从客户所在地来看，本土客户贡献了绝大部分销售，图6为各区域所占的份额。',
    after: '海外客户的份额受到贸易限制的影响而减小。',
  },
  {
    caption: '图7：月产能与产能利用率',
    kind: 'line',
    labels: ['一季度', '二季度', '三季度', '四季度'],
    values: [73, 75, 80, 81],
    raster: true,
    note: '临港厂区与深圳厂区投产',
    before: '折合八英寸的月产能在年内增加，工厂的开工程度见图7。',
    after: '三季度以后工厂更加繁忙，急单增多。',
  },
  {
    caption: '图8：员工人数与学历结构',
    kind: 'pie',
    labels: ['博士', '硕士', '本科', '其他'],
    values: [3, 22, 41, 34],
    raster: false,
    before: '人才是公司最重要的资产。图8按照受教育程度展示了职工的组成。',
    after: '公司为新人安排导师，并与多所高校联合培养。',
  },
];

const TABLES = `
<p class="c">表1：主要财务指标</p>
<table><tr><th>项目</th><th>2022</th><th>2023</th></tr><tr><td>营业收入</td><td>495</td><td>452</td></tr><tr><td>归母净利润</td><td>121</td><td>48</td></tr></table>`;
const SECOND_TABLE = `
<p class="c">表2：主要客户名单</p>
<table><tr><th>客户</th><th>地区</th><th>占比</th></tr><tr><td>甲公司</td><td>上海</td><td>12%</td></tr><tr><td>乙公司</td><td>深圳</td><td>9%</td></tr></table>`;

const [WIDTH, HEIGHT] = [420, 200];
const COLOURS = ['#2563a8', '#d97706', '#2f8f5b', '#a8324a', '#6b5b95'];

/** A chart as a drawing: axes with numbers, bars, a line or slices, with their names. */
function drawing({ kind, labels, values, note }: ReportChart): string {
  const most = Math.max(...values) * 1.1;
  const [left, bottom, wide, tall] = [50, HEIGHT - 30, WIDTH - 70, HEIGHT - 50];
  const x = (index: number): number => left + (wide * (index + 0.5)) / values.length;
  const y = (value: number): number => bottom - (tall * value) / most;
  const parts = note === undefined ? [] : [`<text x="${WIDTH / 2}" y="14" text-anchor="middle">${note}</text>`];
  if (kind === 'pie') {
    let angle = 0;
    const sum = values.reduce((all, value) => all + value, 0);
    const at = (turn: number): string => `${150 + 80 * Math.sin(2 * Math.PI * turn)} ${100 - 80 * Math.cos(2 * Math.PI * turn)}`;
    for (const [index, value] of values.entries()) {
      const next = angle + value / sum;
      parts.push(
        `<path d="M150 100 L${at(angle)} A80 80 0 ${value / sum > 0.5 ? 1 : 0} 1 ${at(next)} Z" fill="${COLOURS[index % 5]}"/>`,
        `<rect x="260" y="${40 + index * 30}" width="14" height="14" fill="${COLOURS[index % 5]}"/>`,
        `<text x="282" y="${52 + index * 30}">${labels[index]} ${value}%</text>`,
      );
      angle = next;
    }
  } else {
    for (let step = 0; step <= 4; step++) {
      const value = (most * step) / 4;
      parts.push(
        `<path d="M${left} ${y(value)} H${left + wide}" stroke="#ccc" fill="none"/>`,
        `<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${value.toFixed(0)}</text>`,
      );
    }
    for (const [index, label] of labels.entries()) {
      parts.push(`<text x="${x(index)}" y="${bottom + 16}" text-anchor="middle">${label}</text>`);
      if (kind === 'bars')
        parts.push(
          `<rect x="${x(index) - 16}" y="${y(values[index]!)}" width="32" height="${bottom - y(values[index]!)}" fill="#2563a8"/>`,
        );
    }
    if (kind === 'line')
      parts.push(
        `<polyline points="${values.map((value, index) => `${x(index)},${y(value)}`).join(' ')}" fill="none" stroke="#d97706" stroke-width="2"/>`,
        ...values.map((value, index) => `<circle cx="${x(index)}" cy="${y(value)}" r="4" fill="#d97706"/>`),
      );
    parts.push(`<path d="M${left} ${bottom} H${left + wide} M${left} ${bottom} V20" stroke="#333" fill="none"/>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-size="11" font-family="sans-serif">${parts.join('')}</svg>`;
}

/** The last page, which somebody has printed and scanned: 150 dots an inch. */
const SCAN = { width: 1240, height: 1754, heading: '九、风险提示' } as const;
const SCAN_LINES = [
  '硅片与光刻胶的采购价格可能继续上涨，从而压低公司的盈利。',
  '设备交付周期受出口管制影响，新建产线的爬坡速度或慢于预期。',
  '若智能手机换机需求持续疲软，成熟制程的报价存在下调压力。',
];

/** A page of pixels, with no letters that a program could read. */
async function scannedPage(): Promise<string> {
  const lines = SCAN_LINES.map((line, place) => `<text x="140" y="${330 + 70 * place}" font-size="30">${line}</text>`);
  const drawn = `<svg xmlns="http://www.w3.org/2000/svg" width="${SCAN.width}" height="${SCAN.height}" font-family="sans-serif"><rect width="100%" height="100%" fill="#fff"/><text x="140" y="220" font-size="42">${SCAN.heading}</text>${lines.join('')}</svg>`;
  const pixels = await sharp(Buffer.from(drawn)).jpeg({ quality: 90 }).toBuffer();
  return `<div class="s"><img src="data:image/jpeg;base64,${pixels.toString('base64')}"></div>`;
}

/** The report as a page: the same in both ways of writing it. */
async function page(): Promise<string> {
  const sections: string[] = [];
  for (const [index, chart] of CHARTS.entries()) {
    let shown = drawing(chart);
    if (chart.raster) {
      const background = `<rect width="100%" height="100%" fill="#fff"/>`;
      const pixels = await sharp(Buffer.from(shown.replace('>', `>${background}`)), { density: 144 })
        .png()
        .toBuffer();
      shown = `<img width="${WIDTH}" height="${HEIGHT}" src="data:image/png;base64,${pixels.toString('base64')}">`;
    }
    sections.push(
      `<h2>${['一', '二', '三', '四', '五', '六', '七', '八'][index]}、${chart.caption.slice(3)}</h2><p>${chart.before}</p><div class="f">${shown}</div><p class="c">${chart.caption}</p><p>${chart.after}</p>`,
    );
    if (index === 2) sections.push(TABLES);
    if (index === 5) sections.push(SECOND_TABLE);
  }
  sections.push(await scannedPage());
  return `<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8"><title>中芯国际研究报告</title><style>
@page { size: A4; margin: 20mm } @page scan { margin: 0 } .s { page: scan; break-before: page } .s img { display: block; width: 210mm; height: 296mm } body { font-size: 11pt; line-height: 1.6 } h1 { font-size: 20pt } h2 { font-size: 14pt }
.f { text-align: center } .c { text-align: center; font-size: 10pt } table { border-collapse: collapse; margin: auto } td, th { border: 1px solid #333; padding: 2pt 12pt }
h2 { break-after: avoid } .f { break-inside: avoid; break-after: avoid } table { break-inside: avoid }</style></head><body><h1>中芯国际研究报告</h1>${sections.join('\n')}</body></html>`;
}

/** Of the package fontconfig. */
const FONT_LIST = 'fc-list';

/** Whether there are letters for it: without a Chinese font, boxes would be printed. */
export function hasChineseFont(): boolean {
  const { status, stdout } = spawnSync(FONT_LIST, [':lang=zh', 'family'], { encoding: 'utf8' });
  return status === 0 && stdout.trim() !== '';
}

/** The report as a PDF that Chromium writes. */
export async function writeReport(chromium: string): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'cem-report-'));
  try {
    const [source, target] = [join(folder, 'report.html'), join(folder, 'report.pdf')];
    writeFileSync(source, await page());
    runChromium(chromium, '--no-pdf-header-footer', `--print-to-pdf=${target}`, pathToFileURL(source).href);
    return Uint8Array.from(readFileSync(target));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

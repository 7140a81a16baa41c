import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readEvaluationRecord } from '../../../eval/index.ts';
import { type ReportData, reportData, reportMarkdown, reportPage, savingPicture } from '../../../eval/report/index.ts';
import { findChromium, runChromium } from '../chromium.ts';
import { evaluateSmall } from '../small-evaluation.ts';

const test = suite<{ folder: string; data: ReportData; page: string }>('evaluation report');

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-report-'));
  const records = [];
  // Runs of one corpus lie on each other in the plot of saving and retention: the hardest case for its labels.
  for (const salt of [1, 2, 3]) {
    const path = join(context.folder, `run-${salt}`);
    await evaluateSmall(path, salt);
    records.push(await readEvaluationRecord(path));
  }
  context.data = reportData(records, { rounds: 500 });
  context.page = reportPage(context.data);
});

test.after(async ({ folder }) => {
  await rm(folder, { recursive: true, force: true });
});

/** Every number and every string in a JSON document. */
function leavesOf(
  value: unknown,
  numbers = new Set<number>(),
  strings: string[] = [],
): { numbers: Set<number>; strings: string[] } {
  if (typeof value === 'number') numbers.add(value);
  else if (typeof value === 'string') strings.push(value);
  else if (typeof value === 'object' && value !== null)
    for (const [key, child] of Object.entries(value)) {
      strings.push(key);
      leavesOf(child, numbers, strings);
    }
  return { numbers, strings };
}

/** Ways in which the page may write a number: they are derived here anew, not taken from the page's own code. */
function writings(value: number): string[] {
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '+';
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = size < 999.5 ? 0 : size < 999.5e3 ? 1 : size < 999.5e6 ? 2 : 3;
  const bytes = power === 0 ? `${value} B` : `${(value / 1000 ** power).toPrecision(3)} ${units[power]}`;
  return [
    String(value),
    value.toFixed(4),
    `${sign}${size.toFixed(4)}`,
    `${(100 * value).toFixed(1)}%`,
    value.toFixed(1),
    value.toFixed(3),
    bytes,
  ];
}

const decodeEntities = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

/** Words of the page with digits in them that are no figures. */
const NAMES = ['nDCG@10', 'recall@10', 'recall@100', 'MRR@10', '95% interval', 'float32', 'bm25'];

/** What is wrong with the figures of a page, as its HTML has them. */
function strayFigures(source: string, data: ReportData): string[] {
  const { numbers, strings } = leavesOf(data);
  const stray: string[] = [];
  const body = source.slice(source.indexOf('<body')).replaceAll(/<!--.*?-->/gs, '');
  for (const [, value, text] of body.matchAll(/<data value="([^"]*)">([^<]*)<\/data>/g)) {
    if (!numbers.has(Number(value))) stray.push(`${value} is not in the JSON`);
    if (!writings(Number(value)).includes(text!)) stray.push(`${text} is no way to write ${value}`);
  }
  for (const [, value] of body.matchAll(/data-value="([^"]*)"/g)) {
    if (!numbers.has(Number(value))) stray.push(`${value} (a point) is not in the JSON`);
  }
  // Ticks are the scales of the axes, and the numbers of runs and the words of pictures' titles say again what was checked.
  let rest = body
    .replaceAll(/<data [^>]*>[^<]*<\/data>/g, '')
    .replaceAll(/<text class="(tick|number)"[^>]*>[^<]*<\/text>/g, '')
    .replaceAll(/<title>[^<]*<\/title>/g, '')
    .replaceAll(/<[^>]*>/g, '\n');
  rest = decodeEntities(rest);
  const known = [...NAMES, ...strings];
  for (const line of rest.split('\n').map((candidate) => candidate.trim())) {
    let left = line;
    for (const name of known.filter((candidate) => /\d/.test(candidate)).sort((a, b) => b.length - a.length))
      left = left.replaceAll(name, '');
    // Hashes are shown by their beginning.
    if (/\d/.test(left) && !strings.some((text) => text.startsWith(line.replace(/\.$/, ''))))
      stray.push(`${JSON.stringify(line)} holds a number of its own`);
  }
  return stray;
}

test('every figure of the page is in the JSON', ({ page, data }) => {
  assert.equal(strayFigures(page, data), []);
  assert.ok([...page.matchAll(/<data /g)].length > 150);
  assert.ok([...page.matchAll(/data-value=/g)].length >= 3 * 4 * 6 + 3); // curves of 4 rows by 6 lengths, and a point a run
});

test('the check finds a figure that is made up', ({ page, data }) => {
  assert.is(strayFigures(page.replace('</body>', '<p>nDCG@10 of 0.99</p></body>'), data).length, 1);
  assert.ok(strayFigures(page.replace(/<data value="0\.\d+">/, '<data value="0.123456">'), data).length >= 1);
});

test('it needs nothing else, and texts cannot break out of their place', ({ page }) => {
  assert.not.match(page, /<script|<link|<img|https?:|url\(|@import/);
  // The data's queries and texts hold <i>, <b>, & and quotation marks.
  assert.not.match(page, /<i>|<b>\d/);
  assert.match(page, '&lt;i&gt;');
});

test('subject, comparisons, wins and losses', ({ data }) => {
  const [run] = data.runs;
  assert.is(run!.subject, 'student');
  assert.equal(
    run!.comparisons.map(({ row }) => row),
    ['teacher', 'bm25', 'random'],
  );
  const { other, wins, losses } = data.runs[2]!.contrast!;
  assert.is(other, 'teacher');
  for (const query of wins) assert.ok(query.subject > query.other);
  for (const query of losses) assert.ok(query.subject < query.other);
  const gains = wins.map(({ subject, other: reference }) => subject - reference);
  assert.equal(
    gains,
    [...gains].sort((a, b) => b - a),
  );
  assert.ok(wins.length + losses.length > 0);
  assert.ok(wins.length <= 5 && losses.length <= 5);
});

test('Markdown: tables whose rows are as wide as their heads', ({ data }) => {
  const tables = reportMarkdown(data)
    .split('\n\n')
    .filter((block) => block.startsWith('|'));
  assert.is(tables.length, 1 + 3 * 7);
  for (const table of tables) {
    const widths = table
      .trimEnd()
      .split('\n')
      .map((line) => line.replaceAll(/\\./g, '').split('|').length);
    assert.is(new Set(widths).size, 1, table);
  }
});

/**
 * Looks at the page in a frame of its own: what overflows, which texts of pictures touch, and the contrast of text. The result is JSON in the page's `pre`.
 */
const PROBE = `<!doctype html><meta charset="utf-8"><body><iframe style="width:WIDTHpx;height:3000px;border:0"></iframe><pre></pre><script>
const frame = document.querySelector('iframe');
frame.onload = () => {
  const page = frame.contentDocument;
  for (const details of page.querySelectorAll('details')) details.open = true;
  const touching = [];
  for (const picture of page.querySelectorAll('svg.chart')) {
    const texts = [...picture.querySelectorAll('text')].map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
    const whole = picture.getBoundingClientRect();
    texts.forEach((one, index) => {
      const { left, right, top, bottom } = one.box;
      if (left < whole.left - 1 || right > whole.right + 1 || bottom > whole.bottom + 1) touching.push(one.text + ' leaves its picture');
      for (const { text, box } of texts.slice(index + 1)) {
        if (left < box.right && box.left < right && top + 1 < box.bottom && box.top + 1 < bottom) touching.push(one.text + ' / ' + text);
      }
    });
  }
  const smallest = Math.min(...[...page.querySelectorAll('svg.chart text')].map((text) => text.getBoundingClientRect().height));
  const style = page.defaultView.getComputedStyle(page.body);
  document.querySelector('pre').textContent = JSON.stringify({
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth, touching, smallest,
    sections: page.querySelectorAll('section').length, color: style.color, ground: style.backgroundColor, drawn: page.documentElement.outerHTML,
  });
};
frame.srcdoc = PAGE;
</script></body>`;

interface Look {
  readonly overflow: number;
  readonly touching: string[];
  readonly smallest: number;
  readonly sections: number;
  readonly color: string;
  readonly ground: string;
  readonly drawn: string;
}

const chromium = findChromium();
if (chromium === undefined) {
  process.stdout.write('skipped: the report in Chromium (no chromium on PATH; Debian: apt-get install chromium)\n');
} else {
  const look = async (folder: string, page: string, width: number, ...words: string[]): Promise<Look> => {
    const path = join(folder, `probe-${width}.html`);
    const source = JSON.stringify(page).replaceAll('<', '\\u003c');
    await writeFile(
      path,
      PROBE.replace('WIDTH', String(width)).replace('PAGE', () => source),
    );
    const dom = runChromium(
      chromium,
      ...words,
      '--window-size=1200,3200',
      '--virtual-time-budget=5000',
      '--dump-dom',
      `file://${path}`,
    );
    return JSON.parse(decodeEntities(/<pre>([\s\S]*?)<\/pre>/.exec(dom)![1]!)) as Look;
  };

  const brightness = (color: string): number =>
    color
      .match(/\d+/g)!
      .slice(0, 3)
      .reduce((sum, part) => sum + Number(part), 0);

  const check = ({ overflow, touching, smallest, sections, drawn }: Look, data: ReportData): void => {
    assert.is(sections, 3);
    assert.equal(touching, []);
    assert.is(overflow, 0);
    assert.ok(smallest >= 10, `text of ${smallest} px`);
    assert.equal(strayFigures(drawn, data), []);
  };

  test('Chromium, wide and light: no label touches another, nothing overflows, the figures are those of the JSON', async ({
    folder,
    page,
    data,
  }) => {
    const seen = await look(folder, page, 1100);
    check(seen, data);
    assert.ok(brightness(seen.ground) > brightness(seen.color) + 450, `${seen.color} on ${seen.ground}`);
  });

  test('Chromium, narrow and dark: the same', async ({ folder, page, data }) => {
    const seen = await look(folder, page, 400, '--blink-settings=preferredColorScheme=0');
    check(seen, data);
    assert.ok(brightness(seen.color) > brightness(seen.ground) + 450, `${seen.color} on ${seen.ground}`);
  });
}

test('a picture whose points lie on top of each other is finished, each number in a place of its own', () => {
  // For the first a place was looked for forever that was free but for a rounding. The others are a curve that was measured.
  const curve = [0.6756, 0.6982, 0.5788, 0.0155, 0.6683, 0.686, 0.8139, 0.6812];
  for (const retentions of [[0.494, 0.992, 0.49], curve]) {
    const picture = savingPicture(retentions.map((retention, index) => ({ name: `p${index}`, saving: 0.634, retention })));
    const places = [...picture.matchAll(/<text class="number" x="([\d.]+)" y="([\d.]+)">/g)].map(([, x, y]) => `${x} ${y}`);
    assert.is(new Set(places).size, retentions.length);
  }
});

test.run();

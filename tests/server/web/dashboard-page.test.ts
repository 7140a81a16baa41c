import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createDashboard } from '../../../server/web/dashboard/create-dashboard.ts';
import { MetricsLog } from '../../../training/runs/metrics-log.ts';
import { findChromium } from '../../eval/chromium.ts';
import { appendMetrics, makeRun } from '../../training/runs/small-metrics.ts';
import { Browser } from './browser.ts';

const test = suite<{ folder: string; server: FastifyInstance; browser: Browser }>('dashboard in Chromium');

/** Data of the chart of a quantity: the axis, then a list a curve. */
const data = (name: string) => `globalThis.charts?.get(${JSON.stringify(name)})?.plot?.data.map((list) => [...list])`;
/** Pixels of a chart that have very nearly a colour of the style. */
const pixels = (name: string, colour: string) => `(() => {
  const canvas = charts.get('${name}').element.querySelector('canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const wanted = getComputedStyle(document.documentElement).getPropertyValue('${colour}').trim().match(/[0-9a-f]{2}/g).map((part) => parseInt(part, 16));
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 200 && wanted.every((part, channel) => Math.abs(part - data[i + channel]) < 24)) count++;
  return count;
})()`;
const rows = `[...document.querySelectorAll('#runs tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))`;
const click = (selector: string) => `document.querySelector(${JSON.stringify(selector)}).click()`;
const settled = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))';

const chromium = findChromium();
if (chromium === undefined) {
  process.stdout.write('skipped: the dashboard in Chromium (no chromium on PATH; Debian: apt-get install chromium)\n');
} else {
  test.before(async (context) => {
    context.folder = await mkdtemp(join(tmpdir(), 'cem-dashboard-'));
    const quick = await makeRun(context.folder, 'quick', 40);
    await appendMetrics(quick, [10, 20, 30, 40], { seconds: 5 });
    await makeRun(context.folder, 'slow <b>', 100);
    await appendMetrics(join(context.folder, 'slow <b>'), [10, 15]);
    await makeRun(context.folder, 'waiting', 7);
    context.server = await createDashboard({ folder: context.folder, runs: [] });
    const address = await context.server.listen({ host: '127.0.0.1', port: 0 });
    context.browser = await Browser.open(chromium, address);
    await context.browser.until(data('loss'));
  });
  test.after(async ({ folder, server, browser }) => {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  test('curves of two runs lie over each other, one that waits is listed', async ({ browser }) => {
    await browser.value(settled);
    assert.equal(await browser.value(data('loss')), [
      [10, 15, 20, 30, 40],
      [1 / 10, null, 1 / 20, 1 / 30, 1 / 40],
      [1 / 10, 1 / 15, null, null, null],
    ]);
    assert.ok((await browser.value<number>(pixels('loss', '--run-0'))) > 50, 'the first curve is drawn');
    assert.ok((await browser.value<number>(pixels('loss', '--run-1'))) > 20, 'the second curve is drawn');
    assert.is(await browser.value<number>(pixels('loss', '--run-2')), 0);
    assert.equal(await browser.value(rows), [
      ['quick', '40 of 40', '0.025', '–', '–'],
      ['slow <b>', '15 of 100', '0.06667', '–', '–'],
      ['waiting', 'waiting', '–', '–', '–'],
    ]);
    const readings = '[...document.querySelectorAll("figure")].map((figure) => figure.querySelector("[role=img]").ariaLabel)';
    const labels = await browser.value<string[]>(readings);
    assert.is(labels.length, 10);
    assert.is(labels[0], 'Loss: quick 0.025, slow <b> 0.06667');
    assert.ok(labels.includes('Dev nDCG@10: not measured') && labels.includes('Memory: quick 1.074 GB, slow <b> 1.074 GB'));
    assert.match(await browser.value<string>('document.querySelector("#status").textContent'), /^3 runs in .*, 1 waiting/);
  });

  test('they grow while a run writes; a resumed run is cut back', async ({ folder, browser }) => {
    const slow = join(folder, 'slow <b>');
    await appendMetrics(slow, [50], { dev: { 'ndcg@10': 0.4, retention: 0.8 } });
    await appendMetrics(join(folder, 'waiting'), [2, 5]);
    await browser.until(`${data('loss')}.length === 4`);
    assert.equal(await browser.value(data('dev/ndcg@10')), [[50], [0.4]]);
    await browser.until(`${rows}[1][4] === '80%'`);
    await browser.value(settled);
    assert.ok((await browser.value<number>(pixels('loss', '--run-2'))) > 5, 'the third curve is drawn');
    await MetricsLog.open(join(slow, 'metrics.jsonl'), 15);
    await browser.until(`${data('loss')}[0].at(-1) === 40`);
    await browser.until(`${data('dev/ndcg@10')} === undefined`);
  });

  test('switches hide runs, and a hidden one keeps its colour; the address keeps the choices', async ({ browser }) => {
    await browser.value(click('#runs tbody tr:first-child input'));
    await browser.value(settled);
    assert.is(await browser.value<number>(pixels('loss', '--run-0')), 0);
    assert.ok((await browser.value<number>(pixels('loss', '--run-1'))) > 20);
    await browser.value(click('#show-none'));
    assert.is(await browser.value(data('loss')), undefined);
    await browser.value(click('#show-all'));
    await browser.until(`${data('loss')}.length === 4`);
    await browser.value(click('#runs tbody tr:nth-child(3) input'));
    await browser.value(click('[name=axis][value=seconds]'));
    await browser.send('Page.reload');
    await browser.until(`${data('loss')}?.length === 3`);
    // All lines of the first run are 5 seconds old: the last of them is the value there.
    assert.equal(await browser.value(`${data('loss')}[0]`), [5, 10, 15]);
    await browser.value(click('[name=axis][value=step]'));
    await browser.value(click('#show-all'));
  });

  test('smoothing draws a second line over the pale first, for what is noisy', async ({ browser }) => {
    const slide = (value: number) => `(() => {
      const slider = document.querySelector('[name=smoothing]');
      slider.value = ${value};
      slider.dispatchEvent(new Event('input', { bubbles: true }));
    })()`;
    await browser.value(slide(0.5));
    await browser.until(`${data('loss')}?.length === 7`);
    const [, values, smooth] = await browser.value<number[][]>(data('loss'));
    // (0.1 / 2 + 0.05) / 2 of weights 1/4 and 1/2, divided by 3/4.
    const second = values!.indexOf(0.05);
    assert.ok(Math.abs(smooth![second]! - (0.1 / 4 + 0.05 / 2) / 0.75) < 1e-12);
    assert.is(await browser.value(`${data('memory')}.length`), 4);
    await browser.value(slide(0));
    await browser.until(`${data('loss')}?.length === 4`);
  });

  test('with the keyboard: a chart takes the focus, and arrows read its values', async ({ browser }) => {
    await browser.value(`charts.get('loss').element.querySelector('[role=img]').focus()`);
    const read = `charts.get('loss').element.querySelector('.readout').textContent`;
    await browser.press('Home');
    assert.match(await browser.value<string>(read), /^step 2:/);
    await browser.press('ArrowRight');
    await browser.press('ArrowRight');
    assert.match(await browser.value<string>(read), /^step 10:quick 0\.1slow <b> 0\.1waiting/);
    assert.is(await browser.value(`charts.get('loss').element.querySelector('.readout').ariaLive`), 'polite');
    await browser.press('End');
    assert.match(await browser.value<string>(read), /^step 40:/);
    // The other charts follow.
    await browser.value(settled);
    assert.match(await browser.value<string>(`charts.get('memory').element.querySelector('.readout').textContent`), /^step 40:/);
  });

  test('what a part was zoomed into stays while new values come', async ({ folder, browser }) => {
    await browser.value(`charts.get('loss').plot.setScale('x', { min: 12, max: 18 })`);
    await appendMetrics(join(folder, 'quick'), [60]);
    await browser.until(`${data('loss')}[0].at(-1) === 60`);
    await browser.value(settled);
    const scale = `(({ min, max }) => [min, max])(charts.get('loss').plot.scales.x)`;
    assert.equal(await browser.value(scale), [12, 18]);
  });

  test('losses on a logarithmic scale, which has no place for zeros', async ({ folder, browser }) => {
    await appendMetrics(join(folder, 'waiting'), [6, 7], { terms: { zero: 0, 'passages/distillation': 0 } });
    await browser.until(data('terms/zero'));
    await browser.value(click('[name=logarithmic]'));
    await browser.value(settled);
    const distribution = (name: string) => `charts.get('${name}').plot.scales.y.distr`;
    assert.equal([await browser.value(distribution('loss')), await browser.value(distribution('memory'))], [3, 1]);
    assert.ok((await browser.value<number>(pixels('terms/passages/distillation', '--run-0'))) > 50);
    await browser.value(click('[name=logarithmic]'));
  });

  test('dark where the reader wants it, narrow without anything cut off, and no error on the way', async ({ browser }) => {
    const ground = 'getComputedStyle(document.body).backgroundColor';
    const light = await browser.value(ground);
    await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'dark' }] });
    await browser.value(settled);
    assert.is.not(await browser.value(ground), light);
    assert.ok(
      (await browser.value<number>(pixels('gradient_norm', '--run-0'))) > 50,
      'curves have the colours of the dark scheme',
    );
    await browser.send('Emulation.setDeviceMetricsOverride', { width: 400, height: 800, deviceScaleFactor: 1, mobile: false });
    await browser.value(settled);
    await browser.until(`charts.get('loss').plot.width <= 400`);
    assert.is(await browser.value('document.documentElement.scrollWidth - document.documentElement.clientWidth'), 0);
    assert.equal(browser.errors, []);
  });

  test('a folder that is gone is said; what is back is drawn again', async ({ folder, browser }) => {
    await rm(folder, { recursive: true });
    await browser.until(`document.querySelector('#status').textContent.startsWith('cannot read the folder of runs')`);
    await appendMetrics(await makeRun(folder, 'quick', 40), [1, 2]);
    await browser.until(`${data('loss')}?.length === 2`);
  });
}

test.run();

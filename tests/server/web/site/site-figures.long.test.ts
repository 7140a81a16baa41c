import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ingest } from '../../../../recipes/ingest/index.ts';
import { type RunningServer, serve } from '../../../../server/index.ts';
import { findChromium } from '../../../eval/chromium.ts';
import { hasChineseFont, writeReport } from '../../../ingest/figures/report/chinese-report.ts';
import { Person } from './person.ts';

const test = suite<{ folder: string; server: RunningServer; person: Person }>('figures on the page of the server');

const MODELS = fileURLToPath(new URL('../../../../../shared/models/', import.meta.url));
const CHECKPOINT = fileURLToPath(new URL('../../../../checkpoints/cem-small-zh', import.meta.url));
const CAPTION = '图4：中芯国际归母净利润情况概览';
/** Where pictures of the page are put, for somebody to look at; nowhere unless it is set. */
const PICTURES = process.env['CEM_TEST_PICTURES'];

/** Whether the first picture below an element has come, and is shown. */
const isShown = (selector: string): string => `document.querySelector('${selector} figure img')?.naturalWidth > 300`;

async function keepPicture(person: Person, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  await person.browser.until('document.getAnimations().length === 0');
  await mkdir(PICTURES, { recursive: true });
  await writeFile(join(PICTURES, `${name}.png`), await person.browser.picture());
}

const chromium = findChromium();
if (chromium === undefined || !hasChineseFont() || !existsSync(join(MODELS, 'bge-small-zh-v1.5-q'))) {
  process.stdout.write('skipped: figures on the page (Chromium, a Chinese font and ../shared/models are wanted)\n');
} else {
  test.before(async (context) => {
    context.folder = await mkdtemp(join(tmpdir(), 'cem-site-'));
    const [files, collections] = [join(context.folder, 'files'), join(context.folder, 'collections')];
    await mkdir(files);
    await writeFile(join(files, 'report.pdf'), await writeReport(chromium));
    const units = { minimumTokens: 40, maximumTokens: 200 };
    await ingest({ paths: [files], into: join(collections, 'reports'), checkpoint: CHECKPOINT, models: MODELS, units });
    context.server = await serve({ collections, checkpoint: CHECKPOINT, models: MODELS, port: 0 });
    context.person = await Person.at(chromium, context.server.address);
    // Models are loaded.
    context.person.browser.patienceMilliseconds = 120_000;
  });
  test.after(async ({ folder, server, person }) => {
    await person.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  test('an answer shows the figure that it cites', async ({ person }) => {
    await person.visit('#/ask');
    await person.reads('.lead', 'reports');
    await person.ask(CAPTION);
    await person.sees('.answer-meta');
    await person.browser.until(isShown('.turn'));
    await keepPicture(person, 'ask');
    await person.browser.emulate({ 'prefers-color-scheme': 'dark' });
    await keepPicture(person, 'ask-dark');
    await person.browser.emulate({ 'prefers-color-scheme': 'light' });
  });

  test('a search shows the picture of the figure that it asks for, with caption and page', async ({ person }) => {
    await person.go('#/search');
    await person.fill('#query', CAPTION);
    await person.browser.press('Enter');
    await person.browser.until(isShown('.result'));
    assert.match((await person.texts('.result figcaption'))[0]!, new RegExp(`${CAPTION}[\\s\\S]*2`));
    assert.not.match((await person.texts('.result .snippet'))[0]!, CAPTION, 'the caption is said once');
    await keepPicture(person, 'search');
    await person.click('.result .title');
    await person.reads('.sheet', '归属于母公司股东的净利润');
    await person.browser.until(isShown('.sheet'));
    await keepPicture(person, 'sheet');
    await person.browser.emulate({ 'prefers-color-scheme': 'dark' });
    await keepPicture(person, 'sheet-dark');
    await person.browser.emulate({ 'prefers-color-scheme': 'light' });
    await person.escape();
    await person.browser.resize(390, 844, 2);
    await keepPicture(person, 'search-phone');
    await person.browser.resize(1200, 900);
  });

  test('the policy of the page refused nothing', ({ person }) => {
    assert.equal(person.browser.errors, []);
  });
}

test.run();

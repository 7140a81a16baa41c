import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findChromium } from '../../../eval/chromium.ts';
import { FakeApi } from './fake-api.ts';
import { Person } from './person.ts';

const test = suite<{ fake: FakeApi; person: Person }>('the page of the server, for everybody');

/** The views as they are at work, each with what has to be there before it is looked at. */
const VIEWS: readonly (readonly [name: string, arrive: (person: Person) => Promise<void>])[] = [
  ['ask, empty', (person) => person.visit('#/ask')],
  [
    'ask, answered',
    async (person) => {
      await person.visit('#/ask');
      await person.browser.until(`document.querySelector('#ask-collection').value`);
      await person.ask('How do I resume a run?');
      await person.sees('.answer-meta');
    },
  ],
  [
    'ask, not answered',
    async (person) => {
      await person.ask('Who won the cup?');
      await person.sees('.unanswered');
    },
  ],
  [
    'search',
    async (person) => {
      await person.visit('#/search');
      await person.browser.until(`document.querySelector('#search-collection').value`);
      await person.click('.filters summary');
      await person.click('.rows > button');
      await person.fill('#query', 'resume');
      await person.browser.press('Enter');
      await person.sees('.result');
    },
  ],
  [
    'collections',
    async (person) => {
      await person.visit('#/collections');
      await person.sees('.collection-list li');
    },
  ],
  [
    'a collection',
    async (person) => {
      await person.visit('#/collections/handbook');
      await person.sees('.documents li');
      await person.click('.change-log summary');
      await person.sees('.changes li');
      await person.click('.more-options summary');
    },
  ],
  ['settings', (person) => person.visit('#/settings')],
];

const chromium = findChromium();
if (chromium === undefined) {
  process.stdout.write('skipped: the page of the server for everybody (no chromium on PATH; Debian: apt-get install chromium)\n');
} else {
  test.before(async (context) => {
    const fake = await FakeApi.listen();
    context.fake = fake;
    context.person = await Person.at(chromium, fake.address);
    await context.person.sees('#views a');
  });
  test.after(async ({ fake, person }) => {
    await person.close();
    await fake.server.close();
  });

  for (const theme of ['light', 'dark'] as const) {
    for (const [name, arrive] of VIEWS) {
      test(`axe-core finds nothing serious: ${name}, ${theme}`, async ({ person }) => {
        await person.browser.emulate({ 'prefers-color-scheme': theme, 'prefers-reduced-motion': 'reduce' });
        await arrive(person);
        assert.equal(await person.faults(), []);
      });
    }
  }

  for (const [name, arrive] of VIEWS) {
    test(`a telephone shows it without moving sideways: ${name}`, async ({ person }) => {
      await person.browser.resize(360, 740);
      await arrive(person);
      await person.fits();
      await person.browser.resize(1200, 900);
    });
  }

  test('dark by the system, and by the switch whatever the system says; the choice stays', async ({ person }) => {
    const ground = `getComputedStyle(document.body).backgroundColor`;
    await person.browser.emulate({ 'prefers-color-scheme': 'light' });
    await person.visit('#/ask');
    const light = await person.browser.value<string>(ground);
    await person.browser.emulate({ 'prefers-color-scheme': 'dark' });
    const dark = await person.browser.value<string>(ground);
    assert.is.not(dark, light);
    await person.click('[aria-label="Light theme"]');
    await person.browser.until(`${ground} === ${JSON.stringify(light)}`);
    await person.browser.emulate({ 'prefers-color-scheme': 'light' });
    await person.click('[aria-label="Dark theme"]');
    await person.reload();
    assert.is(await person.browser.value(ground), dark);
    await person.go('#/settings');
    await person.click('input[name=theme][value=system]');
    await person.browser.until(`${ground} === ${JSON.stringify(light)}`);
  });

  test('Chinese: by the switch, at once and without losing what stands there; by the browser', async ({ person }) => {
    await person.visit('#/ask');
    await person.browser.until(`document.querySelector('#ask-collection').value`);
    await person.ask('工时 有多长？');
    await person.sees('.answer-meta');
    await person.click('#looks button');
    assert.is(await person.browser.value('document.documentElement.lang'), 'zh-CN');
    assert.equal(await person.texts('#views a'), ['提问', '搜索', '文档库', '设置']);
    assert.is(await person.browser.value('document.title'), '提问 · CEM-RAG');
    assert.match(await person.text('.answer-meta'), /置信度 82%[\s\S]*检索\s+18/);
    assert.is(await person.text('.answer-text'), '劳动者每日工作时间不超过八小时，平均每周工作时间不超过四十四小时。1');
    await person.click('.answer-text .citation');
    await person.sees('mark');
    assert.is(await person.text('mark'), '国家实行劳动者每日工作时间不超过八小时、平均每周工作时间不超过四十四小时的工时制度。');
    assert.equal(await person.faults(), []);
    await person.escape();
    await person.reload();
    assert.is(await person.browser.value('document.documentElement.lang'), 'zh-CN');
    await person.browser.value('localStorage.clear()');
    await person.browser.send('Emulation.setUserAgentOverride', { userAgent: 'Chromium', acceptLanguage: 'zh-TW,en' });
    await person.reload();
    assert.is(await person.browser.value('document.documentElement.lang'), 'zh-CN');
    await person.browser.send('Emulation.setUserAgentOverride', { userAgent: 'Chromium', acceptLanguage: 'en' });
    await person.reload();
    assert.is(await person.browser.value('document.documentElement.lang'), 'en');
  });

  test('with the keyboard alone: past the bar, a question, its citation, the next view', async ({ person }) => {
    await person.visit('#/ask');
    await person.browser.until(`document.querySelector('#ask-collection').value`);
    await person.browser.press('Tab');
    await person.focuses('a skip');
    const outline = `(({ outlineStyle, outlineWidth }) => outlineStyle + ' ' + outlineWidth)(getComputedStyle(document.activeElement))`;
    assert.is(await person.browser.value(outline), 'solid 2px');
    await person.browser.press('Enter');
    await person.focuses('main main');
    await person.browser.press('Tab');
    await person.focuses('textarea Question');
    await person.browser.type('How do I');
    await person.browser.press('Enter', { shift: true });
    await person.browser.type('resume a run?');
    await person.browser.press('Enter');
    await person.sees('.answer-meta');
    assert.is(await person.text('.question'), 'How do I\nresume a run?');
    // Back from the question to the last button above it, and on to a citation.
    for (let i = 0; i < 20 && !/^button Citation/.test(await person.focused()); i++)
      await person.browser.press('Tab', { shift: true });
    await person.browser.press('Enter');
    await person.sees('dialog mark');
    await person.escape();
    await person.browser.until(`document.activeElement.matches('.citation')`);
    for (let i = 0; i < 20 && (await person.focused()) !== 'a Search'; i++) await person.browser.press('Tab', { shift: true });
    await person.browser.press('Enter');
    await person.browser.until(`location.hash === '#/search'`);
    await person.focuses('h1 search-heading');
    await person.browser.press('Tab');
    await person.focuses('input Query');
  });

  test('who wants no movement sees none', async ({ person }) => {
    await person.browser.emulate({ 'prefers-reduced-motion': 'reduce' });
    await person.visit('#/ask');
    assert.is(await person.browser.value('document.getAnimations().length'), 0);
    assert.is(await person.browser.value('getComputedStyle(document.documentElement).scrollBehavior'), 'auto');
  });
}

test.run();

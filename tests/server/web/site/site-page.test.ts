import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findChromium } from '../../../eval/chromium.ts';
import { FakeApi } from './fake-api.ts';
import { MARKUP } from './fake-texts.ts';
import { Person } from './person.ts';

const test = suite<{ folder: string; fake: FakeApi; person: Person }>('the page of the server in Chromium');

const QUESTION = 'How do I resume a run?';

/** A promise that is open, and what closes it. */
function gate(): { closed: Promise<void>; open: () => void } {
  let open = () => {};
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { closed, open };
}

const chromium = findChromium();
if (chromium === undefined) {
  process.stdout.write('skipped: the page of the server in Chromium (no chromium on PATH; Debian: apt-get install chromium)\n');
} else {
  test.before(async (context) => {
    context.folder = await mkdtemp(join(tmpdir(), 'cem-site-'));
    const fake = await FakeApi.listen();
    context.fake = fake;
    context.person = await Person.at(chromium, fake.address);
    await context.person.reads('.lead', 'handbook');
  });
  test.after(async ({ folder, fake, person }) => {
    await person.close();
    await fake.server.close();
    await rm(folder, { recursive: true });
  });
  test.before.each(({ fake }) => {
    fake.gate = undefined;
    fake.listGate = undefined;
    fake.key = undefined;
    fake.asked.length = 0;
  });

  test('a question is answered while its answer comes, with its citations, how sure it is and how long it took', async ({
    fake,
    person,
  }) => {
    const { closed, open } = gate();
    fake.gate = closed;
    await person.visit('#/ask');
    await person.reads('.lead', '4 documents');
    await person.ask(QUESTION);
    await person.reads('.answer-text', 'goes on with the step');
    // In its midst: what is complete can be cited, and it can be stopped.
    assert.is(await person.text('.send'), '');
    assert.is(await person.browser.value(`document.querySelector('.send').ariaLabel`), 'Stop');
    assert.is(await person.text('.citations'), '');
    open();
    await person.sees('.answer-meta');
    assert.equal(fake.asked, [{ collection: 'handbook', question: QUESTION, k: 10, stream: true }]);
    assert.is(await person.text('.short'), 'cem train --resume runs/first');
    assert.equal(await person.texts('.answer-text p'), [
      '`cem train --resume runs/first` takes up the newest checkpoint and goes on with the step behind it. 1 A checkpoint is written every 500 steps and when a run is asked to stop. 2',
      'The learning rate, the order of the batches and the random numbers are those that the run would have had without the stop. 1 See also [7].',
    ]);
    assert.equal(await person.texts('.citations .title'), ['Training a model', 'Checkpoints']);
    assert.match(await person.text('.citations li .place'), /guide\/training\.md\s+pp\. 12–13\s+Training › Resuming a run/);
    const meta = await person.text('.answer-meta');
    for (const words of [
      'Confidence 82%',
      'extractive',
      '1 citation did not hold and was dropped',
      'Retrieve\n18 ms',
      'Total\n137 ms',
    ])
      assert.ok(meta.includes(words), `${words}: ${meta}`);
    // Each sentence is said once: a live region to which sentences were added.
    assert.is(await person.browser.value(`document.querySelector('.answer-text').ariaLive`), 'polite');
    assert.is(await person.text('#announcer'), 'The answer is complete.');
  });

  test('a citation opens its passage, marked and in view in the whole document, and gives the focus back', async ({ person }) => {
    await person.browser.value(`document.querySelector('.answer-text .citation').focus()`);
    await person.browser.press('Enter');
    await person.sees('dialog.sheet mark');
    assert.is(
      await person.text('mark'),
      '`cem train --resume runs/first` takes up the newest checkpoint and goes on with the step behind it.',
    );
    assert.is(await person.text('.sheet h2'), 'Training a model');
    assert.is((await person.texts('.unit')).length, 25);
    assert.match(await person.text('.unit.cited .unit-place'), /^Training › Resuming a run · pp\. 12–13$/);
    await person.browser.until(
      `(({ top, bottom }) => top > 60 && bottom < innerHeight)(document.querySelector('mark').getBoundingClientRect())`,
    );
    assert.is(await person.browser.value('document.activeElement.tagName'), 'MARK');
    assert.equal(await person.faults(), []);
    // Nothing behind it can be reached.
    for (let i = 0; i < 6; i++) {
      await person.browser.press('Tab');
      assert.ok(
        await person.browser.value(
          `document.activeElement === document.body || document.activeElement.closest('dialog') !== null`,
        ),
      );
    }
    await person.escape();
    await person.focuses('button Citation 1: open the passage');
  });

  test('a question that follows goes with the conversation before it; a new one begins without', async ({ fake, person }) => {
    await person.ask('and how often? resume');
    await person.browser.until(`document.querySelectorAll('.answer-meta').length === 2`);
    const [{ history }] = fake.asked as [{ history: { role: string; content: string }[] }];
    assert.equal(
      history.map(({ role, content }) => [role, content.slice(0, 22)]),
      [
        ['user', QUESTION],
        ['assistant', '`cem train --resume ru'],
      ],
    );
    await person.reads('.turn:last-child .answer', 'Understood as: How often is a checkpoint written, to resume from?');
    await person.click('.again');
    assert.is(await person.text('.conversation'), '');
    await person.focuses('textarea Question');
  });

  test('it says plainly what the documents do not say', async ({ person }) => {
    await person.ask('Who won the cup?');
    await person.sees('.unanswered');
    assert.match(await person.text('.unanswered'), /^The documents do not say\./);
    assert.equal(await person.texts('.nearest .title'), ['Checkpoints']);
    assert.not.match(await person.text('.answer-meta'), /Confidence/);
  });

  test('an answer can be stopped, and one that fails says why and what to do', async ({ fake, person }) => {
    const { closed, open } = gate();
    fake.gate = closed;
    await person.click('.again');
    await person.ask(QUESTION);
    await person.reads('.answer-text', 'goes on');
    await person.click('.send');
    await person.reads('.answer', 'Stopped.');
    open();
    await person.ask('fail to resume');
    await person.reads('.turn:last-child .failure', 'the model is gone <img');
    await person.reads('.turn:last-child .failure', 'Try again. The server’s log says more.');
    assert.is(await person.browser.value(`document.querySelector('.send').ariaLabel`), 'Ask');
  });

  test('a search shows where passages stand, what each stage said of them, and obeys its filters', async ({ fake, person }) => {
    await person.go('#/search');
    await person.fill('#query', 'resume a run');
    await person.browser.press('Enter');
    await person.reads('.found', '3 passages in 12 ms');
    assert.equal(await person.texts('.result .title'), ['Training a model', 'Checkpoints', MARKUP]);
    assert.equal(
      (await person.text('.result .scores')).split(/\s+/),
      'Score 0.033 Words (BM25) no. 1 11.813 Vectors no. 2 0.732'.split(' '),
    );
    assert.equal(fake.asked, [{ collection: 'handbook', query: 'resume a run', k: 10 }]);
    await person.click('.filters summary');
    await person.fill('#filter-source', 'guide/');
    await person.browser.value(
      `(() => { const select = document.querySelector('#filter-language'); select.value = 'en'; select.dispatchEvent(new Event('input', { bubbles: true })); })()`,
    );
    await person.click('.rows > button');
    await person.browser.type('year');
    await person.browser.press('Tab');
    await person.browser.type('2026');
    await person.click('input[name=retrievers][value=bm25]');
    assert.is(await person.text('.filters summary'), 'Filters (3)');
    await person.click('.search-form .primary');
    await person.browser.until(`document.querySelector('.found').innerText.includes('3 passages')`);
    assert.equal(fake.asked.at(-1), {
      collection: 'handbook',
      query: 'resume a run',
      k: 10,
      retrievers: 'bm25',
      filter: {
        and: [
          { field: 'source', range: { gte: 'guide/', lt: 'guide0' } },
          { field: 'language', equals: 'en' },
          { field: 'fields.year', in: ['2026', 2026] },
        ],
      },
    });
    await person.click('.result .title');
    await person.sees('dialog.sheet mark');
    assert.match(await person.text('mark'), /^A run that was stopped/);
    await person.click('dialog.sheet header button');
    await person.browser.until(`!document.querySelector('dialog')`);
    await person.fill('#query', 'nothing');
    await person.browser.press('Enter');
    await person.reads('.found', 'Nothing was found. the query has no word that is known');
    await person.fill('#query', 'refused');
    await person.browser.press('Enter');
    await person.reads('.search .failure', 'Change what the message names');
  });

  test('what is asked before the collections are known waits for them', async ({ fake, person }) => {
    const search = gate();
    fake.listGate = search.closed;
    await person.visit('#/search');
    await person.fill('#query', 'resume a run');
    await person.browser.press('Enter');
    await person.reads('.found', 'Searching');
    assert.equal(fake.asked, []);
    search.open();
    await person.reads('.found', '3 passages in 12 ms');
    assert.equal(fake.asked, [{ collection: 'handbook', query: 'resume a run', k: 10 }]);
    const question = gate();
    fake.listGate = question.closed;
    await person.visit('#/ask');
    await person.ask(QUESTION);
    await person.browser.until(`document.querySelector('.send').ariaLabel === 'Stop'`);
    question.open();
    await person.sees('.answer-meta');
    assert.is(await person.browser.value('location.hash'), '#/ask');
    assert.is(fake.asked.length, 2);
  });

  test('files are sent with their labels, their way is shown until they are found, and what cannot be read says so', async ({
    folder,
    fake,
    person,
  }) => {
    const { closed, open } = gate();
    fake.gate = closed;
    await writeFile(join(folder, 'new page.md'), '# A new page');
    await writeFile(join(folder, 'broken.pdf'), 'broken');
    await person.go('#/collections');
    assert.equal(await person.texts('.collection-list .name'), ['handbook', 'many']);
    assert.match(await person.text('.collection-list .facts'), /^4 documents\s+28 sections\s+936 kB\s+Words and vectors$/);
    await person.click('.collection-list a');
    await person.reads('.documents', 'guide/training.md');
    await person.click('.more-options summary');
    await person.fill('#upload-labels', 'staff, boards');
    await person.browser.choose('#files', [join(folder, 'new page.md'), join(folder, 'broken.pdf')]);
    await person.reads('.uploads', 'parse: 1 of 2');
    assert.is(await person.text('.upload > p'), '0 of 2 files ready');
    assert.equal(
      await person.browser.value(`[...document.querySelectorAll('.uploads progress')].map(({ position }) => position)`),
      [-1, -1],
    );
    assert.equal(await person.faults(), []);
    open();
    await person.reads('.upload > p', '1 of 2 files ready, 1 failed');
    assert.equal(fake.put, [
      { source: 'new page.md', content: '# A new page', labels: ['staff', 'boards'] },
      { source: 'broken.pdf', content: 'broken', labels: ['staff', 'boards'] },
    ]);
    const states = await person.texts('.uploads .upload-state');
    assert.match(states[0]!, /^broken\.pdf cannot be read\s+Change what the message names/);
    assert.is(states[1], 'Ready, 1 section');
    // It is in the list, and the figures follow.
    await person.reads('.documents li', 'new page.md');
    await person.reads('.figures', '5');
  });

  test('files can be dropped', async ({ fake, person }) => {
    await person.browser.value(`(() => {
      const data = new DataTransfer();
      data.items.add(new File(['dropped'], 'dropped.txt'));
      const zone = document.querySelector('.dropzone');
      zone.dispatchEvent(new DragEvent('dragover', { dataTransfer: data, cancelable: true }));
      zone.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }));
    })()`);
    await person.reads('.upload > p', '2 of 3 files ready');
    assert.equal(fake.put.at(-1)?.content, 'dropped');
  });

  test('a document is replaced under its own name, and deleted after a question', async ({ folder, fake, person }) => {
    await writeFile(join(folder, 'other.md'), 'in its place');
    await person.browser.value(`document.querySelector('#replacement').click = () => {}`);
    await person.click('[aria-label="Replace guide/checkpoints.md"]');
    await person.browser.choose('#replacement', [join(folder, 'other.md')]);
    await person.reads('.upload > p', '3 of 4 files ready');
    assert.equal(fake.put.at(-1), { source: 'guide/checkpoints.md', content: 'in its place' });
    const before = fake.collections.get('handbook')!.length;
    await person.click('[aria-label="Delete dropped.txt"]');
    await person.focuses('button Cancel');
    // The list is asked for anew meanwhile, as when an upload ends.
    const asked = `performance.getEntriesByType('resource').filter(({ name }) => name.includes('/documents?')).length`;
    const times = await person.browser.value<number>(asked);
    await person.browser.value(`document.querySelector('#documents-source').dispatchEvent(new Event('search'))`);
    await person.browser.until(`${asked} > ${times}`);
    await person.escape();
    await person.focuses('button Delete dropped.txt');
    await person.click('[aria-label="Delete dropped.txt"]');
    await person.click('dialog .danger');
    await person.browser.until(`!document.querySelector('[aria-label="Delete dropped.txt"]')`);
    assert.is(fake.collections.get('handbook')!.length, before - 1);
  });

  test('documents come a page at a time, by the beginning of their source; the log says what changed', async ({ person }) => {
    await person.go('#/collections/many');
    await person.reads('.documents', 'reports/049.txt');
    assert.is((await person.texts('.documents li')).length, 50);
    await person.click('section > .more');
    await person.browser.until(`document.querySelectorAll('.documents li').length === 100`);
    await person.focuses('button reports/050.txt');
    await person.fill('#documents-source', 'reports/11');
    await person.browser.press('Enter');
    await person.browser.until(`document.querySelectorAll('.documents li').length === 10`);
    await person.click('.change-log summary');
    await person.reads('.changes', '4 documents added or replaced');
    await person.reads('.changes', 'guide/old.md');
  });

  test('a collection is created, and deleted once its name is typed', async ({ fake, person }) => {
    await person.go('#/collections');
    await person.click('.collections .primary');
    await person.fill('#new-name', 'handbook');
    await person.browser.press('Enter');
    await person.reads('dialog .failure', 'there is a collection handbook already');
    assert.equal(await person.faults(), []);
    await person.fill('#new-name', 'drafts');
    await person.browser.press('Enter');
    await person.reads('h1#collection-heading', 'drafts');
    await person.reads('.collection', 'No documents yet.');
    await person.click('.collection .danger-text');
    await person.sees('dialog .danger:disabled');
    await person.fill('#typed', 'draft');
    assert.ok(await person.browser.value(`document.querySelector('dialog .danger').disabled`));
    await person.browser.type('s');
    await person.browser.press('Enter');
    await person.browser.until(`location.hash === '#/collections'`);
    assert.equal([...fake.collections.keys()], ['handbook', 'many']);
  });

  test('a key that is wanted is asked for, kept in the tab alone, and sent; then it goes on where it was', async ({
    fake,
    person,
  }) => {
    fake.key = 'cem_secret';
    await person.visit('#/collections/many');
    await person.browser.until(`location.hash === '#/settings'`);
    await person.reads('.settings .failure', 'This server wants an API key');
    await person.focuses('input key');
    await person.fill('#key', 'schlüssel');
    await person.browser.press('Enter');
    await person.reads('.settings [role=status]', 'signs of ASCII only');
    await person.fill('#key', 'cem_secret');
    await person.browser.press('Enter');
    await person.reads('.documents', 'reports/000.txt');
    const kept = '[sessionStorage.getItem("cem-key"), localStorage.getItem("cem-key")]';
    assert.equal(await person.browser.value(kept), ['cem_secret', null]);
    await person.go('#/settings');
    await person.click('#remember');
    await person.click('.settings .primary');
    await person.reads('.settings [role=status]', 'The server accepts this key.');
    assert.equal(await person.browser.value(kept), ['cem_secret', 'cem_secret']);
    await person.reload();
    await person.go('#/collections');
    await person.reads('.collection-list', 'many');
    await person.go('#/settings');
    await person.click('.settings button.quiet');
    await person.reads('.settings .failure', 'This server wants an API key');
    assert.equal(await person.browser.value(kept), [null, null]);
  });

  test('texts of others are never markup, and nothing was refused by the policy', async ({ person }) => {
    await person.visit('#/ask');
    await person.reads('.lead', 'handbook');
    await person.ask('markup');
    await person.sees('.answer-meta');
    assert.is(await person.text('.answer-text'), `It says ${MARKUP}. 1`);
    await person.click('.answer-text .citation');
    await person.sees('dialog mark');
    assert.is(await person.text('mark'), MARKUP);
    await person.escape();
    await person.go('#/collections/handbook');
    await person.reads('.documents', MARKUP);
    await person.click('.change-log summary');
    await person.reads('.changes', MARKUP);
    await person.go(`#/collections/${encodeURIComponent(MARKUP)}`);
    await person.reads('h1#collection-heading', MARKUP);
    assert.is(await person.browser.value('globalThis.taken'), undefined);
    assert.is(await person.browser.value(`document.querySelectorAll('main img, main script').length`), 0);
    // The requests that were refused on purpose are in the log; scripts, styles and pictures are not.
    const others = person.browser.errors.filter((error) => !/status of (400|401)/.test(error));
    assert.equal(others, []);
  });
}

test.run();

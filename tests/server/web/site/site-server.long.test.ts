import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addKey, KEYS_FILE } from '../../../../server/access/index.ts';
import { type RunningServer, serve } from '../../../../server/index.ts';
import { findChromium } from '../../../eval/chromium.ts';
import { type CollectionsPlace, collectionsPlace } from '../../../recipes/collections/open-collections.ts';
import { MARKUP } from './fake-texts.ts';
import { Person } from './person.ts';

const test = suite<{ place: CollectionsPlace; folder: string; server: RunningServer; person: Person }>(
  'the page of the server, with the server itself',
);

/** The row of a document. */
const ROW = '.documents li:has([aria-label="Replace lanterns.md"])';

/** How often the page has asked for a list of documents. */
const LISTS_ASKED = `performance.getEntriesByType('resource').filter(({ name }) => name.includes('/documents?')).length`;

const chromium = findChromium();
if (chromium === undefined) {
  process.stdout.write('skipped: the page with the server itself (no chromium on PATH; Debian: apt-get install chromium)\n');
} else {
  test.before(async (context) => {
    context.place = await collectionsPlace();
    context.folder = await mkdtemp(join(tmpdir(), 'cem-site-'));
    const { folder: collections, checkpoint } = context.place;
    context.server = await serve({ collections, checkpoint, backend: 'cpu', port: 0 });
    context.person = await Person.at(chromium, context.server.address);
    // Collections are opened, texts are encoded.
    context.person.browser.patienceMilliseconds = 600_000;
  });
  test.after(async ({ place, folder, server, person }) => {
    await person.close();
    await server.close();
    await place.remove();
    await rm(folder, { recursive: true });
  });

  test('a collection is made, files are put into it, and a question is answered from them', async ({ folder, person }) => {
    await writeFile(
      join(folder, 'anchors.md'),
      `# Anchors\n\nÜber alles: the anchor of the ferry weighs nine tons.\n\n${MARKUP}\n`,
    );
    await writeFile(join(folder, 'lanterns.md'), '# Lanterns\n\nA lantern burns for six hours.\n');
    await writeFile(join(folder, 'broken.pdf'), 'no PDF');
    await person.visit('#/collections');
    await person.reads('.nothing', 'No collections yet');
    await person.click('.collections .primary');
    await person.fill('#new-name', 'notes');
    await person.browser.press('Enter');
    await person.reads('h1#collection-heading', 'notes');
    await person.browser.choose(
      '#files',
      ['anchors.md', 'lanterns.md', 'broken.pdf'].map((name) => join(folder, name)),
    );
    await person.reads('.upload > p', '2 of 3 files ready, 1 failed');
    await person.reads('.documents', 'lanterns.md');
    await person.go('#/ask');
    await person.reads('.lead', '“notes”');
    await person.ask('How many tons does the anchor of the ferry weigh?');
    await person.sees('.answer-meta');
    await person.reads('.answer-text', 'nine tons');
    await person.click('.answer-text .citation');
    await person.reads('mark', 'nine tons');
    assert.is(await person.text('.sheet .path'), 'anchors.md');
    await person.escape();
    await person.click('.again');
    await person.ask('Who wrote the constitution of Mars?');
    await person.reads('.unanswered', 'The documents do not say.');
  });

  test('what is found is what filters and retrievers leave, and it opens', async ({ person }) => {
    await person.go('#/search');
    await person.fill('#query', 'lantern anchor');
    await person.browser.press('Enter');
    await person.reads('.found', '2 passages');
    await person.click('.filters summary');
    await person.fill('#filter-source', 'lan');
    await person.click('input[name=retrievers][value=bm25]');
    await person.click('.search-form .primary');
    await person.reads('.found', '1 passage');
    await person.click('.result .title');
    await person.reads('mark', 'A lantern burns for six hours.');
    await person.escape();
  });

  test('a document is replaced and deleted, and the log says so', async ({ folder, person }) => {
    await writeFile(join(folder, 'other.md'), '# Lanterns\n\nA lantern burns for eight hours.\n');
    await person.go('#/collections/notes');
    await person.browser.value(`document.querySelector('#replacement').click = () => {}`);
    await person.sees(ROW);
    const times = await person.browser.value<number>(LISTS_ASKED);
    await person.click('[aria-label="Replace lanterns.md"]');
    await person.browser.choose('#replacement', [join(folder, 'other.md')]);
    await person.reads('.upload > p', '1 of 1 file ready');
    await person.browser.until(`${LISTS_ASKED} > ${times}`);
    await person.click(`${ROW} .title`);
    await person.reads('.sheet', 'eight hours');
    await person.escape();
    await person.click('[aria-label="Delete lanterns.md"]');
    await person.click('dialog .danger');
    await person.browser.until(`!document.querySelector('[aria-label="Delete lanterns.md"]')`);
    await person.click('.change-log summary');
    await person.reads('.changes', '1 document removed');
  });

  test('once there are keys one is asked for, and its rights are told where they end', async ({ place, person }) => {
    const { key } = await addKey(join(place.folder, KEYS_FILE), { name: 'reader', scope: 'read', labels: [] });
    // A running server sees it within a second.
    await person.browser.until(`fetch('v1/collections').then(({ status }) => status === 401)`);
    await person.visit('#/collections');
    await person.focuses('input key');
    await person.fill('#key', key);
    await person.browser.press('Enter');
    await person.reads('.collection-list', 'notes');
    await person.click('.collections .primary');
    await person.fill('#new-name', 'more');
    await person.browser.press('Enter');
    await person.reads('dialog .failure', 'This key may not do that.');
    await person.escape();
  });

  test('no text was taken for markup, and the policy refused nothing', async ({ person }) => {
    assert.is(await person.browser.value('globalThis.taken'), undefined);
    const others = person.browser.errors.filter((error) => !/status of (401|403)/.test(error));
    assert.equal(others, []);
  });
}

test.run();

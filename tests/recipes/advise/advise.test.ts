import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatAdvice } from '../../../cli/text/advice-text.ts';
import { type AdviseOptions, advise } from '../../../recipes/advise/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { ROOT } from '../../meta/imports.ts';

const test = suite('advice');

const choices = async (options: AdviseOptions) => {
  const { decisions } = await advise(options);
  return Object.fromEntries(decisions.map(({ name, choice }) => [name, choice]));
};
const FIGURES = { documents: 5000, tokens: 800, language: 'en' };

test('a folder is measured: length, language, dates', async () => {
  const result = await advise({ folder: join(ROOT, 'examples', 'finance', 'reports') });
  const { measured, project } = result;
  assert.is(measured!.files, 8);
  assert.is(measured!.documents, 8);
  assert.ok(project.tokens > 300 && project.tokens < 1500, `${project.tokens}`);
  assert.ok(project.dated);
  assert.not.ok(project.pictures);
  assert.is(result.preset, 'finance');
  const text = formatAdvice(result);
  assert.match(text, /^8 documents of \d+ tokens, language \w+, about \d+ passages: measured on 8 of 8 files/);
  // Less than a report, so that its chapters stay apart.
  const most = Math.round(project.tokens / 2);
  const ingest = `--preset finance --units headings --unit-minimum 0 --unit-maximum ${most} --precision single --periods\n`;
  assert.ok(text.includes(`\ncem ingest FOLDER --into NAME.collection ${ingest}`), text);
  assert.match(text, /cem ask --collection NAME\.collection --preset finance .*--reader extractive "…"$/);
  for (const { because, choice } of result.decisions) assert.ok(because.length > 0 && choice.length > 0);
});

test('size and latency choose how vectors are searched', async () => {
  // 1.66 to 2.24 us a passage exactly: 200 ms are enough for 5,000 documents of 4 passages, not for a million; codes take 19.4 ms and 56 MB there.
  assert.is((await choices(FIGURES))['vectors'], '--precision single');
  assert.is((await choices({ ...FIGURES, documents: 300_000 }))['vectors'], '--precision binary');
  assert.is((await choices({ ...FIGURES, documents: 300_000, memory: 0.01 }))['vectors'], '--precision half --vector-index hnsw');
  assert.is((await choices({ ...FIGURES, latency: 5 }))['vectors'], '--precision binary');
  assert.is((await choices(FIGURES))['database'], 'embedded');
  assert.match((await choices({ ...FIGURES, documents: 1e6 }))['database']!, /^--database postgres/);
});

test('length, language and budget choose units, encoder and reader', async () => {
  assert.is((await choices(FIGURES))['fit'], 'whole documents');
  assert.is((await choices({ ...FIGURES, tokens: 2001 }))['fit'], 'long units');
  assert.is((await choices({ ...FIGURES, crossDocument: true }))['fit'], 'long units');
  assert.match((await choices({ ...FIGURES, language: 'zh' }))['encoder']!, /^checkpoints\/cem-small-zh/);
  assert.is((await choices({ ...FIGURES, language: 'zh' }))['retrievers'], 'hybrid');
  assert.match((await choices({ ...FIGURES, language: 'de' }))['encoder']!, /^one trained for the language/);
  assert.match((await choices({ ...FIGURES, language: 'de' }))['retrievers']!, /^bm25/);
  assert.is((await choices(FIGURES))['reader'], '--reader extractive');
  const local = await choices({ ...FIGURES, tokens: 5000, budget: 'local', crossDocument: true });
  assert.is(local['defence'], '--reorder --topic-filter --agent');
  assert.is((await choices({ ...FIGURES, budget: 'endpoint' }))['defence'], 'none');
});

test('the commands say what was decided', async () => {
  // 3,000 tokens of 4.2 bytes are 12.3 passages of 1,024: 6.15 million, whose codes take 119 ms and 345 MB.
  const { options } = await advise({ ...FIGURES, documents: 5e5, tokens: 3000, language: 'de', budget: 'endpoint' });
  assert.equal(options, {
    ingest: ['--units headings --unit-maximum 2000', '--precision binary', '--database postgres://…'],
    answer: ['--retrievers bm25', '--llm URL --llm-model NAME', '--reorder --noise-filter'],
  });
});

test('each preset is somebody’s', async () => {
  const preset = async (options: Partial<AdviseOptions>) => (await advise({ ...FIGURES, ...options })).preset;
  assert.equal(
    [
      await preset({}),
      await preset({ documents: 20_000 }),
      await preset({ documents: 200_000 }),
      await preset({ documents: 900, changing: true }),
    ],
    ['startup', 'finance', 'medical', 'realtime'],
  );
});

test('what is missing, or no number', () =>
  withTemporaryFolder(async (folder) => {
    const message = async (options: AdviseOptions) => (await errorOf(() => advise(options))).message;
    assert.match(await message({ documents: 3 }), /name a folder to be measured/);
    assert.match(await message({ ...FIGURES, latency: 0 }), /latency is 0/);
    assert.match(await message({ folder: join(folder, 'none') }), /is no folder/);
    await mkdir(join(folder, 'empty'));
    await writeFile(join(folder, 'empty', 'a.bin'), 'x');
    assert.match(await message({ folder: join(folder, 'empty') }), /no file of/);
  }));

test.run();

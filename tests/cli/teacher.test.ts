import { existsSync } from 'node:fs';
import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { teacherCommand } from '../../cli/commands/teacher.ts';
import { splitSentences } from '../../data/index.ts';
import { createTeacher, TeacherCache, transformersConfig } from '../../encoders/index.ts';
import { errorOf, withTemporaryFolder, writeJsonl } from '../fixtures/temporary-folder.ts';
import { tinyRun } from '../training/tiny-run.ts';
import { runCommand } from './run-command.ts';

const test = suite('cem teacher');

const MODEL = 'qwen3-embedding-tiny';
const models = fileURLToPath(new URL('../../../shared/models/', import.meta.url));

const teacher = (...words: string[]): Promise<string> => runCommand(teacherCommand, ['teacher', ...words]);

function testWithModel(name: string, body: (folder: string) => Promise<void>): void {
  test(name, () =>
    withTemporaryFolder(async (folder) => {
      if (existsSync(join(models, MODEL))) await body(folder);
      else console.log(`skipped: ../shared/models/${MODEL} is not beside the checkout (${name})`);
    }),
  );
}

const DOCUMENTS = [
  { _id: '1', title: 'Quarry', text: 'The granite of this quarry is grey and hard. It was cut by hand until the year 1920.' },
  { _id: '2', title: '', text: 'An orchid grows in the meadow behind the mill. It was cut by hand until the year 1920.' },
  { _id: '3', title: 'Quarry', text: 'The granite of this quarry is grey and hard. It was cut by hand until the year 1920.' },
];
const TEXTS = DOCUMENTS.map(({ title, text }) => `${title} ${text}`.trim());

testWithModel('embed: what training asks for is at hand afterwards, and nothing is computed twice', async (folder) => {
  const source = await writeJsonl(join(folder, 'corpus.jsonl'), DOCUMENTS);
  const caches = join(folder, 'caches');
  const embed = async (...words: string[]) =>
    JSON.parse(await teacher('embed', source, '--teacher', MODEL, '--models', models, '--folder', caches, '--json', ...words));
  const first = await embed();
  // The third document is the first one again.
  assert.equal([first.texts, first.computed, first.precision], [3, 2, 'fp32']);
  assert.ok(first.rate > 0);
  const again = await embed();
  assert.equal([again.texts, again.computed, again.rate, again.folder], [3, 0, null, first.folder]);

  const sentences = new Set(TEXTS.flatMap((text) => splitSentences(text)));
  assert.ok(sentences.size >= 3);
  const cut = await embed('--granularity', 'sentences', '--maximum', '2');
  assert.equal([cut.texts, cut.computed], [2, 2]);
  const rest = await embed('--granularity', 'sentences');
  assert.equal([rest.texts, rest.computed], [sentences.size, sentences.size - 2]);

  const embedder = await createTeacher(transformersConfig.parse({ kind: 'transformers', model: MODEL }), { models });
  const cache = await TeacherCache.open(caches, embedder.description);
  for (const text of [...TEXTS, ...sentences]) assert.ok(cache.has(text, 'document'), text);
  const { data } = await cache.getOrCompute(TEXTS, 'document', () => assert.unreachable('the teacher was called') as never);
  const expected = await embedder.embedDocuments(TEXTS);
  assert.ok(data.every((value, index) => Math.abs(value - expected.data[index]!) < 1e-5));
  await cache.close();
  await embedder.dispose();
});

testWithModel("embed --config: the run's data, teacher and precision; then info and verify", async (folder) => {
  const source = await writeJsonl(join(folder, 'corpus.jsonl'), DOCUMENTS);
  const config = join(folder, 'run.yaml');
  const run = { ...tinyRun(source, 2), teacher: { kind: 'transformers', model: MODEL, dimension: 16, cache: 'fp16' } };
  await writeFile(config, stringify(run));
  const caches = join(folder, 'caches');
  const words = ['embed', '--config', config, '--models', models, '--folder', caches, '--json'];
  const made = JSON.parse(await teacher(...words));
  assert.equal([made.texts, made.computed, made.dimension, made.precision], [3, 2, 16, 'fp16']);
  assert.match(
    await teacher('info', '--folder', caches),
    /^transformers:qwen3-embedding-tiny \(revision [0-9a-f]{16}\): 2 vectors of 16 numbers, fp16, /,
  );
  const info = JSON.parse(await teacher('info', '--folder', caches, '--json'));
  assert.equal([info.caches.length, info.caches[0].vectors, info.caches[0].folder], [1, 2, made.folder]);

  assert.match(await teacher('verify', '--folder', caches), ': whole');
  const vectors = (await readdir(made.folder)).find((name) => name.endsWith('.vectors'))!;
  const file = await open(join(made.folder, vectors), 'r+');
  await file.write(Buffer.of((await readFile(join(made.folder, vectors)))[40]! ^ 4), 0, 1, 40);
  await file.close();
  const damaged = await errorOf(() => teacher('verify', '--folder', caches));
  assert.is(damaged.code, 'TEACHER_CACHE_DAMAGED');
  assert.match(damaged.message, '1 damaged vectors');
  // Embedding again mends it: 16 halves are 32 bytes, so the second text's vector is computed anew.
  assert.is(JSON.parse(await teacher(...words)).computed, 1);
});

test('what makes no sense is refused by name', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writeJsonl(join(folder, 'corpus.jsonl'), DOCUMENTS);
    const config = join(folder, 'run.yaml');
    await writeFile(config, stringify(tinyRun(source, 2)));
    const codeOf = async (...words: string[]): Promise<string> => (await errorOf(() => teacher('embed', ...words))).code;
    assert.is(await codeOf(source), 'TEACHER_EMBED');
    assert.is(await codeOf(source, '--teacher', MODEL, '--config', config), 'TEACHER_EMBED');
    assert.is(await codeOf('--teacher', MODEL), 'TEACHER_EMBED');
    assert.is(await codeOf(source, '--teacher', MODEL, '--maximum', '0'), 'TEACHER_EMBED');
    // An LSA is fitted in its run.
    assert.is(await codeOf('--config', config), 'TEACHER_EMBED');
    assert.is(await codeOf(source, '--teacher', 'someone/unknown-model'), 'TEACHER_SETTINGS_NEEDED');
    assert.is(await teacher('info', '--folder', join(folder, 'none')), `no caches in ${join(folder, 'none')}\n`);
    assert.is((await errorOf(() => teacher('info', '--folder', source))).code, 'TEACHER_CACHE_FOLDER');
  }));

test.run();

import { createReadStream, existsSync, statSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { env } from '@huggingface/transformers';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTeacher, isTeacherAtHand, teacherConfig } from '../../../encoders/index.ts';
import { transformersConfig } from '../../../encoders/teacher-config.ts';
import { resolveModelSettings } from '../../../encoders/transformers/resolve-settings.ts';
import { hubName } from '../../../encoders/transformers/transformers-presets.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('transformers embedder');

const models = fileURLToPath(new URL('../../../../shared/models/', import.meta.url));

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return Reflect.get(Object(error), 'code');
  }
  return undefined;
}

const create = (settings: object, folder = models) =>
  createTeacher(teacherConfig.parse({ kind: 'transformers', ...settings }), { models: folder });

/** Registers a test that needs one of the shared models, and skips it by name where that is absent. */
function testWithModel(model: string, name: string, body: () => Promise<void>): void {
  test(`${model}: ${name}`, async () => {
    if (existsSync(join(models, model))) await body();
    else console.log(`skipped: ../shared/models/${model} is not beside the checkout (${name})`);
  });
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [product, normA, normB] = [0, 0, 0];
  for (let i = 0; i < b.length; i++) {
    product += a[i]! * b[i]!;
    normA += a[i]! ** 2;
    normB += b[i]! ** 2;
  }
  return product / Math.sqrt(normA * normB);
}

interface Reference {
  readonly text: string;
  readonly embedding: number[];
}

for (const model of ['all-MiniLM-L6-v2', 'qwen3-embedding-tiny']) {
  testWithModel(model, 'every reference vector, alone and in any batch', async () => {
    const reference = JSON.parse(await readFile(join(models, model, 'reference.json'), 'utf8')) as Record<
      'documents' | 'queries',
      Reference[] | undefined
    >;
    // Padding on the left would move BERT's positions, which are absolute and not told by the mask; a Qwen may have it on either side.
    for (const settings of [{}, { batchSize: 3, padding: 'right' }]) {
      const teacher = await create({ model, ...settings });
      for (const [references, embed] of [
        [reference.documents ?? [], teacher.embedDocuments.bind(teacher)],
        [reference.queries ?? [], teacher.embedQueries.bind(teacher)],
      ] as const) {
        const together = await embed(references.map(({ text }) => text));
        for (const [i, { text, embedding }] of references.entries()) {
          const row = together.data.subarray(i * together.dimension, (i + 1) * together.dimension);
          assert.ok(cosine(row, embedding) > 0.9999, `in a batch: ${text.slice(0, 60)}`);
          assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-5);
          assert.ok(cosine((await embed([text])).data, embedding) > 0.9999, `alone: ${text.slice(0, 60)}`);
        }
      }
      await teacher.dispose();
    }
  });
}

testWithModel(
  'bge-small-zh-v1.5-q',
  'the preset by its name; quantised activations do not depend on the texts beside one',
  async () => {
    const model = 'bge-small-zh-v1.5-q';
    const reference = JSON.parse(await readFile(join(models, model, 'reference.json'), 'utf8')) as Record<
      'documents' | 'queries',
      Reference[]
    >;
    const teacher = await create({ model, dtype: 'q8' });
    assert.is(teacher.description.settings['pooling'], 'cls');
    assert.is(teacher.description.settings['queryPrompt'], '为这个句子生成表示以用于检索相关文章：');
    for (const [references, embed] of [
      [reference.documents, teacher.embedDocuments.bind(teacher)],
      [reference.queries, teacher.embedQueries.bind(teacher)],
    ] as const) {
      const together = await embed(references.map(({ text }) => text));
      for (const [i, { text, embedding }] of references.entries()) {
        const row = together.data.subarray(i * together.dimension, (i + 1) * together.dimension);
        // One text, of 512 tokens, is at 0.99985 here: integer kernels round otherwise on other processors.
        assert.ok(cosine(row, embedding) > 0.999, text.slice(0, 60));
        assert.equal(row, (await embed([text])).data, `alone: ${text.slice(0, 60)}`);
      }
    }
    await teacher.dispose();
  },
);

testWithModel('qwen3-embedding-tiny', 'leading dimensions, revision, description, no texts', async () => {
  const [whole, cut, half] = [
    await create({ model: 'qwen3-embedding-tiny' }),
    await create({ model: 'qwen3-embedding-tiny', dimension: 16 }),
    await create({ model: 'qwen3-embedding-tiny', maximumTokens: 4 }),
  ];
  const text = 'The Get-Process cmdlet lists what runs on a computer.';
  const [full, head] = [await whole.embedDocuments([text]), await cut.embedDocuments([text])];
  assert.is(head.dimension, 16);
  assert.ok(cosine(head.data, full.data.subarray(0, 16)) > 0.999999);
  assert.ok(Math.abs(Math.hypot(...head.data) - 1) < 1e-6);
  assert.is(whole.description.id, 'transformers:qwen3-embedding-tiny');
  assert.is(whole.description.revision, cut.description.revision);
  assert.match(String(whole.description.settings['queryPrompt']), /Query:$/);
  // Four tokens, of which the last is the closing special one: what comes after the third word's token does not count.
  assert.ok(cosine((await half.embedDocuments([text])).data, (await half.embedDocuments([`${text} And more.`])).data) > 0.999999);
  assert.is((await whole.embedDocuments([])).rows, 0);
  assert.is(await codeOf(create({ model: 'qwen3-embedding-tiny', dimension: 65 })), 'TEACHER_DIMENSION');
  assert.is(await codeOf(create({ model: 'qwen3-embedding-tiny', maximumTokens: 1 })), 'TEACHER_MAXIMUM_TOKENS');
});

testWithModel('qwen3-embedding-tiny', 'a folder by its path; a damaged one is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cem-model-'));
  try {
    const path = join(folder, 'my-model');
    await cp(join(models, 'qwen3-embedding-tiny'), path, { recursive: true });
    const settings = { model: path, pooling: 'last', maximumTokens: 512 };
    const teacher = await create(settings, folder);
    assert.is(teacher.description.id, 'transformers:my-model');
    await rm(join(path, 'onnx'), { recursive: true });
    assert.is(await codeOf(create(settings, folder)), 'TEACHER_UNAVAILABLE');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** A hub of one model on this machine, while `body` runs; `asked` are the paths of its files that were fetched. */
async function withHub(body: (asked: string[], cache: string) => Promise<void>): Promise<void> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path =
      /^\/(?:team\/qwen3-embedding-tiny|onnx-community\/Qwen3-Embedding-0\.6B-ONNX)\/resolve\/(?:v2|main)\/([a-z_./]+)$/.exec(
        request.url ?? '',
      )?.[1];
    const file = join(models, 'qwen3-embedding-tiny', path ?? 'absent');
    if (path === undefined || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    asked.push(path);
    response.writeHead(200, { 'content-length': statSync(file).size });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cache = await mkdtemp(join(tmpdir(), 'cem-hub-'));
  const before = { remoteHost: env.remoteHost, cache: process.env['CEM_CACHE'] };
  env.remoteHost = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  process.env['CEM_CACHE'] = cache;
  try {
    await body(asked, cache);
  } finally {
    env.remoteHost = before.remoteHost;
    if (before.cache === undefined) delete process.env['CEM_CACHE'];
    else process.env['CEM_CACHE'] = before.cache;
    server.closeAllConnections();
    server.close();
    await rm(cache, { recursive: true, force: true });
  }
}

testWithModel(
  'qwen3-embedding-tiny',
  'fetched from a hub once, the same revision as the folder, a missing one refused',
  async () => {
    await withHub(async (asked) => {
      const settings = { model: 'team/qwen3-embedding-tiny', revision: 'v2' };
      const elsewhere = join(models, 'all-MiniLM-L6-v2'); // a models folder without it
      const fetched = await create(settings, elsewhere);
      assert.ok(asked.includes('onnx/model.onnx'));
      const local = await create({ model: 'qwen3-embedding-tiny' });
      assert.is(fetched.description.revision, local.description.revision);
      assert.equal((await fetched.embedQueries(['text'])).data, (await local.embedQueries(['text'])).data);
      const count = asked.filter((path) => path === 'onnx/model.onnx').length;
      await create(settings, elsewhere);
      assert.is(asked.filter((path) => path === 'onnx/model.onnx').length, count);
      assert.is(await codeOf(create({ model: 'team/e5-small' }, elsewhere)), 'TEACHER_UNAVAILABLE');
    });
  },
);

testWithModel(
  'qwen3-embedding-tiny',
  'a bare name is fetched from the repository that its preset knows; a folder goes before',
  async () => {
    await withHub(async (asked, cache) => {
      const config = { model: 'qwen3-embedding-0.6b' };
      const elsewhere = join(models, 'all-MiniLM-L6-v2'); // a models folder without it
      assert.not(isTeacherAtHand(teacherConfig.parse({ kind: 'transformers', ...config }), { models: elsewhere }));
      const fetched = await create(config, elsewhere);
      assert.ok(asked.includes('onnx/model.onnx'));
      assert.is(fetched.description.id, 'transformers:qwen3-embedding-0.6b');
      assert.ok(isTeacherAtHand(teacherConfig.parse({ kind: 'transformers', ...config }), { models: elsewhere }));
      const count = asked.length;
      await create(config, elsewhere);
      // Below a models folder it may lie under the hub's name as well, as it does in the cache of downloads.
      const owner = join(cache, 'mine', 'onnx-community');
      await cp(join(models, 'qwen3-embedding-tiny'), join(owner, 'Qwen3-Embedding-0.6B-ONNX'), { recursive: true });
      await create(config, join(cache, 'mine'));
      assert.is(asked.length, count);
    });
  },
);

test('hub names of bare names, of names with an owner, and of paths', () => {
  // As the repositories are spelt at the hub, which knows no other case.
  for (const [model, name] of [
    ['all-MiniLM-L6-v2', 'Xenova/all-MiniLM-L6-v2'],
    ['all-minilm-l6-v2', 'Xenova/all-MiniLM-L6-v2'],
    ['multilingual-e5-small', 'Xenova/multilingual-e5-small'],
    ['bge-m3', 'Xenova/bge-m3'],
    ['sentence-transformers/all-MiniLM-L6-v2', 'sentence-transformers/all-MiniLM-L6-v2'],
    ['e5-small', 'e5-small'],
    ['models/deep/all-MiniLM-L6-v2', undefined],
    ['/models/all-MiniLM-L6-v2', undefined],
    ['./all-MiniLM-L6-v2', undefined],
    ['C:\\models\\all-MiniLM-L6-v2', undefined],
  ])
    assert.is(hubName(model!), name, model);
});

test('what is nowhere is refused with the places that were searched, and why the hub was not asked', async () => {
  const error = async (model: string, more: object = {}) => errorOf(() => create({ model, ...more }, '/nowhere/models'));
  const bare = await error('all-MiniLM-L6-v2', { remote: false });
  assert.is(bare.code, 'TEACHER_NOT_FOUND');
  for (const part of [
    '/nowhere/models/all-MiniLM-L6-v2',
    '/nowhere/models/Xenova/all-MiniLM-L6-v2',
    'not asked for Xenova/',
    'teacher.remote',
  ])
    assert.ok(bare.message.includes(part), `${part}: ${bare.message}`);
  const path = await error('/nowhere/else/all-MiniLM-L6-v2');
  assert.is(path.code, 'TEACHER_NOT_FOUND');
  for (const part of ['/nowhere/models/all-MiniLM-L6-v2', '/nowhere/else/all-MiniLM-L6-v2', 'it is a path'])
    assert.ok(path.message.includes(part), `${part}: ${path.message}`);
  process.env['CEM_OFFLINE'] = '1';
  try {
    assert.match((await error('bge-m3')).message, 'not asked for Xenova/bge-m3, since CEM_OFFLINE is set');
  } finally {
    delete process.env['CEM_OFFLINE'];
  }
});

test('a model that is not at hand and may not be fetched is refused by name', async () => {
  assert.is(await codeOf(create({ model: 'someone/e5-small', remote: false })), 'TEACHER_NOT_FOUND');
  process.env['CEM_OFFLINE'] = '1';
  try {
    assert.is(await codeOf(create({ model: 'someone/e5-small' })), 'TEACHER_NOT_FOUND');
  } finally {
    delete process.env['CEM_OFFLINE'];
  }
});

test('presets by the last part of the id; own settings go before them; an unknown model needs its own', async () => {
  const settings = (model: string, more: object = {}) =>
    resolveModelSettings(transformersConfig.parse({ kind: 'transformers', model, ...more }));
  assert.is((await settings('onnx-community/Qwen3-Embedding-0.6B-ONNX')).pooling, 'last');
  assert.is((await settings('Xenova/multilingual-e5-base')).queryPrompt, 'query: ');
  assert.is((await settings('Xenova/bge-small-en-v1.5')).pooling, 'cls');
  assert.match((await settings('BAAI/bge-large-zh-v1.5')).queryPrompt, '检索');
  assert.is((await settings('./folder/all-MiniLM-L12-v2/')).maximumTokens, 128);
  assert.is((await settings('Xenova/e5-small-v2', { queryPrompt: 'q: ' })).queryPrompt, 'q: ');
  assert.is((await settings('x/unknown', { pooling: 'last', maximumTokens: 9 })).padding, 'left');
  assert.is(await codeOf(settings('x/unknown')), 'TEACHER_SETTINGS_NEEDED');
});

test('the config rejects unknown keys and kinds', () => {
  assert.not(teacherConfig.safeParse({ kind: 'lsa', dimensions: 3 }).success);
  assert.not(teacherConfig.safeParse({ kind: 'transformers' }).success);
  assert.not(teacherConfig.safeParse({ kind: 'oracle' }).success);
  assert.is(teacherConfig.parse({ kind: 'lsa' }).dimension, 256);
});

test.run();

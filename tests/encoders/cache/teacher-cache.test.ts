import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cachedTeacher, TeacherCache } from '../../../encoders/cache/teacher-cache.ts';
import type { EncoderDescription, TextEmbedder, Vectors } from '../../../encoders/index.ts';

const test = suite<{ folder: string }>('teacher cache');

const DIMENSION = 5;
const description: EncoderDescription = {
  id: 'counting teacher',
  revision: 'r1',
  dimension: DIMENSION,
  settings: { pooling: 'mean' },
};

/** A teacher whose vectors follow from the text alone, and that keeps count of what it was asked. */
class CountingTeacher implements TextEmbedder {
  readonly description: EncoderDescription;
  calls = 0;
  readonly asked: string[] = [];

  constructor(of: EncoderDescription = description) {
    this.description = of;
  }

  embedDocuments = (texts: readonly string[]) => this.#embed(texts, 1);
  embedQueries = (texts: readonly string[]) => this.#embed(texts, -1);
  async dispose(): Promise<void> {}

  async #embed(texts: readonly string[], sign: number): Promise<Vectors> {
    this.calls++;
    this.asked.push(...texts);
    const { dimension } = this.description;
    const data = new Float32Array(texts.length * dimension);
    texts.forEach((text, row) => {
      data.set(expectedVector(text, sign, dimension), row * dimension);
    });
    return { rows: texts.length, dimension, data };
  }
}

function expectedVector(text: string, sign = 1, dimension = DIMENSION): Float32Array {
  const raw = Array.from(
    { length: dimension },
    (_, j) => sign * (((text.charCodeAt(j % Math.max(1, text.length)) || 7) % 31) + j + 1),
  );
  const norm = Math.hypot(...raw);
  return Float32Array.from(raw, (value) => value / norm);
}

const row = (vectors: Vectors, index: number) => vectors.data.slice(index * vectors.dimension, (index + 1) * vectors.dimension);

test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-teacher-cache-'));
});
test.after.each(async (context) => {
  await rm(context.folder, { recursive: true, force: true });
});

test('a second pass asks the teacher nothing, in this run and the next, and gives the same vectors', async ({ folder }) => {
  const teacher = new CountingTeacher();
  const texts = Array.from({ length: 700 }, (_, i) => `text ${i} ${'x'.repeat(i % 13)}`);
  const cache = await TeacherCache.open(folder, description);
  const cached = cachedTeacher(teacher, cache);
  const progress: [number, number][] = [];
  const first = await cached.embedDocuments(texts, (done, total) => progress.push([done, total]));
  texts.forEach((text, i) => {
    assert.equal(row(first, i), expectedVector(text));
  });
  assert.equal(progress.at(-1), [700, 700]);
  const calls = teacher.calls;
  assert.equal((await cached.embedDocuments(texts)).data, first.data);
  assert.is(teacher.calls, calls);
  await cache.close();

  const reopened = await TeacherCache.open(folder, description);
  assert.is(reopened.size, 700);
  // Another order and a subset, so that rows are found by text and not by place.
  const some = [699, 3, 3, 350].map((i) => texts[i]!);
  const again = await cachedTeacher(teacher, reopened).embedDocuments(some);
  some.forEach((text, i) => {
    assert.equal(row(again, i), expectedVector(text));
  });
  assert.is(teacher.calls, calls);
  await reopened.close();
});

test('a text that comes twice in one call is computed once, also in two calls at a time', async ({ folder }) => {
  const teacher = new CountingTeacher();
  const cache = await TeacherCache.open(folder, description);
  const cached = cachedTeacher(teacher, cache);
  const results = await Promise.all([cached.embedDocuments(['a', 'b', 'a']), cached.embedDocuments(['b', 'c', '', ''])]);
  assert.equal(teacher.asked.sort(), ['', 'a', 'b', 'c']);
  assert.equal(row(results[0], 2), expectedVector('a'));
  assert.equal(row(results[1], 3), expectedVector(''));
  assert.is((await cached.embedDocuments([])).rows, 0);
  await cache.close();
});

test('queries and documents of the same text are different entries', async ({ folder }) => {
  const teacher = new CountingTeacher();
  const cache = await TeacherCache.open(folder, description);
  const cached = cachedTeacher(teacher, cache);
  assert.equal(row(await cached.embedDocuments(['same']), 0), expectedVector('same'));
  assert.equal(row(await cached.embedQueries(['same']), 0), expectedVector('same', -1));
  assert.is(teacher.calls, 2);
  await cache.close();
});

test('another teacher, revision, setting, dimension or precision never answers', async ({ folder }) => {
  const others: [EncoderDescription, { precision?: 'fp16' | 'fp32' }][] = [
    [description, {}],
    [{ ...description, id: 'other' }, {}],
    [{ ...description, revision: 'r2' }, {}],
    [{ ...description, settings: { pooling: 'cls' } }, {}],
    [{ ...description, dimension: 4 }, {}],
    [description, { precision: 'fp16' }],
  ];
  for (const [of, options] of others) {
    const teacher = new CountingTeacher(of);
    const cache = await TeacherCache.open(folder, of, options);
    assert.is((await cachedTeacher(teacher, cache).embedDocuments(['text'])).dimension, of.dimension);
    assert.is(teacher.calls, 1);
    await cache.close();
  }
  assert.is((await readdir(folder)).length, others.length);
});

test('the order of keys in the settings does not matter', async ({ folder }) => {
  for (const settings of [
    { a: 1, b: [2] },
    { b: [2], a: 1 },
  ]) {
    await (await TeacherCache.open(folder, { ...description, settings })).close();
  }
  assert.is((await readdir(folder)).length, 1);
});

test('fp16 gives unit vectors near the computed ones, and the first pass gives what the second reads', async ({ folder }) => {
  const cache = await TeacherCache.open(folder, description, { precision: 'fp16' });
  const cached = cachedTeacher(new CountingTeacher(), cache);
  const first = await cached.embedDocuments(['half']);
  assert.equal((await cached.embedDocuments(['half'])).data, first.data);
  const expected = expectedVector('half');
  first.data.forEach((value, i) => {
    // A half has 11 significant bits: rounding moves a number by at most 2^-11 of it, normalising by as much again.
    assert.ok(Math.abs(value - expected[i]!) <= 2 ** -10 * Math.abs(expected[i]!));
  });
  assert.ok(Math.abs(Math.hypot(...first.data) - 1) < 1e-6);
  await cache.close();
});

async function onlySegment(cache: TeacherCache): Promise<{ keys: string; vectors: string }> {
  const names = (await readdir(cache.folder)).filter((name) => name.endsWith('.keys'));
  assert.is(names.length, 1);
  const keys = join(cache.folder, names[0]!);
  return { keys, vectors: keys.replace(/keys$/, 'vectors') };
}

/** Vector file's bytes after the row that a damaged row's text is expected at. */
const VECTOR_BYTES = 4 * DIMENSION;
const RECORD_BYTES = 24;

for (const [name, damage, kept] of [
  ['a torn key at the end', async ({ keys }) => truncate(keys, 9 * RECORD_BYTES + 10), 9],
  ['a torn vector at the end', async ({ vectors }) => truncate(vectors, 8 * VECTOR_BYTES + 3), 8],
  ['half a record of rubbish at the end', async ({ keys }) => appendFile(keys, Buffer.alloc(13, 1)), 10],
  ['vectors without keys at the end', async ({ vectors }) => appendFile(vectors, Buffer.alloc(3 * VECTOR_BYTES, 1)), 10],
  ['a flipped bit in a key', async ({ keys }) => flip(keys, 2 * RECORD_BYTES + 5), 9],
  ['a flipped bit in a vector', async ({ vectors }) => flip(vectors, 5 * VECTOR_BYTES + 2), 9],
  ['everything lost but the names', async ({ keys, vectors }) => Promise.all([writeFile(keys, ''), writeFile(vectors, '')]), 0],
] as [string, (files: { keys: string; vectors: string }) => Promise<unknown>, number][]) {
  test(`${name}: the rest stays, what is lost is computed again`, async ({ folder }) => {
    const texts = Array.from({ length: 10 }, (_, i) => `text ${i}`);
    const cache = await TeacherCache.open(folder, description);
    await cachedTeacher(new CountingTeacher(), cache).embedDocuments(texts);
    const files = await onlySegment(cache);
    await cache.close();
    await damage(files);

    for (const expectedAsked of [10 - kept, 0]) {
      const reopened = await TeacherCache.open(folder, description);
      const teacher = new CountingTeacher();
      const vectors = await cachedTeacher(teacher, reopened).embedDocuments(texts);
      texts.forEach((text, i) => {
        assert.equal(row(vectors, i), expectedVector(text));
      });
      assert.is(teacher.asked.length, expectedAsked);
      await reopened.close();
    }
  });
}

async function flip(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, position);
  byte[0] = byte[0]! ^ 16;
  await file.write(byte, 0, 1, position);
  await file.close();
}

test('two open caches write beside each other, and the next one sees both', async ({ folder }) => {
  const one = await TeacherCache.open(folder, description);
  const two = await TeacherCache.open(folder, description);
  await Promise.all([
    cachedTeacher(new CountingTeacher(), one).embedDocuments(['a', 'b']),
    cachedTeacher(new CountingTeacher(), two).embedDocuments(['b', 'c']),
  ]);
  await one.close();
  await two.close();
  const teacher = new CountingTeacher();
  const three = await TeacherCache.open(folder, description);
  assert.is(three.size, 3);
  await cachedTeacher(teacher, three).embedDocuments(['a', 'b', 'c']);
  assert.is(teacher.calls, 0);
  await three.close();
});

test('a process that is killed in the middle leaves its finished batches', async ({ folder }) => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('./teacher-cache-child.ts', import.meta.url)), folder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  // The child says how many texts are done after every batch and would go on for ever.
  for await (const chunk of child.stdout) {
    const done = Math.max(...String(chunk).trim().split('\n').map(Number));
    if (done >= 1000) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const childDescription: EncoderDescription = { id: 'endless', revision: 'r1', dimension: 3, settings: {} };
  const cache = await TeacherCache.open(folder, childDescription);
  assert.ok(cache.size >= 1000, `${cache.size} texts are there`);
  const texts = Array.from({ length: 1000 }, (_, i) => `text ${100_000 - i}`);
  const vectors = await cache.getOrCompute(texts, 'document', async () => {
    throw new Error('the teacher was called');
  });
  texts.forEach((text, i) => {
    assert.equal(row(vectors, i), Float32Array.of(Number(text.slice(5)), 1, 0));
  });
  await cache.close();
});

test('a teacher that fails keeps what was finished; one that gives NaN or too few rows is refused', async ({ folder }) => {
  const cache = await TeacherCache.open(folder, description);
  const teacher = new CountingTeacher();
  const texts = Array.from({ length: 600 }, (_, i) => `text ${i}`);
  let calls = 0;
  try {
    await cache.getOrCompute(texts, 'document', async (missing) => {
      if (++calls === 3) throw new Error('out of memory');
      return teacher.embedDocuments(missing);
    });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), 'out of memory');
  }
  assert.is(cache.size, 512); // two batches of 256
  const code = async (result: Vectors) => {
    try {
      await cache.getOrCompute(['new'], 'document', async () => result);
    } catch (error) {
      return Reflect.get(Object(error), 'code');
    }
    return undefined;
  };
  const bad = new Float32Array(DIMENSION).fill(Number.NaN);
  assert.is(await code({ rows: 1, dimension: DIMENSION, data: bad }), 'TEACHER_NOT_FINITE');
  assert.is(await code({ rows: 0, dimension: DIMENSION, data: new Float32Array(0) }), 'TEACHER_CACHE_SHAPE');
  assert.is(cache.size, 512);
  await cache.close();
});

test('a folder that cannot be made is refused by name', async ({ folder }) => {
  await writeFile(join(folder, 'file'), '');
  try {
    await TeacherCache.open(join(folder, 'file'), description);
    assert.unreachable();
  } catch (error) {
    assert.is(Reflect.get(Object(error), 'code'), 'TEACHER_CACHE_FOLDER');
  }
});

test('an identity file that says something else is refused by path', async ({ folder }) => {
  const cache = await TeacherCache.open(folder, description);
  const path = join(cache.folder, 'identity.json');
  await cache.close();
  await writeFile(path, (await readFile(path, 'utf8')).replace('r1', 'r9'));
  try {
    await TeacherCache.open(folder, description);
    assert.unreachable();
  } catch (error) {
    assert.is(Reflect.get(Object(error), 'code'), 'TEACHER_CACHE_DAMAGED');
    assert.match(String(error), path);
  }
});

test.run();

import { appendFile, mkdir, mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EncoderDescription } from '../../../encoders/index.ts';
import { listTeacherCaches, TeacherCache, type TeacherCacheCheck, verifyTeacherCache } from '../../../encoders/index.ts';

interface Context {
  folder: string;
}

const test = suite<Context>('teacher cache inspection');

const DIMENSION = 3;
const TEXTS = 10;
/** Bytes of a key's record, and of a stored vector: `encoders/cache/cache-segment.ts`. */
const RECORD_BYTES = 24;
const VECTOR_BYTES = 4 * DIMENSION;

const teacher = (id: string): EncoderDescription => ({ id, revision: 'r1', dimension: DIMENSION, settings: { pooling: 'mean' } });

async function fill(folder: string, description: EncoderDescription, precision: 'fp16' | 'fp32', first = 0): Promise<string> {
  const cache = await TeacherCache.open(folder, description, { precision });
  const texts = Array.from({ length: TEXTS }, (_, i) => `text ${first + i}`);
  await cache.getOrCompute(texts, 'document', async (missing) => ({
    rows: missing.length,
    dimension: DIMENSION,
    data: new Float32Array(missing.length * DIMENSION).fill(3 ** -0.5),
  }));
  await cache.close();
  return cache.folder;
}

test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-teacher-info-'));
});
test.after.each(({ folder }) => rm(folder, { recursive: true, force: true }));

test('whose vectors, how many, how large; texts that two processes embedded count once', async ({ folder }) => {
  assert.equal(await listTeacherCaches(join(folder, 'absent')), []);
  await fill(folder, teacher('b'), 'fp16');
  const own = await fill(folder, teacher('a'), 'fp32');
  // Another process, which knows half of the texts: five new ones in a segment of its own.
  await fill(folder, teacher('a'), 'fp32', TEXTS / 2);
  await writeFile(join(folder, 'stray'), 'no folder');
  await mkdir(join(folder, 'empty'));
  const [a, b, ...more] = await listTeacherCaches(folder);
  assert.equal(more, []);
  assert.equal(a!.identity, { precision: 'fp32', id: 'a', revision: 'r1', dimension: DIMENSION, settings: { pooling: 'mean' } });
  assert.equal([a!.folder, a!.vectors, a!.segments], [own, 15, 2]);
  assert.equal([b!.identity!.id, b!.identity!.precision, b!.vectors, b!.segments], ['b', 'fp16', TEXTS, 1]);
  // Half the bytes a vector, and the same for keys and identity.
  assert.is(a!.bytes - b!.bytes, 15 * (VECTOR_BYTES + RECORD_BYTES) - TEXTS * (VECTOR_BYTES / 2 + RECORD_BYTES));
});

test('a folder whose identity says something else, or nothing, is named as such', async ({ folder }) => {
  const own = await fill(folder, teacher('a'), 'fp32');
  for (const text of [
    '{}',
    '{"id":',
    JSON.stringify({ ...teacher('b'), format: 'cem-teacher-cache', version: 1, precision: 'fp32' }),
  ]) {
    await writeFile(join(own, 'identity.json'), text);
    const [summary] = await listTeacherCaches(folder);
    assert.match(summary!.problem!, 'identity.json does not describe');
    assert.equal([summary!.identity, summary!.vectors], [undefined, 0]);
  }
  await rm(join(own, 'identity.json'));
  assert.match((await listTeacherCaches(folder))[0]!.problem!, 'has no identity.json');
});

/** Damages the only segment of a cache and checks it. */
async function checkAfter(
  folder: string,
  damage: (keys: string, vectors: string) => Promise<unknown>,
): Promise<TeacherCacheCheck> {
  const own = await fill(folder, teacher('a'), 'fp32');
  const keys = join(own, (await readdir(own)).find((name) => name.endsWith('.keys'))!);
  await damage(keys, keys.replace(/keys$/, 'vectors'));
  const [summary] = await listTeacherCaches(folder);
  const read: number[] = [];
  const check = await verifyTeacherCache(summary!, (bytes) => read.push(bytes));
  assert.ok(read.reduce((sum, bytes) => sum + bytes, 0) <= TEXTS * VECTOR_BYTES);
  return check;
}

async function flip(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, position);
  byte[0]! ^= 1;
  await file.write(byte, 0, 1, position);
  await file.close();
}

const rowsOf = ({ damaged, damage }: TeacherCacheCheck): readonly number[] => {
  const rows = damage.flatMap(({ rows: found }) => found);
  assert.is(rows.length, damaged);
  return rows;
};

test('a whole cache is whole', async ({ folder }) => {
  const check = await checkAfter(folder, async () => undefined);
  assert.equal([rowsOf(check), check.unfinishedBytes, check.vectors], [[], 0, TEXTS]);
});

test('every vector is checked: the rows whose key or vector changed are named', async ({ folder }) => {
  const check = await checkAfter(folder, async (keys, vectors) => {
    await flip(vectors, 3 * VECTOR_BYTES);
    await flip(vectors, 10 * VECTOR_BYTES - 1);
    await flip(keys, 5 * RECORD_BYTES + 2);
    await flip(keys, 6 * RECORD_BYTES + 17); // the vector's checksum
  });
  assert.equal(rowsOf(check), [3, 5, 6, 9]);
});

test('vectors that are gone are damage', async ({ folder }) => {
  const check = await checkAfter(folder, (_, vectors) => truncate(vectors, 8 * VECTOR_BYTES + 1));
  assert.equal(rowsOf(check), [8, 9]);
});

test('what a kill leaves at the end is none', async ({ folder }) => {
  const check = await checkAfter(folder, async (keys, vectors) => {
    await appendFile(vectors, Buffer.alloc(2 * VECTOR_BYTES + 5));
    await appendFile(keys, Buffer.alloc(7));
  });
  assert.equal([rowsOf(check), check.unfinishedBytes], [[], 2 * VECTOR_BYTES + 5 + 7]);
});

test.run();

import { copyFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  loadCheckpoint,
  loadLayersModelExport,
  loadStudent,
  readCheckpointState,
  readExportDescription,
  saveCheckpoint,
} from '../../../checkpoints/index.ts';
import { readInt8Rows, storeDense, storeTables } from '../../../checkpoints/store/compact-weights.ts';
import { exportCommand } from '../../../cli/commands/export.ts';
import type { Vectors } from '../../../encoders/index.ts';
import { modelConfigSchema } from '../../../model/config.ts';
import { CemModel } from '../../../model/embedder.ts';
import { testBackend } from '../../backend.ts';
import { runCommand } from '../../cli/run-command.ts';
import { codeOf, largestDifference, makeRun, STATE, type TestRun } from '../fixtures.ts';

/** Tables make nine tenths of its numbers, as in any model of ours. */
const MODEL = modelConfigSchema.parse({
  maximumSymbols: 256,
  patchSize: 4,
  tables: { sizes: [3, 4], rows: 10_000 },
  local: { dimension: 64, layers: 1, heads: 2, feedForward: 64, window: 8, crossAttentionHeads: 2 },
  global: { dimension: 64, layers: 1, heads: 2, feedForward: 64 },
});
const DIMENSION = 12;

interface Context {
  folder: string;
  run: TestRun;
  /** The checkpoint in float32, and the vectors that it gives. */
  full: string;
  hash: string;
  expected: Vectors;
  /** The same with float16 and int8. */
  compact: string;
}

const test = suite<Context>('compact export');

test.before(async (context) => {
  await testBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-compact-'));
  context.run = await makeRun(context.folder);
  const { teacher } = await readCheckpointState(context.run.checkpoint);
  context.full = join(context.run.folder, 'checkpoints', '8');
  const model = CemModel.create(MODEL, DIMENSION, 5);
  context.hash = await saveCheckpoint(context.full, model, { ...STATE, model: MODEL, dimension: DIMENSION, teacher, step: 8 });
  context.expected = await model.encodeChunks(context.run.frames, context.run.dictionary);
  model.dispose();
  await writeFile(
    join(context.run.folder, 'evaluation.json'),
    JSON.stringify({
      encoders: { student: { ndcg_at_10: 0.5 } },
      retention: 0.8,
      saving: 0.66,
      candidates: 'judged',
      dataset: 'docs',
      split: 'dev',
      checkpoint: { hash: context.hash },
    }),
  );
  context.compact = join(context.folder, 'compact');
  const notes = join(context.folder, 'notes.md');
  await writeFile(notes, 'The data are under the licence of their authors.\n');
  await exportWith(context.run.folder, context.compact, '--precision', 'fp16', '--tables', 'int8', '--notes', notes);
});
test.after(async ({ folder, run }) => {
  run.model.dispose();
  await rm(folder, { recursive: true, force: true });
});

const exportWith = async (checkpoint: string, output: string, ...words: string[]) =>
  JSON.parse(await runCommand(exportCommand, ['export', '--checkpoint', checkpoint, '--output', output, '--json', ...words]));

function cosines(a: Vectors, b: Vectors): number[] {
  assert.equal([a.rows, a.dimension], [b.rows, b.dimension]);
  return Array.from({ length: a.rows }, (_, row) => {
    let [product, square, other] = [0, 0, 0];
    for (let index = row * a.dimension; index < (row + 1) * a.dimension; index++) {
      product += a.data[index]! * b.data[index]!;
      square += a.data[index]! ** 2;
      other += b.data[index]! ** 2;
    }
    return product / Math.sqrt(square * other);
  });
}

const weightBytes = async (folder: string): Promise<number> =>
  (await stat(join(folder, 'model.safetensors'))).size + (await stat(join(folder, 'tables.safetensors'))).size;

test('float16 and int8: less than 0.3 of the bytes, the same vectors but for rounding, a hash of their own', async (context) => {
  const { compact, full, hash, expected, run } = context;
  assert.ok((await weightBytes(compact)) < 0.3 * (await weightBytes(full)));
  const loaded = await loadStudent(compact);
  for (const cosine of cosines(await loaded.student.encodeChunks(run.frames, run.dictionary), expected))
    assert.ok(cosine > 0.999 && cosine < 1, `${cosine}`);
  assert.is.not(loaded.hash, hash);
  assert.equal(loaded.state.storage, { dense: 'fp16', tables: 'int8', roundedFrom: hash });
  assert.is(loaded.teacherFolder, join(compact, 'teacher'));
  loaded.dispose();
  const { storage, contentHash } = await readExportDescription(compact);
  assert.equal([storage, contentHash], [{ dense: 'fp16', tables: 'int8' }, loaded.hash]);

  const halves = join(context.folder, 'halves');
  const { hash: halvesHash } = await exportWith(run.folder, halves, '--precision', 'fp16');
  const { model, state } = await loadCheckpoint(halves, 'training');
  assert.equal([state.contentHash, state.storage?.tables], [halvesHash, 'fp16']);
  for (const cosine of cosines(await model.encodeChunks(run.frames, run.dictionary), expected)) assert.ok(cosine > 0.999_99);
  model.dispose();
});

test('int4: an eighth of the bytes of the tables, vectors near to the same, numbers within a step by hand', async (context) => {
  const small = join(context.folder, 'small');
  await exportWith(context.run.folder, small, '--precision', 'fp16', '--tables', 'int4');
  const size = async (folder: string) => (await stat(join(folder, 'tables.safetensors'))).size;
  // A row of 64 numbers: 32 bytes and 4 of its factor instead of 256.
  assert.ok((await size(small)) < 0.145 * (await size(context.full)));
  const loaded = await loadStudent(small);
  for (const cosine of cosines(await loaded.student.encodeChunks(context.run.frames, context.run.dictionary), context.expected))
    assert.ok(cosine > 0.97, `${cosine}`);
  loaded.dispose();

  const file = await readFile(join(small, 'tables.safetensors'));
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const [original, compact] = [await loadCheckpoint(context.full), await loadCheckpoint(small)];
  // The bytes' table has 260 rows.
  assert.is(header['bytes']!.dtype, 'I8');
  const { dtype, shape, data_offsets: place } = header['ngram-3']!;
  assert.equal([dtype, shape], ['U8', [10_000, 32]]);
  const scales = header['ngram-3.scale']!.data_offsets[0];
  let [differing, worst] = [0, 0];
  compact.model.tables.tables[1]!.forEach((value, position) => {
    const scale = file.readFloatLE(start + scales + 4 * Math.floor(position / 64));
    const pair = file[start + place[0] + Math.floor(position / 2)]!;
    const level = (position % 2 === 0 ? pair % 16 : Math.floor(pair / 16)) - 8;
    if (Math.fround(scale * level) !== value) differing++;
    // What is cut is the largest numbers of a row: those of level 7.
    if (Math.abs(level) < 7) worst = Math.max(worst, Math.abs(value - original.model.tables.tables[1]![position]!) / scale);
  });
  assert.is(differing, 0);
  assert.ok(worst <= 0.5 + 1e-4, `${worst}`);
  original.model.dispose();
  compact.model.dispose();
});

test('the model card says what was rounded, which figures came before that, and how to make it again', async (context) => {
  const card = await readFile(join(context.compact, 'README.md'), 'utf8');
  for (const words of [
    '`model.safetensors`: weights of the graph, float16',
    '`tables.safetensors`: embedding tables of bytes and hashed n-grams, int8 with a float32 for each row',
    `rounded from the weights with the content hash \`${context.hash}\``,
    '### docs, split `dev`, candidates `judged`, before the weights were rounded',
    'The data are under the licence of their authors.',
    'cem export --checkpoint runs/tiny --output THIS_FOLDER --precision fp16 --tables int8',
  ])
    assert.ok(card.includes(words), words);
});

test('the tables in the file are what the model computes with: read by hand, each number within half a step', async (context) => {
  const file = await readFile(join(context.compact, 'tables.safetensors'));
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const [original, compact] = [await loadCheckpoint(context.full), await loadCheckpoint(context.compact)];
  const names = ['bytes', 'ngram-3', 'ngram-4'];
  assert.equal(Object.keys(header).sort(), ['__metadata__', ...names.flatMap((name) => [name, `${name}.scale`])].sort());
  for (const [index, name] of names.entries()) {
    const [rows, scales] = [header[name]!, header[`${name}.scale`]!];
    assert.equal([rows.dtype, scales.dtype], ['I8', 'F32']);
    let worst = 0;
    let differing = 0;
    compact.model.tables.tables[index]!.forEach((value, position) => {
      const scale = file.readFloatLE(start + scales.data_offsets[0] + 4 * Math.floor(position / 64));
      const byHand = Math.fround(scale * file.readInt8(start + rows.data_offsets[0] + position));
      if (byHand !== value) differing++;
      worst = Math.max(worst, Math.abs(value - original.model.tables.tables[index]![position]!) / scale);
    });
    assert.is(differing, 0);
    // Rounding to the nearest whole number, and that of float32 on top.
    assert.ok(worst <= 0.5 + 1e-4, `${worst}`);
  }
  original.model.dispose();
  compact.model.dispose();
});

test('exported again: the same files, or float32 in the formats that have nothing else', async (context) => {
  const again = join(context.folder, 'again');
  const { hash } = await exportWith(context.compact, again);
  for (const file of ['model.safetensors', 'tables.safetensors', 'state.json'])
    assert.ok((await readFile(join(again, file))).equals(await readFile(join(context.compact, file))), file);
  const layers = join(context.folder, 'layers');
  await exportWith(context.compact, layers, '--format', 'layers-model');
  const [exported, compact] = [await loadLayersModelExport(layers), await loadStudent(context.compact)];
  assert.equal([exported.description.contentHash, exported.description.storage], [hash, undefined]);
  const { frames, dictionary } = context.run;
  const [a, b] = [await exported.model.encodeChunks(frames, dictionary), await compact.student.encodeChunks(frames, dictionary)];
  assert.ok(largestDifference(a.data, b.data) < 1e-6);
  exported.model.dispose();
  compact.dispose();
});

test('damage is found when it is loaded; float32 checkpoints say nothing of storage', async (context) => {
  assert.not.ok('storage' in (await readCheckpointState(context.full)));
  const damaged = join(context.folder, 'damaged');
  await exportWith(context.compact, damaged);
  const tables = join(damaged, 'tables.safetensors');
  const bytes = await readFile(tables);
  const flipped = Buffer.from(bytes);
  flipped[bytes.length - 100_000]! ^= 1;
  await writeFile(tables, flipped);
  assert.is(await codeOf(() => loadStudent(damaged)), 'CHECKPOINT_HASH');
  await writeFile(tables, bytes.toString('latin1').replaceAll('ngram-4.scale', 'ngram-4.scala'), 'latin1');
  assert.is(await codeOf(() => loadStudent(damaged)), 'CHECKPOINT_SHAPE');
  await writeFile(tables, bytes);
  await truncate(tables, bytes.length - 1);
  assert.is(await codeOf(() => loadStudent(damaged)), 'SAFETENSORS_MALFORMED');
  await copyFile(join(context.full, 'tables.safetensors'), tables);
  assert.is(await codeOf(() => loadStudent(damaged)), 'CHECKPOINT_HASH');
});

test('precisions that a format or a number does not have are refused', async (context) => {
  const refused = (...words: string[]) => codeOf(() => exportWith(context.run.folder, join(context.folder, 'refused'), ...words));
  assert.is(await refused('--format', 'onnx', '--precision', 'fp16'), 'EXPORT_PRECISION');
  assert.is(await refused('--format', 'layers-model', '--tables', 'int8'), 'EXPORT_PRECISION');
  assert.is(await refused('--notes', join(context.folder, 'absent.md')), 'FILE_OPEN');
  const one = (value: number) => new Map([['weight', { shape: [1, 1], data: Float32Array.of(value) }]]);
  // 65504 is the largest half, and 65520 rounds to infinity.
  storeDense(one(65_519), 'fp16');
  assert.is(await codeOf(async () => storeDense(one(65_520), 'fp16')), 'EXPORT_PRECISION');
  assert.is(await codeOf(async () => storeTables(one(Number.NaN), 'int8')), 'EXPORT_PRECISION');
});

test('int8 of rows of zeros and of the smallest numbers', () => {
  const rows = Float32Array.of(0, 0, 2e-45, -1e-43, 3, -127);
  const stored = storeTables(new Map([['t', { shape: [3, 2], data: rows }]]), 'int8');
  const [bytes, scales] = [stored.get('t')!, stored.get('t.scale')!];
  assert.ok('bytes' in bytes && 'data' in scales);
  assert.equal([...new Int8Array(bytes.bytes.buffer)].slice(4), [3, -127]);
  const read = new Float32Array(6);
  readInt8Rows(new Int8Array(bytes.bytes.buffer), scales.data, 2, read);
  assert.equal([...read.subarray(0, 2), ...read.subarray(4)], [0, 0, 3, -127]);
  // A step of the smallest float32 cannot be divided: what comes back is off by less than 1e-42, and of the right sign.
  assert.ok(read[2]! >= 0 && read[3]! <= 0 && Math.abs(read[3]! + 1e-43) < 1e-42);
});

test.run();

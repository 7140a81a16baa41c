import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PrecomputedEncoder, RandomEncoder, VectorFilesWriter, type VectorOwner } from '../../../encoders/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('precomputed vectors');

const DESCRIPTION = { id: 'axes', revision: '1', dimension: 2, settings: { by: 'hand' } };

async function write(
  npy: string,
  owners: readonly VectorOwner[],
  data: readonly number[],
  options: { dimension?: number; precision?: 'float16' | 'float32' } = {},
): Promise<void> {
  const description = { ...DESCRIPTION, dimension: options.dimension ?? 2 };
  const writer = await VectorFilesWriter.create(npy, description, options.precision ?? 'float32');
  await writer.append(owners, Float32Array.from(data));
  await writer.commit();
}

/** Documents d1 (two rows), d2, d3 and two queries. */
async function withFiles(
  action: (paths: { documents: string; queries: string }, folder: string) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const paths = { documents: join(folder, 'axes.npy'), queries: join(folder, 'axes.queries.npy') };
    await write(paths.documents, [{ id: 'd1' }, { id: 'd1' }, { id: 'd2' }, { id: 'd3' }], [1, 0, 0, 2, 3, 4, 0, 0]);
    const texts = [
      { id: 'q1', text: 'first\u2028of two lines' },
      { id: 'q2', text: 'second' },
    ];
    await write(paths.queries, texts, [0, 1, 1, 0], { precision: 'float16' });
    await action(paths, folder);
  });
}

test('documents in any order, with all their rows, normalised', () =>
  withFiles(async (paths) => {
    const encoder = await PrecomputedEncoder.open(paths);
    assert.equal(encoder.description, DESCRIPTION);
    const { data, owners, rows, dimension } = await encoder.encodeCorpus(['d2', 'd1', 'd3']);
    assert.equal([rows, dimension], [4, 2]);
    // (3, 4) has length 5; a vector of zeros has no direction.
    assert.equal([...data], [...Float32Array.of(0.6, 0.8), 1, 0, 0, 1, 0, 0]);
    assert.equal([...owners], [0, 1, 1, 2]);
    assert.is((await encoder.encodeCorpus([])).rows, 0);
    await encoder.close();
  }));

test('queries by their text', () =>
  withFiles(async (paths) => {
    const encoder = await PrecomputedEncoder.open(paths);
    const { data } = await encoder.encodeQueries(['second', 'first\u2028of two lines']);
    assert.equal([...data], [1, 0, 0, 1]);
    assert.is((await errorOf(() => encoder.encodeQueries(['third']))).code, 'ENCODER_UNKNOWN_QUERY');
    assert.is((await errorOf(() => encoder.encodeCorpus(['d9']))).code, 'ENCODER_UNKNOWN_ID');
    await encoder.close();
  }));

test('the same as the encoder that wrote them', () =>
  withTemporaryFolder(async (folder) => {
    const random = new RandomEncoder({ dimension: 16 });
    const ids = Array.from({ length: 100 }, (_, index) => `d${index}`);
    const paths = { documents: join(folder, 'r.npy'), queries: join(folder, 'r.queries.npy') };
    const expected = await random.encodeCorpus(ids);
    const owners = ids.map((id) => ({ id }));
    await write(paths.documents, owners, [...expected.data], { dimension: 16 });
    await write(paths.queries, [], [], { dimension: 16 });
    const encoder = await PrecomputedEncoder.open(paths);
    const { data } = await encoder.encodeCorpus(ids);
    assert.ok(data.every((value, index) => Math.abs(value - expected.data[index]!) < 1e-6));
    await encoder.close();
    // 16 bits keep 11 of the mantissa: an error of at most 2^-11 of a value of at most 1, and little from normalising.
    await write(paths.documents, owners, [...expected.data], { dimension: 16, precision: 'float16' });
    const half = await PrecomputedEncoder.open(paths);
    const vectors = await half.encodeCorpus(ids);
    assert.ok(vectors.data.every((value, index) => Math.abs(value - expected.data[index]!) < 2 ** -10));
    await half.close();
  }));

test('without a description, the file itself says which it is', () =>
  withFiles(async (paths, folder) => {
    await rm(join(folder, 'axes.encoder.json'));
    const encoder = await PrecomputedEncoder.open(paths);
    assert.is(encoder.description.id, 'precomputed:axes.npy');
    assert.match(encoder.description.revision, /^[0-9a-f]{64}$/);
    await encoder.close();
  }));

test('files that do not belong together are refused', () =>
  withFiles(async (paths, folder) => {
    const codeOf = async (): Promise<string> => (await errorOf(() => PrecomputedEncoder.open(paths))).code;
    const ids = join(folder, 'axes.ids.jsonl');
    const whole = await readFile(ids, 'utf8');
    await writeFile(ids, whole.slice(0, whole.lastIndexOf('{')));
    assert.is(await codeOf(), 'VECTOR_ROWS');
    await writeFile(ids, whole.replace('"_id"', '"id"'));
    assert.is(await codeOf(), 'VECTOR_IDS_MALFORMED');
    await rm(ids);
    assert.is(await codeOf(), 'FILE_OPEN');
    await writeFile(ids, whole);
    await writeFile(join(folder, 'axes.encoder.json'), '{"id": 1}');
    assert.is(await codeOf(), 'VECTOR_ENCODER_MALFORMED');
    await write(paths.queries, [{ id: 'q', text: 'q' }], [1, 0, 0], { dimension: 3 });
    assert.is(await codeOf(), 'VECTOR_DIMENSION');
  }));

test('given up: nothing is left', () =>
  withTemporaryFolder(async (folder) => {
    const writer = await VectorFilesWriter.create(join(folder, 'v.npy'), DESCRIPTION, 'float32');
    await writer.append([{ id: 'd' }], Float32Array.of(1, 0));
    await writer.abort();
    assert.equal(await readdir(folder), []);
  }));

test.run();

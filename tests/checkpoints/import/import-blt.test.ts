import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHalf } from '../../../base/half-float.ts';
import { CemError } from '../../../base/index.ts';
import { importBlt, type NamedArray, readSafetensors } from '../../../checkpoints/index.ts';
import { writeSafetensors } from '../../../checkpoints/store/safetensors.ts';
import { type ModelConfig, modelConfigSchema } from '../../../model/config.ts';
import { CemModel } from '../../../model/embedder.ts';
import { namedWeights } from '../../../model/named-weights.ts';
import { modelOfCase, parseParityCase } from '../../../model/parity/parity-case.ts';
import { testBackend } from '../../backend.ts';

const test = suite<{ folder: string }>('import of BLT');
const GOLDEN = fileURLToPath(new URL('../../golden/parity/', import.meta.url));
const DIMENSION = 16;
const ROWS = 31;

test.before(async (context) => {
  await testBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-import-'));
});

test.after(async (context) => {
  await rm(context.folder, { recursive: true, force: true });
});

const reference = await readSafetensors(join(GOLDEN, 'weights.safetensors'));
const wholeConfig = modelOfCase(parseParityCase(await readFile(join(GOLDEN, 'case.json'), 'utf8'), 'golden'), 'golden');

/** The golden case's encoder in the form of a downloaded checkpoint, beside parts that an encoder has no use for. */
async function writeCheckpoint(folder: string, options: { prefix?: string; shards?: number } = {}): Promise<void> {
  const { prefix = '', shards = 1 } = options;
  await mkdir(folder, { recursive: true });
  const tables = { encoder_hash_byte_group_vocab: ROWS, encoder_hash_byte_group_nb_functions: 2 };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ model_type: 'blt', ...tables }));
  const arrays: [string, NamedArray][] = [...reference].map(([name, array]) => [prefix + name, array]);
  arrays.push([`${prefix}local_decoder.norm.weight`, { shape: [8], data: new Float32Array(8) }]);
  if (shards === 1) return writeSafetensors(join(folder, 'model.safetensors'), new Map(arrays));
  const map: Record<string, string> = {};
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-${shard + 1}-of-${shards}.safetensors`;
    const part = arrays.filter((_, index) => index % shards === shard);
    for (const [name] of part) map[name] = file;
    await writeSafetensors(join(folder, file), new Map(part));
  }
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: map }));
}

async function weightsOf(model: CemModel): Promise<Map<string, NamedArray>> {
  const weights = new Map<string, NamedArray>();
  for (const weight of namedWeights(model.graph)) {
    const tensor = weight.read();
    weights.set(weight.name, { shape: weight.shape, data: (await tensor.data()) as Float32Array });
    tensor.dispose();
  }
  return weights;
}

/** The reference's matrix [outputs, inputs] as it is used here, [inputs, outputs]. */
function turned(name: string): number[] {
  const { shape, data } = reference.get(name)!;
  const [outputs, inputs] = shape as [number, number];
  return Array.from({ length: inputs * outputs }, (_, place) => data[(place % outputs) * inputs + Math.floor(place / outputs)]!);
}

for (const [name, options] of [
  ['one file', {}],
  ['shards, as a language model', { prefix: 'model.', shards: 3 }],
] as const) {
  test(`every weight that both have is loaded: ${name}`, async ({ folder }) => {
    const checkpoint = join(folder, name);
    await writeCheckpoint(checkpoint, options);
    const model = CemModel.create(wholeConfig, DIMENSION, 1);
    const before = await weightsOf(model);
    const report = await importBlt(model, checkpoint);
    const weights = await weightsOf(model);
    assert.equal(report.mismatched, []);
    // Two blocks each of nine weights, cross attention's seven, the bytes' table and twelve of n-grams.
    assert.is(report.loaded.length, 2 * 9 + 2 * 9 + 7 + 1 + 12);
    assert.equal([...report.notLoaded].sort(), ['global/norm/gain', 'local/kind/table', 'projection/kernel']);
    assert.equal(report.unused, [`${'prefix' in options ? options.prefix : ''}local_decoder.norm.weight`]);
    for (const kept of report.notLoaded) assert.equal(weights.get(kept), before.get(kept));
    assert.equal([...weights.get('local/1/attention/key')!.data], turned('local_encoder.layers.1.self_attn.k_proj.weight'));
    assert.equal(
      [...weights.get('global/0/feed-forward/down')!.data],
      turned('global_transformer.layers.0.mlp.down_proj.weight'),
    );
    assert.equal([...weights.get('local/pooling/widen')!.data], turned('local_encoder.patch_embedding_projection.weight'));
    assert.equal(
      weights.get('global/1/attention/norm')!.data,
      reference.get('global_transformer.layers.1.input_layernorm.weight')!.data,
    );
    // All n-gram tables are one tensor there, by function, then by size.
    const [bytes, ...ngrams] = model.tables.tables;
    assert.equal([...bytes!], [...reference.get('local_encoder.embed_tokens.weight')!.data]);
    assert.equal(
      ngrams.flatMap((table) => [...table]),
      [...reference.get('encoder_hash_tok_embedding.weight')!.data],
    );
    model.dispose();
  });
}

test('what differs in shape is listed and left alone; fewer blocks, sizes and functions take what they have a place for', async ({
  folder,
}) => {
  const checkpoint = join(folder, 'other');
  await writeCheckpoint(checkpoint);
  const config: ModelConfig = modelConfigSchema.parse({
    ...wholeConfig,
    tables: { sizes: [2, 5], rows: ROWS, hashFunction: 1 },
    local: { ...wholeConfig.local, layers: 1 },
    global: { ...wholeConfig.global, layers: 3, feedForward: 40 },
  });
  const model = CemModel.create(config, DIMENSION, 1);
  const before = await weightsOf(model);
  const report = await importBlt(model, checkpoint);
  const after = await weightsOf(model);
  assert.equal(
    report.mismatched.map(({ name }) => name).sort(),
    [0, 1].flatMap((layer) => ['down', 'gate', 'up'].map((part) => `global/${layer}/feed-forward/${part}`)),
  );
  assert.equal(
    report.mismatched.find(({ name }) => name === 'global/0/feed-forward/down'),
    {
      name: 'global/0/feed-forward/down',
      source: 'global_transformer.layers.0.mlp.down_proj.weight',
      // As it is stored there, [outputs, inputs].
      expected: [24, 40],
      found: [24, 64],
    },
  );
  for (const { name } of report.mismatched) assert.equal(after.get(name), before.get(name));
  // The third block and n-grams of two bytes are not in BLT, its second local block is not here.
  assert.is(report.notLoaded.filter((name) => name.startsWith('global/2/')).length, 9);
  assert.ok(report.notLoaded.includes('tables/ngram-2'));
  assert.ok(report.loaded.includes('tables/ngram-5'));
  assert.is(report.unused.filter((name) => name.startsWith('local_encoder.layers.1.')).length, 9);
  // Function 1 comes behind the six tables of function 0; five bytes are the third size.
  const first = (6 + 2) * ROWS * 8;
  assert.equal(model.tables.tables[2], reference.get('encoder_hash_tok_embedding.weight')!.data.slice(first, first + ROWS * 8));
  model.dispose();
});

test('tables with other rows are not taken: their hash ids are others', async ({ folder }) => {
  const checkpoint = join(folder, 'rows');
  await writeCheckpoint(checkpoint);
  const model = CemModel.create(
    modelConfigSchema.parse({ ...wholeConfig, tables: { rows: 62, hashFunctions: 1 } }),
    DIMENSION,
    1,
  );
  const { mismatched } = await importBlt(model, checkpoint);
  assert.equal(
    mismatched.map(({ name }) => name),
    [3, 4, 5, 6, 7, 8].map((size) => `tables/ngram-${size}`),
  );
  model.dispose();
});

/** One file of numbers of two bytes each, upper halves of float32 or IEEE halves. */
async function writeHalves(path: string, dtype: 'BF16' | 'F16'): Promise<void> {
  const header: Record<string, unknown> = {};
  const pieces: Buffer[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of reference) {
    const piece = Buffer.alloc(2 * data.length);
    const source = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    data.forEach((value, i) => {
      piece.writeUInt16LE(dtype === 'F16' ? toHalf(value) : source.readUInt16LE(4 * i + 2), 2 * i);
    });
    header[name] = { dtype, shape, data_offsets: [offset, offset + piece.length] };
    offset += piece.length;
    pieces.push(piece);
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(path, Buffer.concat([length, json, ...pieces]));
}

for (const [dtype, error] of [
  // Cut off behind 7 bits, and rounded to 10.
  ['BF16', 2 ** -7],
  ['F16', 2 ** -11],
] as const) {
  test(`numbers of two bytes are read: ${dtype}`, async ({ folder }) => {
    const checkpoint = join(folder, dtype);
    await writeCheckpoint(checkpoint);
    await writeHalves(join(checkpoint, 'model.safetensors'), dtype);
    const model = CemModel.create(wholeConfig, DIMENSION, 1);
    const { loaded } = await importBlt(model, checkpoint);
    assert.is(loaded.length, 56);
    const got = (await weightsOf(model)).get('global/0/attention/query')!.data;
    turned('global_transformer.layers.0.self_attn.q_proj.weight').forEach((value, i) => {
      assert.ok(Math.abs(got[i]! - value) <= error * Math.abs(value) + 2 ** -24, `${got[i]} for ${value}`);
    });
    model.dispose();
  });
}

test('folders that hold no BLT checkpoint, or not all of one, are refused by name', async ({ folder }) => {
  const model = CemModel.create(wholeConfig, DIMENSION, 1);
  const codeOf = async (checkpoint: string): Promise<unknown> => {
    try {
      await importBlt(model, checkpoint);
    } catch (error) {
      return error instanceof CemError ? error.code : error;
    }
    return undefined;
  };
  assert.is(await codeOf(join(folder, 'none')), 'IMPORT_MISSING');

  const lacking = join(folder, 'lacking');
  await writeCheckpoint(lacking, { shards: 2 });
  await rm(join(lacking, 'model-2-of-2.safetensors'));
  assert.is(await codeOf(lacking), 'IMPORT_MISSING');

  const outside = join(folder, 'outside');
  await mkdir(outside);
  await writeFile(
    join(outside, 'model.safetensors.index.json'),
    JSON.stringify({ weight_map: { a: '../lacking/model-1-of-2.safetensors' } }),
  );
  assert.is(await codeOf(outside), 'IMPORT_MALFORMED');

  const other = join(folder, 'other-model');
  await mkdir(other);
  await writeSafetensors(join(other, 'model.safetensors'), new Map([['weight', { shape: [1], data: new Float32Array(1) }]]));
  assert.is(await codeOf(other), 'IMPORT_NO_BLT');

  const cut = join(folder, 'cut');
  await writeCheckpoint(cut);
  const file = await open(join(cut, 'model.safetensors'), 'r+');
  await file.truncate(60_000);
  await file.close();
  assert.is(await codeOf(cut), 'IMPORT_MALFORMED');

  const unexplained = join(folder, 'unexplained');
  await writeCheckpoint(unexplained);
  await rm(join(unexplained, 'config.json'));
  assert.is(await codeOf(unexplained), 'IMPORT_MALFORMED');
  model.dispose();
});

test.run();

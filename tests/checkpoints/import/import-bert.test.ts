import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OnnxGraph } from '../../../checkpoints/export/onnx/onnx-graph.ts';
import { importBert } from '../../../checkpoints/import/import-bert.ts';
import { readOnnxWeights } from '../../../checkpoints/import/onnx-weights.ts';
import { graphArrays } from '../../../checkpoints/store/graph-weights.ts';
import { type NamedArray, writeSafetensors } from '../../../checkpoints/store/safetensors.ts';
import { CrossEncoderModel, crossEncoderModelConfigSchema } from '../../../model/cross-encoder/index.ts';
import { testBackend } from '../../backend.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite("weights of others' BERTs");
test.before(async () => void (await testBackend()));

const SHAPE = { vocabulary: 11, dimension: 4, layers: 2, heads: 2, feedForward: 6, positions: 8 };
const CONFIG = {
  model_type: 'bert',
  vocab_size: 11,
  hidden_size: 4,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 6,
  max_position_embeddings: 8,
  layer_norm_eps: 1e-12,
};
const BATCH = {
  rows: 1,
  positions: 4,
  ids: Int32Array.of(1, 5, 7, 2),
  types: Int32Array.of(0, 0, 1, 1),
  mask: Uint8Array.of(1, 1, 1, 1),
};

/** Rows of a matrix as columns, by plain loops. */
function turned({ shape, data }: NamedArray): NamedArray {
  const [rows, columns] = shape as [number, number];
  const values = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) values[column * rows + row] = data[row * columns + column]!;
  return { shape: [columns, rows], data: values };
}

/** A model's weights as PyTorch names and lays them: matrices of layers [outputs, inputs]. */
async function asBert(model: CrossEncoderModel, before = 'bert.'): Promise<Map<string, NamedArray>> {
  const own = await graphArrays(model.graph);
  const bert = new Map<string, NamedArray>();
  const layer = (name: string, to: string, weight: string, bias: string) => {
    bert.set(`${to}.weight`, turned(own.get(`${name}${weight}`)!));
    bert.set(`${to}.bias`, own.get(`${name}${bias}`)!);
  };
  const norm = (name: string, to: string) => {
    bert.set(`${to}.weight`, own.get(name)!);
    bert.set(`${to}.bias`, own.get(`${name}-bias`)!);
  };
  for (const [table, to] of Object.entries({ tokens: 'word', places: 'position', types: 'token_type' }))
    bert.set(`${before}embeddings.${to}_embeddings.weight`, own.get(`embeddings/${table}/table`)!);
  norm('embeddings/norm', `${before}embeddings.LayerNorm`);
  for (let number = 0; number < model.config.layers; number++) {
    const [block, to] = [`blocks/${number}/`, `${before}encoder.layer.${number}.`];
    const biases = own.get(`${block}attention/biases`)!.data;
    ['query', 'key', 'value'].forEach((part, place) => {
      bert.set(`${to}attention.self.${part}.weight`, turned(own.get(`${block}attention/${part}`)!));
      bert.set(`${to}attention.self.${part}.bias`, { shape: [4], data: biases.slice(4 * place, 4 * place + 4) });
    });
    layer(block, `${to}attention.output.dense`, 'attention/output', 'attention/output-bias');
    norm(`${block}attention/norm`, `${to}attention.output.LayerNorm`);
    layer(block, `${to}intermediate.dense`, 'feed-forward/up', 'feed-forward/up-bias');
    layer(block, `${to}output.dense`, 'feed-forward/down', 'feed-forward/down-bias');
    norm(`${block}feed-forward/norm`, `${to}output.LayerNorm`);
  }
  layer('head/', `${before}pooler.dense`, 'pooler', 'pooler-bias');
  layer('head/', 'classifier', 'classifier', 'classifier-bias');
  return bert;
}

async function writeBert(folder: string, weights: ReadonlyMap<string, NamedArray>, changes: object = {}): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...CONFIG, ...changes }));
  await writeSafetensors(join(folder, 'model.safetensors'), weights, { format: 'pt' });
  return folder;
}

const create = (seed: number, changes: object = {}) =>
  CrossEncoderModel.create(crossEncoderModelConfigSchema.parse({ ...SHAPE, ...changes }), seed);

test('safetensors: a cross-encoder computes what the one computed whose weights they are', () =>
  withTemporaryFolder(async (folder) => {
    const [source, target] = [create(1), create(2)];
    assert.not.equal(await target.logits(BATCH), await source.logits(BATCH));
    const report = await importBert(target, await writeBert(join(folder, 'bert'), await asBert(source)));
    assert.equal(await target.logits(BATCH), await source.logits(BATCH));
    assert.equal(report.notLoaded, []);
    // Fewer blocks and places: the first ones.
    const shorter = create(3, { layers: 1, positions: 5 });
    await importBert(shorter, join(folder, 'bert'));
    const [all, first] = [await graphArrays(source.graph), await graphArrays(shorter.graph)];
    assert.equal(first.get('blocks/0/attention/key'), all.get('blocks/0/attention/key'));
    assert.equal(first.get('embeddings/places/table')!.data, all.get('embeddings/places/table')!.data.slice(0, 20));
    for (const model of [source, target, shorter]) model.dispose();
  }));

test('an encoder of vectors has no head: that stays as it was drawn', () =>
  withTemporaryFolder(async (folder) => {
    const [source, target] = [create(1), create(2)];
    const bert = await asBert(source, '');
    for (const name of bert.keys()) if (/pooler|classifier/.test(name)) bert.delete(name);
    const before = (await graphArrays(target.graph)).get('head/pooler');
    const { notLoaded } = await importBert(target, await writeBert(join(folder, 'bert'), bert));
    assert.equal(notLoaded, ['head/pooler', 'head/pooler-bias', 'head/classifier', 'head/classifier-bias']);
    assert.equal((await graphArrays(target.graph)).get('head/pooler'), before);
    const similar = create(2, { pooling: 'similarity' });
    assert.equal((await importBert(similar, join(folder, 'bert'))).notLoaded, ['head/scales', 'head/shift']);
    for (const model of [source, target, similar]) model.dispose();
  }));

test('other shapes, other models and damaged files are refused in words', () =>
  withTemporaryFolder(async (folder) => {
    const [source, target] = [create(1), create(2)];
    const bert = await asBert(source);
    const cases: [object, string, RegExp][] = [
      [{ hidden_size: 8 }, 'IMPORT_SHAPE', /has 8 where model\.dimension is 4; set model\.dimension to 8/],
      [{ num_hidden_layers: 1 }, 'IMPORT_SHAPE', /set model\.layers to 1 or less/],
      [{ model_type: 'gpt2' }, 'IMPORT_NO_BERT', /describes no BERT/],
      [{ hidden_act: 'relu' }, 'IMPORT_NO_BERT', /hidden_act/],
    ];
    for (const [changes, code, message] of cases) {
      const error = await errorOf(async () => importBert(target, await writeBert(join(folder, 'bert'), bert, changes)));
      assert.is(error.code, code);
      assert.match(error.message, message);
    }
    bert.delete('bert.encoder.layer.1.output.dense.bias');
    const lacking = await errorOf(async () => importBert(target, await writeBert(join(folder, 'bert'), bert)));
    assert.match(lacking.message, /has no weight for blocks\/1\/feed-forward\/down-bias/);
    assert.is((await errorOf(() => importBert(target, join(folder, 'absent')))).code, 'IMPORT_MISSING');
    for (const model of [source, target]) model.dispose();
  }));

test('ONNX: weights by name, shared ones under each of their names, those of products by their node', () =>
  withTemporaryFolder(async (folder) => {
    const graph = new OnnxGraph();
    const shared = graph.weight('layer.0.bias', [2], Float32Array.of(1, 2));
    graph.node('Identity', [shared], {}, 'layer.1.bias');
    graph.node(
      'MatMul',
      ['x', graph.weight('onnx::MatMul_7', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6))],
      {},
      '/layer.0/query/MatMul',
    );
    graph.node('Add', [graph.integers([1, 2, 3]), 'x']);
    const path = join(folder, 'model.onnx');
    const bytes = graph.serialize('test', [], []);
    await writeFile(path, bytes);
    const { named, products } = await readOnnxWeights(path);
    assert.equal(named.get('layer.1.bias'), { ...named.get('layer.0.bias')! });
    assert.equal([...named.get('layer.0.bias')!.data], [1, 2]);
    const product = products.get('/layer.0/query/MatMul')!;
    assert.equal(
      [product.shape, [...product.data]],
      [
        [2, 3],
        [1, 2, 3, 4, 5, 6],
      ],
    );
    assert.is(products.size, 1);
    assert.not.ok([...named.keys()].some((name) => name.startsWith('constant')));

    // Whatever a file holds, it is weights or an error of ours.
    for (let length = 0; length < bytes.length; length += 3) {
      await writeFile(path, bytes.subarray(0, length));
      await readOnnxWeights(path).catch((error: { code?: string }) => assert.is(error.code, 'IMPORT_MALFORMED'));
    }
    for (let place = 0; place < bytes.length; place++) {
      const damaged = Uint8Array.from(bytes);
      damaged[place]! ^= 0xff;
      await writeFile(path, damaged);
      await readOnnxWeights(path).catch((error: { code?: string }) => assert.is(error.code, 'IMPORT_MALFORMED', String(error)));
    }
    assert.is((await errorOf(() => readOnnxWeights(join(folder, 'absent.onnx')))).code, 'IMPORT_MISSING');
  }));

test.run();

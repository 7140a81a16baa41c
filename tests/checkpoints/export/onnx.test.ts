import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ONNX_FILE, ONNX_WEIGHTS_FILE, writeOnnxModel } from '../../../checkpoints/export/onnx/onnx-model.ts';
import type { ModelConfig } from '../../../model/config.ts';
import type { CemModel } from '../../../model/embedder.ts';
import type { SymbolBatch } from '../../../model/symbols/symbol-batch.ts';
import { testBackend } from '../../backend.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { encodeAll, patchings } from '../../model/graph-variants.ts';
import { tinyConfig, tinyModel } from '../../model/tiny-model.ts';

/** onnxruntime-node, which transformers.js brings. */
const onnx = await import('onnxruntime-node');

/** The bar of the export, between two implementations of float32 arithmetic. */
const TOLERANCE = 1e-4;
const DIMENSION = 12;

const test = suite('checkpoints/onnx');

test.before(async () => {
  await testBackend();
});

/** Texts of several lengths, so that a batch has padding and the longest fills more than two windows. */
const texts = [
  'a',
  'The index holds one row for every chunk.',
  'A reader opens the container, reads the header and the table of offsets, and then any chunk by one read. '.repeat(3),
].map((text) => Buffer.from(text));

async function runOnnx(path: string, symbols: Float32Array, batch: SymbolBatch, width: number): Promise<Float32Array> {
  const session = await onnx.InferenceSession.create(path);
  const shape = [batch.size, batch.symbols];
  const feeds: Record<string, InstanceType<typeof onnx.Tensor>> = {
    symbols: new onnx.Tensor('float32', symbols, [...shape, width]),
    lengths: new onnx.Tensor('float32', batch.lengths, shape),
    kinds: new onnx.Tensor('int32', batch.kinds, shape),
  };
  if (batch.patches) {
    const { ids, mask, count } = batch.patches;
    feeds['patch-ids'] = new onnx.Tensor('int32', ids, shape);
    feeds['patch-mask'] = new onnx.Tensor('float32', mask, [batch.size, count]);
  }
  try {
    const { embedding } = await session.run(feeds);
    assert.equal([...embedding!.dims], [batch.size, DIMENSION]);
    return embedding!.data as Float32Array;
  } finally {
    await session.release();
  }
}

async function ours(model: CemModel, symbols: Float32Array, batch: SymbolBatch): Promise<Float32Array> {
  const tf = await testBackend();
  const output = tf.tidy(() =>
    model.apply(tf.tensor3d(symbols, [batch.size, batch.symbols, model.config.local.dimension]), batch),
  );
  const data = (await output.data()) as Float32Array;
  output.dispose();
  return data;
}

async function checkExport(changes: Partial<ModelConfig>, largestInside?: number): Promise<void> {
  const model = tinyModel(tinyConfig(changes), DIMENSION);
  try {
    const batch = model.batch(encodeAll(model, texts));
    const symbols = model.tables.embed(batch).slice();
    await withTemporaryFolder(async (folder) => {
      const files = await writeOnnxModel(model.graph, model.config, folder, largestInside);
      assert.equal((await readdir(folder)).sort(), files);
      if (largestInside !== undefined) {
        assert.equal(files, [ONNX_FILE, ONNX_WEIGHTS_FILE]);
        assert.ok((await stat(join(folder, ONNX_WEIGHTS_FILE))).size >= 4 * model.graph.countParams());
      }
      const expected = await ours(model, symbols, batch);
      const got = await runOnnx(join(folder, ONNX_FILE), symbols, batch, model.config.local.dimension);
      let largest = 0;
      expected.forEach((value, index) => {
        largest = Math.max(largest, Math.abs(value - got[index]!));
      });
      assert.ok(largest < TOLERANCE, `largest difference ${largest}`);
      // Rows differ, or equality would prove nothing.
      assert.ok(Math.abs(expected[0]! - expected[DIMENSION]!) > 1e-3);
    });
  } finally {
    model.dispose();
  }
}

for (const [name, changes] of Object.entries(patchings)) {
  test(`onnxruntime gives what the graph gives: ${name} patches`, () => checkExport(changes));
}
for (const pooling of ['attention', 'last'] as const) {
  test(`the same with ${pooling} pooling`, () => checkExport({ pooling }));
}
test('the same with causal attention and no skip path', () => checkExport({ causal: true, skipPath: false }));
test('the same with the weights in a file of their own', () => checkExport({}, 0));

test.run();

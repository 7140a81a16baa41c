import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { entropyRunConfigSchema } from '../../configs/entropy-schema.ts';
import { entropyFeedForward, entropyModelConfigSchema } from '../../model/entropy/config.ts';
import { buildEntropyGraph } from '../../model/entropy/entropy-graph.ts';
import { testBackend } from '../backend.ts';

const test = suite('configurations of entropy models');
test.before(async () => {
  await testBackend();
});

const read = async (name: string) =>
  entropyRunConfigSchema.parse(parse(await readFile(new URL(`../../configs/${name}.yaml`, import.meta.url), 'utf8')));

test('those that ship are valid, bear the name of their file, and resolve to themselves', async () => {
  for (const name of ['entropy-tiny', 'entropy-blt']) {
    const config = await read(name);
    assert.is(config.name, name);
    assert.equal(entropyRunConfigSchema.parse(config), config);
  }
});

test("entropy-blt is BLT's: 768 wide, 14 layers, 12 heads, 2048 in the feed-forward part, 8192 bytes; the defaults are the same", async () => {
  const { model } = await read('entropy-blt');
  const { feedForward, ...shape } = model;
  assert.equal(shape, { dimension: 768, layers: 14, heads: 12, window: 512, context: 8192, ropeTheta: 10_000 });
  assert.is(feedForward, 2048);
  const defaults = entropyModelConfigSchema.parse({});
  assert.equal({ ...defaults, feedForward: entropyFeedForward(defaults) }, model);
});

test('weights: embedding and logits, norms, and in each layer four attention matrices, three of the feed-forward part and two norms', async () => {
  const { model } = await read('entropy-tiny');
  const graph = buildEntropyGraph(model);
  // 2 * 260 * 32 + 32 + (4 * 32^2 + 3 * 32 * 64 + 2 * 32)
  assert.is(graph.countParams(), 26_976);
  graph.dispose();
});

test('unknown keys and other kinds are refused', () => {
  const smallest = { kind: 'entropy-model', name: 'small', data: { source: 'texts' } };
  assert.ok(entropyRunConfigSchema.safeParse(smallest).success);
  for (const wrong of [{ kind: 'encoder' }, { teacher: { kind: 'lsa' } }, { model: { patchSize: 4 } }, { patches: {} }]) {
    assert.not.ok(entropyRunConfigSchema.safeParse({ ...smallest, ...wrong }).success, JSON.stringify(wrong));
  }
});

test.run();

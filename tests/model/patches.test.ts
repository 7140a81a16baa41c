import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PatchVectors } from '../../encoders/index.ts';
import { tf } from '../../model/backend/index.ts';
import { createCompressor } from '../../zpkg/index.ts';
import { testBackend } from '../backend.ts';
import { readmes } from './real-texts.ts';
import { tinyConfig, tinyModel } from './tiny-model.ts';

const test = suite('vectors of patches');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 12;
const NONE = new Uint8Array(0);
const texts = [900, 0, 3, 77, 1500].map((length, index) => readmes()[index + 3]!.slice(0, length));
const frames = texts.map((text) => createCompressor({ level: 3 }).compress(text));

function unit(vector: ArrayLike<number>): number[] {
  const norm = Math.hypot(...Array.from(vector));
  return Array.from(vector, (value) => value / norm);
}

function assertNear(got: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  const error = Math.max(...Array.from(wanted, (value, i) => Math.abs(value - got[i]!)));
  assert.ok(error < 1e-5, `${what}: ${error} off`);
}

const sumOf = ({ patches, dimension, vectors }: PatchVectors): number[] =>
  Array.from({ length: dimension }, (_, i) =>
    Array.from({ length: patches }, (__, patch) => vectors[patch * dimension + i]!).reduce((sum, value) => sum + value, 0),
  );

for (const patching of [undefined, { kind: 'frame' as const }]) {
  const name = patching?.kind ?? 'static';
  test(`${name}: without the skip path the shares of a passage's patches add up to its vector`, async () => {
    const model = tinyModel(tinyConfig({ skipPath: false, ...(patching && { patching }) }), DIMENSION);
    const found = await model.encodePatches(frames, NONE);
    const { data } = await model.encodeChunks(frames, NONE);
    assert.is(found.length, frames.length);
    found.forEach((passage, row) => {
      assertNear(passage.passage, data.subarray(row * DIMENSION, (row + 1) * DIMENSION), `passage ${row}`);
      if (row !== 1) assertNear(unit(sumOf(passage)), passage.passage, `sum of passage ${row}`);
      assert.is(passage.vectors.length, passage.patches * DIMENSION);
      assert.is(passage.spans.length, passage.patches);
      // The spans are the passage, one behind another.
      let end = 0;
      for (const span of passage.spans) {
        assert.is(span.start, end);
        end = span.end;
      }
      assert.is(end, texts[row]!.length);
    });
    assert.equal([found[1]!.patches, ...found[1]!.vectors], [1, ...new Array<number>(DIMENSION).fill(0)]);
    model.dispose();
  });

  test(`${name}: a passage that is one patch has its vector; passages of a chunk have what they have alone`, async () => {
    const model = tinyModel(tinyConfig(patching && { patching }), DIMENSION);
    const [single] = await model.encodePatches([createCompressor({ level: 3 }).compress(Buffer.from('abc'))], NONE);
    assert.is(single!.patches, 1);
    assertNear(unit(single!.vectors), single!.passage, 'the only patch');
    const spans = [
      { start: 0, end: 400 },
      { start: 400, end: 900 },
    ];
    const both = await model.encodePatches([frames[3]!, frames[0]!], NONE, [undefined, spans]);
    assert.is(both.length, 3);
    for (const [place, alone] of [
      await model.encodePatches([frames[3]!], NONE),
      await model.encodePatches([frames[0]!], NONE, [[spans[0]!]]),
      await model.encodePatches([frames[0]!], NONE, [[spans[1]!]]),
    ].entries()) {
      assertNear(both[place]!.vectors, alone[0]!.vectors, `passage ${place}`);
      assert.equal(both[place]!.spans, alone[0]!.spans);
    }
    model.dispose();
  });
}

test('nothing stays behind, and the encoder goes on as before', async () => {
  const before = tf.memory().numTensors;
  const model = tinyModel(tinyConfig(), DIMENSION);
  const { data } = await model.encodeChunks(frames, NONE);
  await model.encodePatches(frames, NONE);
  const during = tf.memory().numTensors;
  await model.encodePatches(frames, NONE);
  assert.is(tf.memory().numTensors, during);
  assertNear((await model.encodeChunks(frames, NONE)).data, data, 'vectors');
  model.dispose();
  assert.is(tf.memory().numTensors, before);
});

test.run();

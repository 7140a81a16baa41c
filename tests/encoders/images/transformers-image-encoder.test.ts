import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { imageEncoderConfig, type TransformersImageConfig } from '../../../encoders/images/image-encoder-config.ts';
import { TransformersImageEncoder } from '../../../encoders/images/transformers-image-encoder.ts';
import { openImageEncoder } from '../../../encoders/index.ts';
import { pixels, png } from '../../fixtures/pictures.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('image encoders of transformers.js');

const models = fileURLToPath(new URL('../../../../shared/models/', import.meta.url));

interface Reference {
  readonly dimension: number;
  readonly imageSize: number;
  readonly texts: readonly { readonly text: string; readonly embedding: readonly number[] }[];
  readonly pixels: { readonly embedding: readonly number[] };
}

function testWithModel(name: string, body: (reference: Reference) => Promise<void>): void {
  test(name, async () => {
    const path = join(models, 'clip-tiny', 'reference.json');
    if (existsSync(path)) await body(JSON.parse(await readFile(path, 'utf8')) as Reference);
    else console.log(`skipped: ../shared/models/clip-tiny is not beside the checkout (${name})`);
  });
}

const config = (settings: object = {}) =>
  imageEncoderConfig.parse({ kind: 'transformers', model: 'clip-tiny', ...settings }) as TransformersImageConfig;

function unit(values: readonly number[]): number[] {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/** Largest difference of two vectors' numbers. */
function difference(actual: ArrayLike<number>, expected: readonly number[]): number {
  assert.is(actual.length, expected.length);
  return Math.max(...expected.map((value, place) => Math.abs(value - actual[place]!)));
}

/** linspace(-1, 1, 3 * size * size), which the reference was computed from */
function line(size: number): Float32Array {
  const count = 3 * size * size;
  return Float32Array.from({ length: count }, (_, place) => -1 + (2 * place) / (count - 1));
}

testWithModel('texts, alone and in a batch, and pixels are the reference of PyTorch to 1e-4', async (reference) => {
  const encoder = await TransformersImageEncoder.create(config(), models);
  assert.is(encoder.description.dimension, reference.dimension);
  assert.is(encoder.description.id, 'images:clip-tiny');
  const together = await encoder.encodeTexts(reference.texts.map(({ text }) => text));
  for (const [row, { text, embedding }] of reference.texts.entries()) {
    const alone = await encoder.encodeTexts([text]);
    const inBatch = together.data.subarray(row * reference.dimension, (row + 1) * reference.dimension);
    assert.ok(difference(alone.data, unit(embedding)) < 1e-4, text);
    assert.ok(difference(inBatch, unit(embedding)) < 1e-4, `${text} in a batch`);
  }
  const { imageSize: size } = reference;
  const picture = await encoder.encodePixels(line(size), [1, 3, size, size]);
  assert.ok(difference(picture.data, unit(reference.pixels.embedding)) < 1e-4);
  assert.is(picture.rows, 1);
  await encoder.dispose();
});

testWithModel('a picture is prepared as the model states, and fused with its text by the weight', async ({ imageSize }) => {
  const encoder = await TransformersImageEncoder.create(config({ imageWeight: 0.3 }), models);
  const colour = (x: number, y: number) => [4 * x, 4 * y, (x * y) % 256] as const;
  const drawn = pixels(imageSize, imageSize, colour);
  // Of the size that the model wants, so that nothing is scaled: (v / 255 - mean) / deviation, channel by channel.
  const mean = [0.48145466, 0.4578275, 0.40821073];
  const deviation = [0.26862954, 0.26130258, 0.27577711];
  const plane = imageSize * imageSize;
  const prepared = Float32Array.from({ length: 3 * plane }, (_, place) => {
    const channel = Math.floor(place / plane);
    return (drawn[3 * (place % plane) + channel]! / 255 - mean[channel]!) / deviation[channel]!;
  });
  const expected = await encoder.encodePixels(prepared, [1, 3, imageSize, imageSize]);
  const image = await png(imageSize, imageSize, colour);
  const other = await png(40, 90, () => [200, 30, 30]);
  const images = await encoder.encodeImages([image, other]);
  assert.ok(difference(images.data.subarray(0, 24), [...expected.data]) < 1e-4);

  const texts = await encoder.encodeTexts(['a red square', '图4：归母净利润情况概览']);
  const fused = await encoder.encodeFused([
    { image, text: 'a red square' },
    { image: other, text: '图4：归母净利润情况概览' },
  ]);
  for (const row of [0, 1]) {
    const sum = Array.from({ length: 24 }, (_, j) => 0.3 * images.data[row * 24 + j]! + 0.7 * texts.data[row * 24 + j]!);
    assert.ok(difference(fused.data.subarray(row * 24, (row + 1) * 24), unit(sum)) < 1e-6);
  }
  await encoder.dispose();
});

testWithModel('a longer text keeps its end token; models are refused by name', async ({ dimension }) => {
  const encoder = await openImageEncoder({ kind: 'transformers', model: 'clip-tiny' }, models);
  const long = await encoder.encodeTexts(['square '.repeat(500), 'square '.repeat(900)]);
  assert.is(long.data.length, 2 * dimension);
  // Both are cut to the same tokens.
  assert.equal(long.data.slice(0, dimension), long.data.slice(dimension));
  await encoder.dispose();

  const absent = await errorOf(() => openImageEncoder({ kind: 'transformers', model: 'no-such-clip', remote: false }, models));
  assert.is(absent.code, 'IMAGE_ENCODER_NOT_FOUND');
  assert.match(absent.message, 'no-such-clip');
  const text = await errorOf(() => openImageEncoder({ kind: 'transformers', model: 'cross-encoder-tiny' }, models));
  assert.is(text.code, 'IMAGE_ENCODER_UNAVAILABLE');
  const none = await errorOf(() => openImageEncoder({ kind: 'transformers', model: 'x', imageWeight: 2 }));
  assert.is(none.code, 'IMAGE_ENCODER_CHOICE');
});

test.run();

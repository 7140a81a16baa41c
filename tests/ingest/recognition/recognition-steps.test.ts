import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError, RandomNumbers } from '../../../base/index.ts';
import { decodeCtc } from '../../../ingest/recognition/decode-ctc.ts';
import { ruledLines, TextRecogniser, wordsOfLines } from '../../../ingest/recognition/index.ts';
import { leastRectangle, type Point } from '../../../ingest/recognition/least-rectangle.ts';
import { regionOf } from '../../../ingest/recognition/line-reader.ts';
import { onnxMetadata } from '../../../ingest/recognition/onnx-metadata.ts';
import { type Pixels, type Quarters, sampleRegion, turnPixels } from '../../../ingest/recognition/pixels.ts';
import { textRegions } from '../../../ingest/recognition/text-regions.ts';

const test = suite('steps of recognition');

const white = (width: number, height: number): Pixels => ({ width, height, data: new Uint8Array(3 * width * height).fill(255) });

function paint({ width, data }: Pixels, left: number, top: number, right: number, bottom: number, value = 0): void {
  for (let y = top; y < bottom; y++) data.fill(value, 3 * (y * width + left), 3 * (y * width + right));
}

test('the least rectangle around the corners of a turned one is that one', () => {
  const random = new RandomNumbers(3, 'rectangles');
  for (let round = 0; round < 50; round++) {
    const [angle, width, height] = [(random.uniform() - 0.5) * 1.5, 50 + 50 * random.uniform(), 10 + 20 * random.uniform()];
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const at = (u: number, v: number): Point => [100 + u * cos - v * sin, 80 + u * sin + v * cos];
    const corners = [-1, 1].flatMap((u) => [-1, 1].map((v) => at((u * width) / 2, (v * height) / 2)));
    const inside = Array.from({ length: 20 }, () => at((random.uniform() - 0.5) * width, (random.uniform() - 0.5) * height));
    const found = leastRectangle([...corners, ...inside].sort((a, b) => a[0] - b[0] || a[1] - b[1]));
    const same = [found.center[0] - 100, found.center[1] - 80, found.angle - angle, found.width - width, found.height - height];
    assert.ok(Math.max(...same.map(Math.abs)) < 1e-6, JSON.stringify([angle, width, height, found]));
  }
});

test('kernels of a probability map become regions that are grown by area over perimeter; faint and tiny ones do not', () => {
  const [width, height] = [200, 100];
  const data = new Float32Array(width * height);
  const fill = (left: number, top: number, right: number, bottom: number, value: number): void => {
    for (let y = top; y < bottom; y++) data.fill(value, y * width + left, y * width + right);
  };
  fill(20, 20, 120, 30, 0.9);
  fill(20, 60, 120, 70, 0.4);
  fill(150, 20, 152, 22, 0.9);
  const regions = textRegions({ data, width, height });
  // Area 100 * 10, perimeter 220, factor 1.6: 7.2727 on every side.
  const grown = (1.6 * 1000) / 220;
  assert.is(regions.length, 1);
  const [{ center, angle, width: wide, height: tall }] = regions as [(typeof regions)[0]];
  assert.equal([...center, angle], [70, 25, 0]);
  assert.ok(Math.abs(wide - 100 - 2 * grown) < 1e-9 && Math.abs(tall - 10 - 2 * grown) < 1e-9);
});

test('CTC: repetitions are joined unless a blank parts them, and characters know their frames', () => {
  const path = [0, 1, 1, 0, 1, 2, 2, 0, 3];
  const scores = new Float32Array(path.length * 4);
  for (const [frame, best] of path.entries()) scores[frame * 4 + best] = frame === 2 ? 1 : 0.8;
  const { text, confidence, frames } = decodeCtc(scores, path.length, ['a', '🚼', ' ']);
  assert.is(text, 'aa🚼 ');
  assert.equal(frames, [2, 4, 5, 5, 8]);
  assert.ok(Math.abs(confidence - 0.8) < 1e-6);
  assert.equal(decodeCtc(new Float32Array(0), 0, ['a']), { text: '', confidence: 0, frames: [] });
});

test('a picture that is turned four times is as it was, and one quarter goes clockwise', () => {
  const picture = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, index) => index) };
  let turned: Pixels = picture;
  for (let round = 0; round < 4; round++) turned = turnPixels(turned, 1);
  assert.equal(turned, picture);
  const once = turnPixels(picture, 1);
  assert.equal([once.width, once.height, once.data[0], once.data[3]], [2, 3, 9, 0]);
  for (const quarters of [0, 1, 2, 3] as Quarters[])
    assert.equal(turnPixels(turnPixels(picture, quarters), ((4 - quarters) % 4) as Quarters), picture);
});

test('a region is sampled at its own place, blue first, from -1 to 1; a line that goes down is read from below', () => {
  const picture = white(40, 20);
  paint(picture, 10, 5, 30, 15);
  picture.data[3 * (5 * 40 + 10)] = 255;
  const data = new Float32Array(3 * 10 * 20);
  const region = regionOf({ center: [20, 10], angle: 0, width: 20, height: 10 });
  assert.equal(
    [region.corner, region.across],
    [
      [10, 5],
      [20, 0],
    ],
  );
  sampleRegion(picture, region, { data, columns: 20, rows: 10, filled: 20 });
  assert.equal([data[0], data[400], data[1]], [-1, 1, -1]);
  const down = regionOf({ center: [20, 10], angle: 0, width: 4, height: 20 });
  assert.equal(
    [down.corner, down.across, down.down],
    [
      [18, 20],
      [-0, -20],
      [4, 0],
    ],
  );
});

test('lines of a table are found in a picture, strokes of letters and surfaces are not', () => {
  const picture = white(300, 200);
  paint(picture, 20, 20, 280, 22);
  paint(picture, 20, 100, 280, 102);
  paint(picture, 20, 20, 22, 102);
  paint(picture, 40, 50, 50, 52);
  paint(picture, 100, 120, 200, 180);
  const lines = ruledLines(picture);
  assert.equal(
    lines.map(({ across, at, from, to }) => [across, at, from, to]),
    [
      [true, 21, 20, 280],
      [true, 101, 20, 280],
      [false, 21, 20, 102],
    ],
  );
});

test('words stand in rows, whatever the order of lines', () => {
  const line = (text: string, x: number, y: number) => ({
    text,
    confidence: 1,
    places: [],
    region: { center: [x, y] as const, angle: 0, width: 30, height: 10 },
  });
  assert.is(wordsOfLines([line('d', 60, 33), line('b', 50, 11), line('c', 10, 30), line('a', 10, 12)]), 'a b\nc d');
});

test('metadata of an ONNX file are read past its graph; what is none is an error of ours', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cem-onnx-'));
  try {
    const entry = Buffer.concat([Buffer.from([0x0a, 3]), Buffer.from('key'), Buffer.from([0x12, 2]), Buffer.from('ab')]);
    // ir_version 8, a graph of 200 bytes (field 7), metadata_props (field 14).
    const model = Buffer.concat([
      Buffer.from([0x08, 8, 0x3a, 0xc8, 1]),
      Buffer.alloc(200),
      Buffer.from([0x72, entry.length]),
      entry,
    ]);
    await writeFile(join(folder, 'a.onnx'), model);
    assert.equal([...(await onnxMetadata(join(folder, 'a.onnx')))], [['key', 'ab']]);
    await writeFile(join(folder, 'b.onnx'), model.subarray(0, 100));
    const error = await onnxMetadata(join(folder, 'b.onnx')).catch((cause: unknown) => cause);
    assert.ok(isCemError(error, 'OCR_MODEL'));
    const missing = await TextRecogniser.create(folder).catch((cause: unknown) => cause);
    assert.ok(isCemError(missing, 'OCR_MODELS_MISSING') && missing.message.includes('PP-OCRv6_det_small.onnx'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();

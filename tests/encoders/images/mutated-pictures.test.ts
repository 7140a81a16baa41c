import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError, RandomNumbers } from '../../../base/index.ts';
import { decodePicture } from '../../../encoders/index.ts';
import { pixels } from '../../fixtures/pictures.ts';

const test = suite('mutated pictures');

/** Mutations of each format; CEM_MUTATIONS for more. */
const COUNT = Number(process.env['CEM_MUTATIONS'] ?? 40);
const MAXIMUM_PIXELS = 100_000;

const raw = sharp(
  pixels(12, 9, (x, y) => [20 * x, 25 * y, (x * y) % 256]),
  { raw: { width: 12, height: 9, channels: 3 } },
);
const svg =
  '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY f "#00ff00">]><svg xmlns="http://www.w3.org/2000/svg" width="12" height="9"><g transform="scale(2)"><rect width="3" height="3" fill="&f;"/><path d="M0 0L9 9"/><text x="1" y="8">4</text></g></svg>';
const samples: readonly (readonly [string, Buffer])[] = [
  ['png', await raw.clone().png().toBuffer()],
  ['jpeg', await raw.clone().jpeg().toBuffer()],
  ['webp', await raw.clone().webp().toBuffer()],
  ['gif', await raw.clone().gif().toBuffer()],
  ['svg', Buffer.from(svg)],
];

/** Some bytes changed, taken out, doubled, or large numbers written over four of them. */
function mutate(sample: Buffer, random: RandomNumbers): Buffer {
  let bytes = Buffer.from(sample);
  for (let times = 1 + random.integer(4); times > 0; times--) {
    const place = random.integer(bytes.length);
    const end = Math.min(bytes.length, place + 1 + random.integer(16));
    switch (random.integer(4)) {
      case 0:
        bytes[place] = random.integer(256);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(end)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(place)]);
        break;
      default:
        if (place + 4 <= bytes.length) bytes.writeUInt32BE(0x7fffffff >>> random.integer(24), place);
    }
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}

for (const [format, sample] of samples) {
  test(`${format}: a picture within the limit, or an error of ours`, async () => {
    let read = 0;
    for (let number = 0; number < COUNT; number++) {
      const bytes = mutate(sample, new RandomNumbers(1, `${format} ${number}`));
      try {
        const { width, height, data } = await decodePicture(bytes, { maximumPixels: MAXIMUM_PIXELS });
        assert.ok(width * height <= MAXIMUM_PIXELS && data.length === 3 * width * height, `${format} ${number}`);
        read++;
      } catch (error) {
        assert.ok(isCemError(error) && /^PICTURE_(UNREADABLE|TOO_LARGE)$/.test(error.code), `${format} ${number}: ${error}`);
      }
    }
    assert.ok(read < COUNT);
  });
}

test.run();

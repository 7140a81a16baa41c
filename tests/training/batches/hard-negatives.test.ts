import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hardNegatives } from '../../../training/batches/hard-negatives.ts';
import { testBackend } from '../../backend.ts';

const test = suite('hard negatives');
test.before(async () => {
  await testBackend();
});

/** Unit vectors of the plane by their angles in degrees. */
const plane = (...degrees: number[]) =>
  Float32Array.from(degrees.flatMap((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]));

test('the nearest of the pool for each text, each once, without what is as good as the text itself', async () => {
  const pool = plane(1, 20, 40, 95, 180, 110);
  // cos 18.2 degrees = 0.95: the candidate at 1 degree is a false negative of the text at 0, those at 20 and 40 are its nearest others.
  const options = { perText: 2, falseNegativeMargin: 0.05 };
  assert.equal(await hardNegatives(plane(0), pool, 2, options), [1, 2]);
  // The text at 75 degrees has 95 (20 away; cos 20 = 0.94) and 110 and 40 (35 away each, in the order of the pool).
  assert.equal(await hardNegatives(plane(75), pool, 2, options), [2, 3]);
  assert.equal(await hardNegatives(plane(0, 75), pool, 2, options), [1, 2, 3]);
});

test('fewer candidates than wanted, and none', async () => {
  const options = { perText: 5, falseNegativeMargin: 0.05 };
  assert.equal(await hardNegatives(plane(0), plane(90, 0), 2, options), [0]);
  assert.equal(await hardNegatives(plane(0), plane(0), 2, options), []);
});

test.run();

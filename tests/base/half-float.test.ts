import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHalf, toHalf } from '../../base/half-float.ts';

const test = suite('half float');

test('every half that is a number comes back from its value', () => {
  for (let half = 0; half < 0x10000; half++) {
    const value = fromHalf(half);
    if (Number.isNaN(value)) assert.ok(Number.isNaN(fromHalf(toHalf(value))));
    else assert.is(toHalf(value), half);
  }
});

test('known values of IEEE 754 binary16', () => {
  assert.is(toHalf(1), 0x3c00);
  assert.is(toHalf(-2), 0xc000);
  assert.is(toHalf(65504), 0x7bff);
  assert.is(toHalf(65520), 0x7c00);
  assert.is(toHalf(2 ** -24), 0x0001);
  assert.is(toHalf(1 / 3), 0x3555);
  assert.is(toHalf(-0), 0x8000);
});

test('rounds to the nearest half, ties to even', () => {
  // Between neighbours a < b: just below the middle goes to a, just above to b, the middle to the even one.
  for (let half = 0; half < 0x7bff; half++) {
    const [a, b] = [fromHalf(half), fromHalf(half + 1)];
    const middle = (a + b) / 2; // exact in float32
    assert.is(toHalf(middle), half % 2 === 0 ? half : half + 1);
    const step = (b - a) / 1024;
    assert.is(toHalf(middle - step), half);
    assert.is(toHalf(middle + step), half + 1);
  }
});

test.run();

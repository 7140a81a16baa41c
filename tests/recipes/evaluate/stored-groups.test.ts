import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers, UsageError } from '../../../base/index.ts';
import { vectorGroup } from '../../../encoders/index.ts';
import { groupSet } from '../../../eval/groups/index.ts';
import { selectBackend } from '../../../model/backend/index.ts';
import { parseCodecs, storedGroups } from '../../../recipes/evaluate/stored-groups.ts';

const test = suite('groups as they are stored');
const DIMENSION = 16;
const SIZES = [1, 5, 32];

/** Mean cosine of the rows of both. */
function cosine(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, place) => sum + value * right[place]!, 0) / (left.length / DIMENSION);
}

test('each way of storing gives its bytes and nearly the same vectors', async () => {
  await selectBackend('cpu');
  const random = new RandomNumbers(3, 'stored groups');
  const groups = SIZES.map((size) =>
    vectorGroup(
      Float32Array.from({ length: size * DIMENSION }, () => random.normal()),
      DIMENSION,
    ),
  );
  const made = groupSet(groups, DIMENSION);
  const vectors = SIZES.reduce((sum, size) => sum + size, 0) / SIZES.length;
  for (const [kind, bytesOfVector, least] of [
    ['float16', 2 * DIMENSION, 0.99999],
    ['int8', 4 + DIMENSION, 0.9999],
    ['residual2', 2 + DIMENSION / 4, 0.97],
  ] as const) {
    const { groups: stored, bytes } = await storedGroups(made, kind);
    assert.is(bytes, 6 + vectors * bytesOfVector, kind);
    assert.equal(stored.starts, made.starts);
    const got = cosine(stored.data, made.data);
    assert.ok(got >= least && got < 1.000001, `${kind}: ${got}`);
  }
});

test('their names are read, and one that is none is refused', () => {
  assert.equal(parseCodecs(undefined), []);
  assert.equal(parseCodecs('float16, residual2'), ['float16', 'residual2']);
  try {
    parseCodecs('float16,int4');
    assert.unreachable();
  } catch (error) {
    assert.instance(error, UsageError);
    assert.match((error as UsageError).message, /"int4" is none of float16, int8, residual2/);
  }
});

test.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { patchGroup, type TokenProjection } from '../../../encoders/index.ts';

const test = suite('groups of patches');

/** Lengths 5, 1, 5, 2. */
const passage = { patches: 4, dimension: 2, vectors: Float32Array.of(3, 4, 1, 0, -5, 0, 0, 2) };

test('all patches where there are few, else the longest in their order; of equal ones the earlier', () => {
  const near = (got: Float32Array, wanted: number[]) =>
    assert.equal(
      Array.from(got, (value) => Math.round(value * 1e6) / 1e6),
      wanted,
    );
  near(patchGroup(passage).data, [0.6, 0.8, 1, 0, -1, 0, 0, 1]);
  near(patchGroup(passage, 3).data, [0.6, 0.8, -1, 0, 0, 1]);
  near(patchGroup(passage, 1).data, [0.6, 0.8]);
  assert.is(patchGroup(passage, 2).words, undefined);
});

test('through a head they are keys', () => {
  const head: TokenProjection = {
    ...{ id: 'first', revision: '1', inputDimension: 7, keyDimension: 2, dimension: 1 },
    project: (vectors, tokens, role) => {
      assert.is(role, 'key');
      return { vectors: Float32Array.from({ length: tokens }, (_, row) => vectors[2 * row]!) };
    },
  };
  assert.equal(patchGroup(passage, 3, head), { vectors: 3, dimension: 1, data: Float32Array.of(1, -1, 0), words: undefined });
});

test.run();

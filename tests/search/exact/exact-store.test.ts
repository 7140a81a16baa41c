import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { ExactStore, type VectorStorage } from '../../../search/exact/index.ts';
import { VECTOR_STORAGES } from '../../../search/exact/vector-block.ts';
import { vectorStoreContract } from '../../contracts/vector-store.ts';

/**
 * Of a cosine of unit vectors of 8 values. Single: rounding of the product, 2^-24. Half: 2^-11 relative of a value, of which the sum over a row is at most
 * that of the norms, so 2^-11. int8: half a step of largest / 127 in each of 8 values, times a query's sum of magnitudes, at most sqrt(8): 0.5 / 127 * 2.83.
 */
const TOLERANCE: Record<VectorStorage, number> = { float32: 1e-6, float16: 1e-3, int8: 0.012 };

for (const storage of VECTOR_STORAGES) {
  vectorStoreContract(`in memory, ${storage}`, {
    open: async (dimension) => new ExactStore(dimension, { storage }),
    tolerance: TOLERANCE[storage],
  });
}

const test = suite('exact store');

test('places of removed rows and documents are used again, and nothing of what was there shows', async () => {
  const store = new ExactStore(2);
  const numbers = new RandomNumbers(1, 'exact store');
  const expected = new Map<string, { chunk: number; score: number }>();
  const query = Float32Array.from([1, 0]);
  for (let step = 0; step < 400; step++) {
    const document = `d${numbers.integer(30)}`;
    if (numbers.integer(3) === 0) {
      assert.is(await store.deleteDocuments([document]), expected.delete(document) ? 1 : 0);
    } else {
      const score = numbers.integer(64) / 64;
      await store.deleteDocuments([document]);
      await store.upsert([{ document, chunk: step, passage: 0, vector: Float32Array.from([score, 1]), fingerprint: '' }]);
      expected.set(document, { chunk: step, score });
    }
    const best = [...expected].map(([id, rest]) => ({ id, ...rest })).sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1));
    assert.equal(
      (await store.search(query, { k: 5 })).map(({ document: id, score, chunk }) => ({ id, chunk, score })),
      best.slice(0, 5).map(({ id, chunk, score }) => ({ id, chunk, score })),
    );
  }
});

test.run();

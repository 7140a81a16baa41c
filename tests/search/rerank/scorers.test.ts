import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { type VectorGroup, vectorGroup } from '../../../encoders/index.ts';
import { plainInnerProducts, tensorInnerProducts } from '../../../search/exact/index.ts';
import {
  createGroupScorer,
  type GroupScorerInput,
  matchGroups,
  scoreGroups,
  simdInnerProducts,
} from '../../../search/rerank/index.ts';
import { testBackend } from '../../backend.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { randomRows } from '../../golden/groups-content.ts';

await testBackend();
const test = suite('scorers of vector groups');

const SCORERS: readonly GroupScorerInput[] = [{ scorer: 'field' }, { scorer: 'field', top: 5 }, { scorer: 'maxsim' }];
// No multiple of a register's four numbers.
const DIMENSION = 26;

const groupOf = (vectors: number, name: string): VectorGroup => vectorGroup(randomRows(vectors, DIMENSION, name), DIMENSION);

/** The definition, in double precision: the best inner product of each of the query's vectors; their sum, or the mean of the highest few. */
function oracle(query: VectorGroup, group: VectorGroup, input: GroupScorerInput): number {
  const best: number[] = [];
  for (let left = 0; left < query.vectors; left++) {
    let highest = Number.NEGATIVE_INFINITY;
    for (let right = 0; right < group.vectors; right++) {
      let sum = 0;
      for (let i = 0; i < DIMENSION; i++) sum += query.data[left * DIMENSION + i]! * group.data[right * DIMENSION + i]!;
      highest = Math.max(highest, sum);
    }
    best.push(highest);
  }
  if (input.scorer === 'maxsim') return best.reduce((sum, value) => sum + value, 0);
  const counted = best.sort((a, b) => b - a).slice(0, input.top ?? 3);
  return counted.reduce((sum, value) => sum + value, 0) / counted.length;
}

for (const [name, innerProducts] of [
  ['plain loops', plainInnerProducts],
  ['SIMD', simdInnerProducts],
  ['the backend', tensorInnerProducts],
] as const) {
  test(`S3-09: both scorers equal the plain loops to 1e-6, groups of 1 to 64 vectors: ${name}`, async () => {
    const random = new RandomNumbers(1, 'sizes');
    const sizes = [1, 64, ...Array.from({ length: 90 }, () => 1 + random.integer(64))];
    const candidates = sizes.map((size, place) => groupOf(size, `candidate ${place}`));
    for (const size of [1, 2, 3, 31, 64]) {
      const query = groupOf(size, `query ${size}`);
      for (const input of SCORERS) {
        const scores = await scoreGroups(query, candidates, { scorer: createGroupScorer(input), innerProducts });
        candidates.forEach((candidate, place) => {
          const difference = Math.abs(scores[place]! - oracle(query, candidate, input));
          // A sum of 64 has 64 times the rounding of one.
          assert.ok(difference < (input.scorer === 'maxsim' ? size : 1) * 1e-6, `${size} ${sizes[place]} ${difference}`);
        });
      }
    }
  });
}

test('a score is explained: what each vector matched, and which counted', () => {
  const query = vectorGroup(Float32Array.of(1, 0, 0, 1, -1, 0, 0.6, 0.8), 2);
  const group = vectorGroup(Float32Array.of(0, 1, 1, 0), 2);
  const { score, best } = matchGroups(query, group, createGroupScorer({ scorer: 'field' }));
  assert.equal(
    best.map(({ match, used }) => [match, used]),
    [
      [1, true],
      [0, true],
      [0, false],
      [0, true],
    ],
  );
  // 1, 1 and 0.8; the third vector's best is 0.
  assert.ok(Math.abs(score - 2.8 / 3) < 1e-6);
});

test('no candidates, another dimension, and a scorer that is none', async () => {
  const scorer = createGroupScorer({ scorer: 'maxsim' });
  const query = groupOf(2, 'query');
  assert.is((await scoreGroups(query, [], { scorer })).length, 0);
  const other = vectorGroup(Float32Array.of(1, 0), 2);
  assert.is((await errorOf(() => scoreGroups(query, [other], { scorer }))).code, 'GROUP_DIMENSION');
  const unknown = { scorer: 'mean' } as unknown as GroupScorerInput;
  assert.is((await errorOf(async () => createGroupScorer(unknown))).code, 'GROUP_SCORER');
});

test.run();

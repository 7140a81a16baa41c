import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { vectorGroup } from '../../../encoders/index.ts';
import { evaluateFields, fieldDifference, type GroupSet, groupSet, scoreGroups } from '../../../eval/groups/index.ts';
import { testBackend } from '../../backend.ts';

const test = suite('what groups of vectors are worth');
test.before(async () => {
  await testBackend();
});

function randomSet(sizes: readonly number[], dimension: number, name: string): GroupSet {
  const random = new RandomNumbers(2, name);
  return groupSet(
    sizes.map((size) => {
      const rows = new Float32Array(size * dimension);
      random.fillTruncatedNormal(rows, 1);
      return vectorGroup(rows, dimension);
    }),
    dimension,
  );
}

test('scores are those of plain loops, whatever sizes groups have', async () => {
  const sizes = Array.from({ length: 40 }, (_, index) => 1 + ((index * 7) % 64));
  const [queries, keys] = [randomSet(sizes.slice(0, 12), 6, 'queries'), randomSet(sizes, 6, 'keys')];
  let asked = 0;
  await scoreGroups(queries, keys, 3, (query, scores) => {
    assert.is(query, asked++);
    sizes.forEach((_, key) => {
      const best: number[] = [];
      for (let t = queries.starts[query]!; t < queries.starts[query + 1]!; t++) {
        let largest = -1;
        for (let j = keys.starts[key]!; j < keys.starts[key + 1]!; j++) {
          let dot = 0;
          for (let i = 0; i < 6; i++) dot += queries.data[t * 6 + i]! * keys.data[j * 6 + i]!;
          largest = Math.max(largest, dot);
        }
        best.push(largest);
      }
      best.sort((a, b) => b - a);
      const sum = best.reduce((total, value) => total + value, 0);
      const top = best.slice(0, 3);
      assert.ok(Math.abs(scores.sum[key]! - sum) < 1e-4);
      assert.ok(Math.abs(scores.top_mean[key]! - top.reduce((total, value) => total + value, 0) / top.length) < 1e-5);
    });
  });
  assert.is(asked, 12);
});

test('the field orders what one vector a text has found, and counts beside it', async () => {
  const ids = ['a', 'b', 'c', 'd'];
  const axis = (...places: number[]) => {
    const rows = new Float32Array(places.length * 4);
    places.forEach((place, row) => {
      rows[row * 4 + place] = 1;
    });
    return vectorGroup(rows, 4);
  };
  // The coarse vectors of all texts are alike, but d's: greater ids come first among equals.
  const coarse = groupSet([axis(0), axis(0), axis(0), axis(1)], 4);
  const fields = groupSet([axis(0, 1), axis(1, 2), axis(2, 3), axis(0, 1)], 4);
  const result = await evaluateFields({
    queries: ['q', 'r'],
    keys: ids,
    qrels: new Map([
      ['q', new Map([['a', 1]])],
      ['r', new Map([['b', 1]])],
    ]),
    coarse: { name: 'coarse', queries: groupSet([axis(0), axis(0)], 4), keys: coarse },
    contenders: [{ name: 'field', scores: ['sum'], queries: groupSet([axis(0, 1), axis(1, 2)], 4), keys: fields }],
    candidates: 3,
    topPerQuery: 3,
  });
  assert.equal([result.queries, result.keys, result.candidates], [2, 4, 3]);
  const [one, field, mixed] = result.rows;
  // c, b, a by one vector: a is third, b is second; the field puts both first, since d was no candidate.
  assert.equal(one!.perQuery, [1 / Math.log2(4), 1 / Math.log2(3)]);
  assert.equal(field!.perQuery, [1, 1]);
  assert.equal(mixed!.perQuery, [1, 1]);
  assert.equal(field!.vectors, { query: 2, key: 2, dimension: 4 });
  const difference = fieldDifference(one!, field!);
  assert.ok(Math.abs(difference.difference - (1 - (0.5 + 1 / Math.log2(3)) / 2)) < 1e-9);
  // Both differences are above 0: of four assignments of signs two are as extreme.
  assert.is(difference.p, 0.5);
});

test.run();

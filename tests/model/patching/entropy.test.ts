import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { type EntropyRule, entropyBoundaries } from '../../../model/patching/entropy-boundaries.ts';
import { EntropyPatcher } from '../../../model/patching/entropy-patcher.ts';
import { thresholdForMeanLength } from '../../../model/patching/entropy-threshold.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('entropy patching');

interface GoldenCase {
  readonly entropies: number[];
  readonly threshold: number;
  readonly maximumLength: number | null;
  readonly starts: number[];
}

const GOLDEN = JSON.parse(
  readFileSync(new URL('../../golden/patching/boundaries.json', import.meta.url), 'utf8'),
) as GoldenCase[];

const random = new RandomNumbers(1, 'entropies');
const randomEntropies = (length: number): Float32Array => Float32Array.from({ length }, () => 4 * random.uniform());

/** The rule in words, one byte at a time: a patch ends before a byte that is a surprise, and when it is full. */
function slowBoundaries(entropies: Float32Array, { threshold, monotonic, maximumLength }: EntropyRule): number[] {
  const limit = new Float32Array([threshold])[0]!;
  const starts: number[] = [];
  let length = 0;
  entropies.forEach((entropy, i) => {
    const surprise = monotonic ? i === 1 || Math.fround(entropy - (entropies[i - 1] ?? 0)) > limit : entropy > limit;
    if (i === 0 || surprise || length === maximumLength) {
      starts.push(i);
      length = 0;
    }
    length++;
  });
  return starts;
}

test('boundaries equal those of transformers on the same entropies', () => {
  assert.is(GOLDEN.length, 9);
  for (const { entropies, threshold, maximumLength, starts } of GOLDEN) {
    const rule = { threshold, monotonic: false, ...(maximumLength === null ? {} : { maximumLength }) };
    assert.equal([...entropyBoundaries(Float32Array.from(entropies), rule)], starts, `${threshold} and ${maximumLength}`);
  }
});

test('boundaries equal those of the rule in words, with and without monotonic and longest patches', () => {
  for (let round = 0; round < 200; round++) {
    const entropies = randomEntropies(random.integer(60));
    for (const monotonic of [false, true]) {
      for (const longest of [undefined, 1 + random.integer(9)]) {
        const rule = { threshold: 3 * random.uniform(), monotonic, ...(longest === undefined ? {} : { maximumLength: longest }) };
        assert.equal([...entropyBoundaries(entropies, rule)], slowBoundaries(entropies, rule));
      }
    }
  }
});

test('what equals the threshold begins no patch; byte 0 always does, and byte 1 with monotonic', () => {
  const entropies = Float32Array.of(0, 0.5, 0.75, 0.5, 2);
  assert.equal([...entropyBoundaries(entropies, { threshold: 0.5, monotonic: false })], [0, 2, 4]);
  assert.equal([...entropyBoundaries(entropies, { threshold: 0.25, monotonic: true })], [0, 1, 4]);
  assert.equal([...entropyBoundaries(entropies, { threshold: 9, monotonic: true })], [0, 1]);
  assert.equal([...entropyBoundaries(Float32Array.of(1), { threshold: 0, monotonic: true })], [0]);
  assert.equal([...entropyBoundaries(new Float32Array(0), { threshold: 0, monotonic: true })], []);
});

test("a text's beginning has the beginning of its boundaries, longest patches included", () => {
  const entropies = randomEntropies(300);
  for (const monotonic of [false, true]) {
    const rule = { threshold: 1, monotonic, maximumLength: 5 };
    const whole = [...entropyBoundaries(entropies, rule)];
    for (let length = 0; length <= 300; length += 7) {
      const part = [...entropyBoundaries(entropies.subarray(0, length), rule)];
      assert.equal(
        part,
        whole.filter((start) => start < length),
      );
    }
  }
});

test('the threshold for a mean length: as near as any threshold comes', () => {
  const sample = Array.from({ length: 20 }, () => randomEntropies(500));
  for (const monotonic of [false, true]) {
    for (const wanted of [1.5, 3, 4.5, 8]) {
      const rule = { monotonic, maximumLength: 12 };
      const chosen = thresholdForMeanLength(sample, wanted, rule);
      const patches = (threshold: number) =>
        sample.reduce((sum, entropies) => sum + slowBoundaries(entropies, { ...rule, threshold }).length, 0);
      assert.is(chosen.meanLength, 10_000 / patches(chosen.threshold));
      // One patch more or less changes the mean by about wanted^2 / bytes.
      assert.ok(Math.abs(chosen.meanLength - wanted) <= (wanted * wanted) / 10_000, `${chosen.meanLength} for ${wanted}`);
    }
  }
});

test('the threshold for a mean length: what no threshold gives is refused with what they give', async () => {
  const sample = [Float32Array.of(1, 1, 1, 1)];
  // All entropies are equal: four patches of 1 byte, or one of 4; of these 2.2 is nearer to 1 than to 4.
  const at = (length: number) => thresholdForMeanLength(sample, length, { monotonic: false }).meanLength;
  assert.equal([at(1), at(2.2), at(3), at(4)], [1, 1, 4, 4]);
  const tooLong = await errorOf(async () => at(5));
  assert.is(tooLong.code, 'PATCHING_LENGTH');
  assert.match(tooLong.message, '1.00 to 4.00');
  const capped = await errorOf(async () => thresholdForMeanLength(sample, 3, { monotonic: false, maximumLength: 2 }));
  assert.match(capped.message, '1.00 to 2.00');
  for (const empty of [[], [new Float32Array(0)]]) {
    const { code } = await errorOf(async () => thresholdForMeanLength(empty, 4, { monotonic: false }));
    assert.is(code, 'PATCHING_NO_SAMPLE');
  }
});

test('a prepared text is looked up; each text is computed once, and cut where the encoder cuts it', async () => {
  const asked: string[] = [];
  // Every capital letter is a surprise.
  const source = {
    identity: 'capitals',
    entropies: async (texts: readonly Uint8Array[]) =>
      texts.map((text) => {
        asked.push(Buffer.from(text).toString());
        return Float32Array.from(text, (byte) => (byte >= 0x41 && byte <= 0x5a ? 2 : 1));
      }),
  };
  const patcher = new EntropyPatcher(source, { threshold: 1.5, monotonic: false, maximumLength: 3 }, 8);
  const bytes = (text: string) => new Uint8Array(Buffer.from(text));
  const prepared = await patcher.prepare([bytes('oneTwoThree'), bytes('one'), bytes('oneTwoTh'), bytes('')]);
  assert.equal(
    prepared.map((starts) => [...starts]),
    [[0, 3, 6], [0], [0, 3, 6], []],
  );
  assert.equal(asked, ['oneTwoTh', 'one', '']);
  await patcher.prepare([bytes('one'), bytes('four')]);
  assert.equal(asked.slice(3), ['four']);

  const boundaries = (text: string) => {
    const content = bytes(text);
    const chunk = { count: content.length, lengths: new Uint32Array(content.length).fill(1), blockStarts: new Uint32Array(1) };
    return [...patcher.boundaries({ ...chunk, text: content })];
  };
  assert.equal(boundaries('oneTwoTh'), [0, 3, 6]);
  assert.equal(boundaries('four'), [0, 3]);
  assert.is((await errorOf(async () => boundaries('five'))).code, 'PATCHING_UNPREPARED');
  patcher.remember(bytes('five'), Uint32Array.of(0, 1));
  assert.equal(boundaries('five'), [0, 1]);
});

test("a patcher's key changes with everything that decides boundaries", () => {
  const key = (identity: string, rule: EntropyRule, longest: number) =>
    new EntropyPatcher({ identity, entropies: async () => [] }, rule, longest).key;
  const rule = { threshold: 1, monotonic: false };
  const keys = [
    key('a', rule, 8),
    key('b', rule, 8),
    key('a', { ...rule, threshold: 2 }, 8),
    key('a', { ...rule, monotonic: true }, 8),
    key('a', { ...rule, maximumLength: 4 }, 8),
    key('a', rule, 9),
  ];
  assert.is(new Set(keys).size, keys.length);
  assert.is(key('a', { ...rule }, 8), keys[0]);
});

test.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { cheapestGroups } from '../../../ingest/units/cheapest-groups.ts';
import type { Piece } from '../../../ingest/units/piece.ts';
import { semanticGroups } from '../../../ingest/units/semantic-groups.ts';

const test = suite('groups of least cost');

/** Every way to group, and the cost of each as the function's comment says it: borders, 10 to 20 for a group below the minimum, a little for unevenness. */
function leastCost(tokens: readonly number[], borders: readonly number[], minimum: number, maximum: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let ways = 0; ways < 2 ** (tokens.length - 1); ways++) {
    let cost = 0;
    let group = 0;
    const close = (): void => {
      if (group > maximum) cost = Number.POSITIVE_INFINITY;
      if (group < minimum) cost += 10 + 10 * (1 - group / minimum);
      cost += 0.05 * (group / maximum) ** 2;
      group = 0;
    };
    for (const [place, size] of tokens.entries()) {
      if (place > 0 && (ways >> (place - 1)) & 1) {
        close();
        cost += borders[place]!;
      }
      group += size;
    }
    close();
    least = Math.min(least, cost);
  }
  return least;
}

test('the least of all ways, for random pieces', () => {
  const random = new RandomNumbers(5, 'groups');
  for (let number = 0; number < 200; number++) {
    const count = 1 + random.integer(11);
    const tokens = Array.from({ length: count }, () => random.integer(101));
    const borders = Array.from({ length: count }, () => random.uniform() * 2 - 1);
    const [minimum, maximum] = [random.integer(100), 100 + random.integer(100)];
    const groups = cheapestGroups(
      tokens.map((size) => ({ tokens: size })),
      borders,
      { minimum, maximum },
    );
    assert.is(groups[0]!.from, 0);
    assert.is(groups.at(-1)!.to, count);
    let cost = 0;
    for (const [place, { from, to }] of groups.entries()) {
      if (place > 0) assert.is(from, groups[place - 1]!.to);
      const size = tokens.slice(from, to).reduce((sum, value) => sum + value, 0);
      assert.ok(size <= maximum);
      cost += (place > 0 ? borders[from]! : 0) + (size < minimum ? 10 * (2 - size / minimum) : 0) + 0.05 * (size / maximum) ** 2;
    }
    assert.ok(Math.abs(cost - leastCost(tokens, borders, minimum, maximum)) < 1e-9, `${number}: ${cost}`);
  }
});

/** Pieces of one topic after the other, so many each; a topic's vector has its own axis. */
const topics = (lengths: readonly number[]): Piece[] =>
  lengths
    .flatMap((length, topic) => Array.from({ length }, () => String(topic)))
    .map((text, number) => ({
      blocks: [{ number, text, block: { kind: 'paragraph', text, headings: [] } }],
      tokens: 100,
      startsAt: 'block',
      levels: [],
    }));
const embed = async (texts: readonly string[]) => {
  const data = new Float32Array(texts.length * 4);
  for (const [row, text] of texts.entries()) data[row * 4 + Number(text)] = 1;
  return { rows: texts.length, dimension: 4, data };
};

test('semantic: borders where what stands before and behind is least alike', async () => {
  // Cosines at the borders of pieces: 0 where a topic begins; one piece beside it three of a topic meet one of it and two of another, 1 / sqrt(5); two beside it 2 / sqrt(5); 1 elsewhere. A fifth of
  // eleven places are two, which are the two zeros.
  const bounds = { minimum: 100, maximum: 500 };
  assert.equal(await semanticGroups(topics([4, 4, 4]), bounds, { share: 0.2, embed }), [
    { from: 0, to: 4 },
    { from: 4, to: 8 },
    { from: 8, to: 12 },
  ]);
  // With at least 600 a piece, one border, which is not where a topic begins.
  assert.equal(await semanticGroups(topics([4, 4, 4]), { minimum: 600, maximum: 700 }, { share: 0.2, embed }), [
    { from: 0, to: 6 },
    { from: 6, to: 12 },
  ]);
  // More pieces than are handed over at once.
  const starts = (await semanticGroups(topics([50, 61, 30, 40]), { minimum: 100, maximum: 9000 }, { share: 0.02, embed })).map(
    ({ from }) => from,
  );
  assert.equal(starts, [0, 50, 111, 141]);
  for (const few of [0, 1, 2])
    assert.is((await semanticGroups(topics([few]), bounds, { share: 0.2, embed })).length, Math.min(few, 1));
});

test('semantic: an encoder that loses vectors is an error', async () => {
  let error: unknown;
  try {
    await semanticGroups(
      topics([6]),
      { minimum: 0, maximum: 400 },
      { share: 0.5, embed: async () => ({ rows: 1, dimension: 1, data: new Float32Array(1) }) },
    );
  } catch (thrown) {
    error = thrown;
  }
  assert.match(String(error), /gave 1 vectors for 6 texts/);
});

test.run();

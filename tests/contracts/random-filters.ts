import type { RandomNumbers } from '../../base/index.ts';
import type { Filter, FilterScalar } from '../../search/index.ts';

/** Values that are like each other in all the ways in which stores could differ: types, quotes, escapes, order of code points, digits. */
const TEXTS = [
  '',
  'de',
  'DE',
  'dé',
  '2024-01-31',
  '2024-02-01',
  '10',
  '9',
  'true',
  'null',
  "it's",
  '"q"',
  'back\\slash',
  '%',
  '\u{ff61}',
  '\u{10000}',
  '{}',
];
const NUMBERS = [0, -0, 1, -1, 9, 10, 2024, 0.1, 0.30000000000000004, 1e21, 1e-7, 123456789012345680];
const SCALARS: readonly FilterScalar[] = [...TEXTS, ...NUMBERS, true, false];
const KEYS = ['year', 'tags', 'deep', 'a"b', 'back\\', '$x', '@', 'labels', '__proto__', 'é', 'with space'];
const LABELS = ['staff', 'legal', "o'hara"];
const FIELDS = [
  'language',
  'pages.first',
  'labels',
  'missing',
  'missing.deeper',
  ...KEYS.flatMap((key) => [`fields.${key}`, `fields.deep.${key}`]),
];

const pick = <Item>(random: RandomNumbers, items: readonly Item[]): Item => items[random.integer(items.length)]!;
const some = <Item>(random: RandomNumbers, most: number, make: () => Item): Item[] =>
  Array.from({ length: random.integer(most + 1) }, make);

function randomValue(random: RandomNumbers, depth: number): unknown {
  const kind = random.integer(depth > 0 ? 8 : 5);
  if (kind === 0) return null;
  if (kind < 5) return pick(random, SCALARS);
  if (kind < 7) return some(random, 3, () => randomValue(random, depth - 1));
  return randomFields(random, depth - 1);
}

/** Keys as JSON has them, `__proto__` among them: an object literal would take that for something else. */
function randomFields(random: RandomNumbers, depth: number): object {
  return Object.fromEntries(some(random, 4, () => [pick(random, KEYS), randomValue(random, depth)]));
}

/** Metadata in the shape of a corpus', with parts missing, null, or of another type than elsewhere. */
export function randomMetadata(random: RandomNumbers): object | undefined {
  if (random.integer(8) === 0) return undefined;
  return {
    ...(random.integer(2) === 0 && { language: randomValue(random, 1) }),
    ...(random.integer(2) === 0 && { pages: { first: pick(random, NUMBERS), last: 12 } }),
    ...(random.integer(2) === 0 && { labels: some(random, 2, () => pick(random, LABELS)) }),
    ...(random.integer(4) > 0 && { fields: { ...randomFields(random, 3), deep: randomValue(random, 3) } }),
  };
}

export function randomFilter(random: RandomNumbers, documents: readonly string[], depth = 3): Filter {
  const kind = random.integer(depth > 0 ? 9 : 6);
  const field = pick(random, FIELDS);
  switch (kind) {
    case 0:
      return { documents: some(random, 6, () => pick(random, documents)) };
    case 1:
      return { field, equals: random.integer(4) === 0 ? null : pick(random, SCALARS) };
    case 2:
      return { field, in: some(random, 6, () => pick(random, SCALARS)) };
    case 3:
    case 4: {
      const bounds: readonly (string | number)[] = random.integer(2) === 0 ? TEXTS : NUMBERS;
      const lower = pick(random, ['gt', 'gte'] as const);
      const upper = pick(random, ['lt', 'lte'] as const);
      const [low, high] = [{ [lower]: pick(random, bounds) }, { [upper]: pick(random, bounds) }];
      return { field, range: pick(random, [low, high, { ...low, ...high }]) };
    }
    case 5:
      return { access: some(random, 2, () => pick(random, LABELS)) };
    case 6:
      return { not: randomFilter(random, documents, depth - 1) };
    case 7:
      return { and: some(random, 3, () => randomFilter(random, documents, depth - 1)) };
    default:
      return { or: some(random, 3, () => randomFilter(random, documents, depth - 1)) };
  }
}

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cutUnits, openTokenCounter, type ParsedDocument, type Unit, type UnitSettingsInput } from '../../../ingest/index.ts';
import { randomDocument } from './random-document.ts';

const test = suite('units of random documents');

const count = await openTokenCounter();
const BOUNDS = { minimumTokens: 200, maximumTokens: 600 };
const DOCUMENTS = 16;

/** Vectors that say how many digits and ideographs a text has: enough that neighbours differ. */
const embed = async (texts: readonly string[]) => {
  const data = Float32Array.from(
    texts.flatMap((text) => {
      const angle = (text.length % 17) / 17 + (/\p{Script=Han}/u.test(text) ? 1 : 0);
      return [Math.cos(angle), Math.sin(angle)];
    }),
  );
  return { rows: texts.length, dimension: 2, data };
};

const STRATEGIES: readonly UnitSettingsInput[] = [
  { strategy: 'document' },
  { strategy: 'sliding' },
  { strategy: 'headings' },
  { strategy: 'semantic' },
];

type RandomDocument = ReturnType<typeof randomDocument>;

/** Marks in a text, in order, as [block, part]. */
const marksIn = (text: string): [number, number][] =>
  [...text.matchAll(/b(\d+)x(\d+)(?!\d)/gi)].map(([, block, part]) => [Number(block), Number(part)]);

/** Blocks that the units hold, in order, each as often as it occurs; the header of a table that is repeated does not count again. */
function blocksOf(units: readonly Unit[]): number[][] {
  return units.map(({ text }) => [...new Set(marksIn(text).map(([block]) => block))]);
}

const cut = new Map<string, { document: RandomDocument; units: readonly Unit[] }[]>();

async function everyDocument(
  settings: UnitSettingsInput,
  check: (document: RandomDocument, units: readonly Unit[], name: string) => void,
): Promise<void> {
  const key = JSON.stringify(settings);
  const made = cut.get(key) ?? [];
  if (made.length === 0) {
    for (let seed = 0; seed < DOCUMENTS; seed++) {
      const document = randomDocument(seed, 2 + (seed % 8) * 12);
      made.push({ document, units: await cutUnits(document, { ...BOUNDS, ...settings }, { count, embed }) });
    }
    cut.set(key, made);
  }
  for (const [seed, { document, units }] of made.entries()) check(document, units, `document ${seed}, ${settings.strategy}`);
}

/** What holds of each strategy: every part of every block once and in order, sizes, places, headings. */
for (const settings of STRATEGIES) {
  test(`${settings.strategy}: all of the text once and in order; nothing above the maximum; tokens, headings, pages and spans are right`, async () => {
    let total = 0;
    await everyDocument(settings, ({ blocks, parts }, units, name) => {
      total += units.length;
      const headerOf = (block: number): number => blocks[block]!.table?.headerRows ?? 0;
      const marks = units.flatMap(({ text }) => marksIn(text));
      const seen = new Set<string>();
      const once = marks.filter(
        ([block, part]) => part >= headerOf(block) || (!seen.has(`${block} ${part}`) && seen.add(`${block} ${part}`)),
      );
      const wanted = parts.flatMap((number, block) => Array.from({ length: number }, (_, part) => [block, part]));
      assert.equal(once, wanted, name);
      const held = blocksOf(units);
      for (const [number, { text, tokens, headings, pages, span, startsAt }] of units.entries()) {
        assert.is(tokens, count.count(text), name);
        assert.ok(tokens <= BOUNDS.maximumTokens, `${name}: ${tokens}`);
        const [first, last] = [held[number]![0]!, held[number]!.at(-1)!];
        assert.equal(headings, blocks[first]!.headings, name);
        assert.ok(pages!.first <= blocks[first]!.pages!.first && pages!.last >= blocks[last]!.pages!.last, name);
        assert.ok(span!.start <= blocks[first]!.span!.start && span!.end >= blocks[last]!.span!.end, name);
        // Only figures without words, which leave no mark, can stand before the first or behind the last.
        for (let block = first - 1; block >= 0 && blocks[block]!.span!.start >= span!.start; block--)
          assert.is(blocks[block]!.text, '');
        const isPart = number > 0 && held[number - 1]!.at(-1) === first;
        assert.is(['row', 'sentence', 'inside'].includes(startsAt), isPart, `${name}: ${startsAt}`);
        if (number === 0) assert.is(startsAt, 'document');
        else if (!isPart) assert.is(startsAt, blocks[first]!.kind === 'heading' ? 'heading' : 'block', name);
      }
    });
    assert.ok(total > 4 * DOCUMENTS, String(total));
  });

  test(`${settings.strategy}: only a block that is larger than a unit is in two; captions stay with their tables, headings with what follows`, async () => {
    let split = 0;
    await everyDocument(settings, ({ blocks }, units, name) => {
      const held = blocksOf(units);
      const unitOf = (block: number): number => held.findIndex((inside) => inside.includes(block));
      for (const [number, inside] of held.entries()) {
        const last = inside.at(-1)!;
        assert.ok(
          blocks[last]!.kind !== 'heading' || blocks.slice(last + 1).every(({ text }) => text === ''),
          `${name}: heading at the end of unit ${number}`,
        );
        const next = held[number + 1]?.[0];
        if (next !== last) continue;
        split += 1;
        // With what stands around it, for that is kept with it.
        assert.ok(count.count(blocks[last]!.text) > BOUNDS.maximumTokens / 2, `${name}: block ${last} is parted`);
      }
      for (const [place, { kind }] of blocks.entries()) {
        if (kind !== 'caption') continue;
        // A picture without words may have it, which cannot be seen.
        if ([place - 1, place + 1].some((near) => blocks[near]?.text === '')) continue;
        const neighbours = [place - 1, place + 1].filter((near) =>
          ['table', 'figure', 'code'].includes(blocks[near]?.kind ?? ''),
        );
        const besides = neighbours.flatMap((near) => held.flatMap((inside, number) => (inside.includes(near) ? [number] : [])));
        assert.ok(besides.includes(unitOf(place)), `${name}: caption ${place}`);
      }
    });
    assert.ok(split > 10, String(split));
  });
}

test('headings: what is below the minimum has only neighbours that are too large to be joined with it', async () => {
  await everyDocument({ strategy: 'headings' }, (_, units, name) => {
    for (const [number, { tokens }] of units.entries()) {
      // Sums count what stands behind each block, which may be some tokens more than in the joined text.
      if (tokens >= BOUNDS.minimumTokens - 10) continue;
      for (const neighbour of [units[number - 1], units[number + 1]]) {
        if (neighbour !== undefined)
          assert.ok(tokens + neighbour.tokens + 20 > BOUNDS.maximumTokens, `${name}: ${tokens} and ${neighbour.tokens}`);
      }
    }
  });
});

test('document: the whole where it fits, else as few units as there can be, or a few more at better borders', async () => {
  await everyDocument({ strategy: 'document' }, ({ blocks }, units, name) => {
    const tokens = units.reduce((sum, unit) => sum + unit.tokens, 0);
    if (tokens + 4 * blocks.length <= BOUNDS.maximumTokens) assert.is(units.length, 1, name);
    assert.ok(units.length <= 2 * Math.ceil(tokens / BOUNDS.maximumTokens) + 1, `${name}: ${units.length} of ${tokens}`);
  });
});

test('sliding: full up to what the next piece would need; an overlap repeats whole blocks of the unit before', async () => {
  let repeated = 0;
  for (const overlap of [{ blocks: 2 }, { tokens: 150 }]) {
    await everyDocument({ strategy: 'sliding', overlap }, ({ parts }, units, name) => {
      const held = blocksOf(units);
      assert.equal(
        [...new Set(held.flat())],
        parts.flatMap((number, block) => (number > 0 ? [block] : [])),
        name,
      );
      for (const [number, unit] of units.entries()) {
        assert.ok(unit.tokens <= BOUNDS.maximumTokens, name);
        if (number === 0) continue;
        const common = held[number]!.filter((block) => held[number - 1]!.includes(block));
        repeated += common.length;
        if ('blocks' in overlap) assert.ok(common.length <= overlap.blocks + 1, `${name}: ${common.length}`);
        // The unit goes on behind the one before it.
        assert.ok(
          marksIn(unit.text).at(-1)!.join() !==
            marksIn(units[number - 1]!.text)
              .at(-1)!
              .join(),
          name,
        );
      }
    });
  }
  assert.ok(repeated > 100, String(repeated));
});

test('a document that is one unit by its nature is one, whatever its size; one without words has none', async () => {
  const document: ParsedDocument = { ...randomDocument(11, 200), whole: true };
  const units = await cutUnits(document, BOUNDS, { count });
  assert.is(units.length, 1);
  assert.ok(units[0]!.tokens > BOUNDS.maximumTokens);
  for (const whole of [true, false])
    assert.equal(await cutUnits({ whole, blocks: [{ kind: 'figure', text: '', headings: [] }] }, BOUNDS, { count }), []);
  assert.equal(await cutUnits({ blocks: [] }, BOUNDS, { count }), []);
});

test.run();

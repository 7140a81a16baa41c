import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import {
  type Block,
  cutUnits,
  openTokenCounter,
  type TokenCounter,
  type UnitSettingsInput,
  unitSettings,
  unitStatistics,
} from '../../../ingest/index.ts';

const test = suite('units');

/** A token is a character, so that sizes can be seen. */
const characters: TokenCounter = { name: 'characters', count: (text) => text.length };

/** Headings by their marks, everything else a paragraph. */
function blocksOf(lines: readonly string[]): Block[] {
  const path: { level: number; text: string }[] = [];
  return lines.map((line) => {
    const marks = /^#+ /.exec(line)?.[0];
    if (marks === undefined) return { kind: 'paragraph', text: line, headings: path.map(({ text }) => text) };
    const heading = { level: marks.length - 1, text: line.slice(marks.length) };
    while (path.length > 0 && path.at(-1)!.level >= heading.level) path.pop();
    const block: Block = { kind: 'heading', ...heading, headings: path.map(({ text }) => text) };
    path.push(heading);
    return block;
  });
}

const cut = async (blocks: readonly Block[], settings: UnitSettingsInput, count = characters) =>
  cutUnits({ blocks }, settings, { count });

/** First lines of the units. */
const starts = async (blocks: readonly Block[], settings: UnitSettingsInput): Promise<string[]> =>
  (await cut(blocks, settings)).map(({ text }) => text.split('\n')[0]!);

test('settings: defaults, and what makes no sense', async () => {
  assert.equal(unitSettings.parse({}), { strategy: 'headings', minimumTokens: 2000, maximumTokens: 6000, semanticShare: 0.2 });
  for (const [settings, what] of [
    [{ strategy: 'chapters' }, /strategy/],
    [{ minimumTokens: 7000 }, /minimumTokens: must not be above maximumTokens/],
    [{ maximumTokens: 63 }, /maximumTokens/],
    [{ overlap: { blocks: 1 } }, /overlap: is only for the strategy "sliding"/],
    [{ strategy: 'sliding', overlap: {} }, /overlap/],
    [{ size: 3 }, /size/],
    [{ strategy: 'semantic' }, /was given no encoder/],
  ] as const) {
    try {
      await cut(blocksOf(['a']), settings as UnitSettingsInput);
      assert.unreachable(JSON.stringify(settings));
    } catch (error) {
      assert.ok(isCemError(error, 'UNIT_OPTIONS'), JSON.stringify(settings));
      assert.match(error.message, what);
    }
  }
});

test('headings: a section that fits stays whole, a larger one is cut at its subsections, small neighbours are joined', async () => {
  const [small, large] = ['s'.repeat(30), 'l'.repeat(90)];
  // A is one unit with 4 + 92; B (above 150) is cut: B.1 and B.2 are small and become one, B.3 stays; C and D, below the minimum, become one.
  const blocks = blocksOf(['# A', large, '# B', '## B.1', small, '## B.2', small, '## B.3', large, '# C', small, '# D', small]);
  assert.equal(await starts(blocks, { minimumTokens: 80, maximumTokens: 150 }), ['# A', '# B', '## B.3', '# C']);
  assert.equal(await starts(blocks, { minimumTokens: 0, maximumTokens: 150 }), ['# A', '# B', '## B.2', '## B.3', '# C', '# D']);
  const [, second] = await cut(blocks, { minimumTokens: 80, maximumTokens: 150 });
  assert.equal(second!.headings, []);
  assert.is(second!.startsAt, 'heading');
  const [, , third] = await cut(blocks, { minimumTokens: 80, maximumTokens: 150 });
  assert.equal(third!.headings, ['B']);
});

test('headings: one with nothing below it goes with what follows, as the section of the last', async () => {
  const text = 'x'.repeat(70);
  const blocks = blocksOf(['# A', text, '## empty', '# B', '## B.1', text, '# C']);
  const units = await cut(blocks, { minimumTokens: 0, maximumTokens: 110 });
  assert.equal(
    units.map((unit) => unit.text),
    [`# A\n\n${text}`, `## empty\n\n# B\n\n## B.1\n\n${text}\n\n# C`],
  );
});

test('document: one unit, else borders at the highest headings', async () => {
  const text = 'x'.repeat(40);
  const blocks = blocksOf(['# A', text, '## A.1', text, '# B', text, '## B.1', text]);
  assert.is((await cut(blocks, { strategy: 'document', minimumTokens: 0, maximumTokens: 300 })).length, 1);
  assert.equal(await starts(blocks, { strategy: 'document', minimumTokens: 0, maximumTokens: 150 }), ['# A', '# B']);
});

test('a table that is too large: by rows, each part with the header rows; its captions stay with it', async () => {
  const rows = [['name', 'value'], ['', 'of it'], ...Array.from({ length: 9 }, (_, row) => [`row ${row}`, String(row)])];
  const blocks: Block[] = [
    { kind: 'heading', level: 1, text: 'H', headings: [] },
    { kind: 'caption', text: 'Table 1', headings: ['H'] },
    { kind: 'table', text: 'x', table: { rows, headerRows: 2 }, headings: ['H'] },
    { kind: 'caption', text: 'Source', headings: ['H'] },
  ];
  const units = await cut(blocks, { minimumTokens: 0, maximumTokens: 100 });
  assert.ok(units.length > 2);
  const header = '| name | value |\n|  | of it |\n| --- | --- |\n';
  const body = units.map(({ text }) => text.replace('# H\n\nTable 1\n\n', '').replace('\n\nSource', '').replace(header, ''));
  assert.is(
    body.join('\n'),
    rows
      .slice(2)
      .map(([name, value]) => `| ${name} | ${value} |`)
      .join('\n'),
  );
  assert.ok(units[0]!.text.startsWith('# H\n\nTable 1\n\n| name'));
  assert.ok(units.at(-1)!.text.endsWith('\n\nSource'));
  assert.equal(
    units.map(({ startsAt }) => startsAt),
    ['document', ...units.slice(1).map(() => 'row')],
  );
});

test('what is too large inside: a row by its cells, a line and a word by characters, a text in Chinese by sentences', async () => {
  const sentence = '第一条的内容是这样写的。';
  const cases: readonly [Omit<Block, 'headings'>, readonly string[]][] = [
    [
      {
        kind: 'table',
        text: 'x',
        table: {
          rows: [
            ['h', 'i'],
            [sentence.repeat(20), 'b'.repeat(200)],
          ],
          headerRows: 1,
        },
      },
      ['document', 'row', 'sentence', 'inside'],
    ],
    [{ kind: 'code', text: `short\n${'c'.repeat(500)}\nshort` }, ['document', 'row', 'inside']],
    [{ kind: 'paragraph', text: '😀'.repeat(200) }, ['document', 'inside']],
    [{ kind: 'list-item', level: 2, text: sentence.repeat(40) }, ['document', 'sentence']],
    [{ kind: 'heading', level: 2, text: 'word '.repeat(100).trim() }, ['document', 'inside']],
    [
      { kind: 'table', text: 'x', table: { rows: [Array.from({ length: 100 }, (_, column) => `c${column}`)], headerRows: 1 } },
      ['document', 'sentence', 'inside'],
    ],
  ];
  for (const [block, borders] of cases) {
    const units = await cut([{ headings: [], ...block }], { minimumTokens: 0, maximumTokens: 100 });
    const found = new Set(units.map(({ startsAt }) => startsAt));
    for (const border of found) assert.ok(borders.includes(border), `${block.kind}: ${border}`);
    for (const { text } of units) {
      assert.ok(text.length <= 100 && Buffer.from(text).toString() === text, block.kind);
      if (block.kind === 'list-item') assert.match(text, /^(?: {2}- | {4})(?:第一条的内容是这样写的。)+$/);
    }
    // Nothing is lost: as many of the characters as there were.
    const letters = (text: string): string => text.replace(/[^\p{L}\p{N}\p{So}。]/gu, '');
    const whole = letters(block.table?.rows.slice(block.table.headerRows).flat().join('') ?? block.text);
    const held = letters(units.map(({ text }) => text.replace(/^\| h \| i \|\n/, '')).join(''));
    assert.is(
      held,
      block.table?.headerRows === 1 && whole === '' ? letters(block.table.rows.flat().join('')) : whole,
      block.kind,
    );
  }
});

test('a tokenizer that counts a whole as more than its parts: still nothing is above the maximum', async () => {
  const dear: TokenCounter = { name: 'dear', count: (text) => text.length + (text.split('\n\n').length - 1) * 7 };
  const units = await cut(
    blocksOf(Array.from({ length: 60 }, (_, number) => `block ${number}`)),
    { minimumTokens: 0, maximumTokens: 100, strategy: 'sliding' },
    dear,
  );
  for (const { tokens, text } of units) assert.is(tokens, dear.count(text));
  assert.ok(units.every(({ tokens }) => tokens <= 100));
  assert.is(
    units
      .map(({ text }) => text)
      .join('\n\n')
      .split('\n\n').length,
    60,
  );
});

test('statistics: known numbers', async () => {
  const unit = (tokens: number, startsAt: 'document' | 'heading' | 'block' | 'row' | 'sentence') => ({
    text: '',
    tokens,
    headings: [],
    startsAt,
  });
  const documents = [
    [unit(30, 'document'), unit(50, 'heading'), unit(5, 'block'), unit(40, 'row'), unit(40, 'sentence')],
    [unit(200, 'document')],
    [unit(3, 'document')],
  ];
  // Of seven units five begin at a document, a heading or a block; of four borders within documents two.
  assert.equal(unitStatistics(documents, { minimumTokens: 10, maximumTokens: 100 }), {
    units: 7,
    tokens: { smallest: 3, median: 40, largest: 200 },
    borders: { document: 3, heading: 1, block: 1, row: 1, sentence: 1, inside: 0 },
    alignment: 5 / 7,
    innerAlignment: 0.5,
    aboveMaximum: 1,
    belowMinimum: { shortDocuments: 1, others: 1 },
  });
  const none = unitStatistics([], { minimumTokens: 10, maximumTokens: 100 });
  assert.equal([none.units, none.tokens.median, none.alignment, none.innerAlignment], [0, 0, 1, 1]);
});

test('hostile documents take linear time', async () => {
  const count = await openTokenCounter();
  const many = (length: number, block: (place: number) => Omit<Block, 'headings'>): Block[] =>
    Array.from({ length }, (_, place) => ({ headings: [], ...block(place) }));
  const documents = [
    many(20_000, () => ({ kind: 'heading', level: 1, text: 'h' })),
    many(20_000, () => ({ kind: 'caption', text: 'c' })),
    many(20_000, () => ({ kind: 'figure', text: '' })),
    many(20_000, (place) => ({ kind: 'heading', level: place, text: 'h' })),
    many(1, () => ({ kind: 'paragraph', text: '汉'.repeat(200_000) })),
    many(1, () => ({ kind: 'code', text: 'a\n'.repeat(100_000) })),
  ];
  for (const blocks of documents)
    for (const strategy of ['headings', 'sliding', 'document'] as const)
      for (const { tokens } of await cut(blocks, { strategy }, count)) assert.ok(tokens <= 6000);
});

test.run();

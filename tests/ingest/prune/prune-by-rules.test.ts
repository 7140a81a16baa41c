import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import { type Block, type BlockKind, type PruneSettingsInput, pruneByRules, RepeatedTexts } from '../../../ingest/index.ts';

const test = suite('pruning by rules');

const block = (text: string, kind: BlockKind = 'paragraph', page?: number): Block => ({
  kind,
  text,
  headings: [],
  ...(page !== undefined && { pages: { first: page, last: page } }),
});

const CONTENT = Array.from({ length: 40 }, (_, number) => block(`Sentence ${number} of the content.`));

/** The rule that drops a block at the beginning of a document, and in its middle. */
function rulesFor(subject: Block): [string, string] {
  const ruleAt = (before: number): string => {
    const { report, document } = pruneByRules({ blocks: [...CONTENT.slice(0, before), subject, ...CONTENT.slice(before)] });
    const dropped = Object.entries(report.dropped).filter(([, count]) => count > 0);
    assert.is(document.blocks.length, 41 - dropped.length);
    return dropped.map(([rule]) => rule).join();
  };
  return [ruleAt(1), ruleAt(20)];
}

test('what is dropped, at the ends and in the middle', () => {
  const cases: readonly [string, string, string][] = [
    ['Page 12', 'page-number', 'page-number'],
    ['- page 3 of 10 -', 'page-number', 'page-number'],
    ['第 3 页', 'page-number', 'page-number'],
    ['第三页（共十页）', 'page-number', 'page-number'],
    ['第3页 / 共12页', 'page-number', 'page-number'],
    ['© 2019–2024 Example Ltd.', 'copyright', ''],
    ['Copyright (c) 1996 by the authors', 'copyright', ''],
    ['Copyright 2004 The Project', 'copyright', ''],
    ['Example Ltd. All rights reserved.', 'copyright', ''],
    ['版权所有 © 2020 某某公司', 'copyright', ''],
    ['版权所有，侵权必究', 'copyright', ''],
    ['京ICP备12345678号-1', 'copyright', ''],
    ['Home > Docs > Installation', 'navigation', ''],
    ['Home / Docs', 'navigation', ''],
    ['当前位置：首页 » 新闻 » 正文', 'navigation', ''],
    ['Next page', 'navigation', 'navigation'],
    ['« Previous chapter | Next chapter »', 'navigation', 'navigation'],
    ['上一篇 | 下一篇', 'navigation', 'navigation'],
    ['返回顶部', 'navigation', 'navigation'],
    ['Home | Search | Login', 'navigation', ''],
    ['首页 关于我们 联系我们', 'navigation', ''],
  ];
  for (const [text, atEnd, inMiddle] of cases) assert.equal(rulesFor(block(text)), [atEnd, inMiddle], text);
});

test('what stays: sentences with the same words, and every table, heading, code, quote and caption', () => {
  for (const text of [
    '42',
    'On page 12 the author says otherwise.',
    '第三页的内容是关于合同的。',
    'Copyright law protects authors.',
    '版权所有人应当在三十日内提出异议。',
    'Home is where the heart is.',
    'Home/office use only.',
    'Next, press the button.',
    'search',
    'Search | Print',
    '目录',
    '首页的设计很重要',
    `© 2020 ${'long '.repeat(60)}`,
  ])
    assert.equal(rulesFor(block(text)), ['', ''], text);
  for (const kind of ['heading', 'table', 'code', 'quote', 'caption'] as const)
    for (const text of ['Page 12', '© 2020 A', 'Next page'])
      assert.equal(rulesFor(block(text, kind)), ['', ''], `${kind} ${text}`);
});

test('a number by itself is a page number at the edge of a page only', () => {
  const pages = [1, 2, 3].flatMap((page) => [
    block(`Text of page ${page}.`, 'paragraph', page),
    block('1998', 'paragraph', page),
    block(`More of page ${page}.`, 'paragraph', page),
    block(`- ${page} -`, 'paragraph', page),
  ]);
  const { document, report } = pruneByRules({ blocks: pages });
  assert.is(report.dropped['page-number'], 3);
  assert.is(document.blocks.filter(({ text }) => text === '1998').length, 3);
});

test('boilerplate: what enough documents of one source begin or end with, numbers apart', () => {
  const texts = new RepeatedTexts();
  const pageOf = (source: string, number: number) => ({
    blocks: [
      block(`${source} news of ${number} May`),
      block('A heading', 'heading'),
      ...CONTENT.slice(number, number + 30).map(({ text }) =>
        block(`${source} ${number} ${text}`.replace(/\d+/g, (digits) => 'x'.repeat(Number(digits) + 1))),
      ),
      block('Repeated in the middle.'),
      ...CONTENT.slice(0, 13).map(({ text }, place) => block(`${'y'.repeat(number + 1)}${'z'.repeat(place + 1)} ${text}`)),
      block('Write to us at the address below.'),
    ],
  });
  for (let number = 0; number < 6; number++) texts.add('site', pageOf('site', number));
  for (let number = 0; number < 4; number++) texts.add('other', pageOf('other', number));
  const prune = (source: string, settings: PruneSettingsInput = {}) =>
    pruneByRules(pageOf(source, 0), settings, { source, texts });
  const { report, document } = prune('site');
  assert.is(report.dropped.boilerplate, 2);
  assert.ok(document.blocks.some(({ text }) => text === 'Repeated in the middle.'));
  assert.ok(document.blocks.some(({ kind }) => kind === 'heading'));
  // Four documents are fewer than five.
  assert.is(prune('other').report.dropped.boilerplate, 0);
  assert.is(prune('other', { boilerplateDocuments: 4 }).report.dropped.boilerplate, 2);
  assert.is(prune('site', { rules: ['copyright'] }).report.dropped.boilerplate, 0);
  assert.is(pruneByRules(pageOf('site', 0)).report.dropped.boilerplate, 0);
});

test('the report counts characters; a document of nothing else stays as it is', () => {
  const { report } = pruneByRules({ blocks: [block('Page 1'), block('0123456789abcdefgh')] });
  // 6 of 24 characters.
  assert.equal([report.before, report.after, report.compression], [24, 18, 0.25]);
  const only = { blocks: [block('Title', 'heading'), block('Page 1')] };
  const same = pruneByRules(only);
  assert.equal(same.document.blocks, only.blocks);
  assert.equal(same.report, {
    dropped: { 'page-number': 0, copyright: 0, navigation: 0, boilerplate: 0 },
    before: 11,
    after: 11,
    compression: 0,
  });
  assert.is(pruneByRules({ blocks: [] }).report.compression, 0);
});

test('settings that make no sense are refused', () => {
  for (const settings of [{ rules: ['advertisements'] }, { boilerplateShare: 0 }, { fewestSentences: 9 }, { target: 1 }]) {
    try {
      pruneByRules({ blocks: [] }, settings as PruneSettingsInput);
      assert.unreachable(JSON.stringify(settings));
    } catch (error) {
      assert.ok(isCemError(error, 'PRUNE_OPTIONS'), JSON.stringify(settings));
    }
  }
});

test('hostile lines take linear time', () => {
  for (const text of [
    'home '.repeat(48),
    `${'>'.repeat(200)}x`,
    `home ${'>'.repeat(230)}`,
    `© ${'20'.repeat(110)}`,
    `页${'第'.repeat(200)}`,
  ])
    for (let repeat = 0; repeat < 200; repeat++) pruneByRules({ blocks: [block(text)] });
});

test.run();

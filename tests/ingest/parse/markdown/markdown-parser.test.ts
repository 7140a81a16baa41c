import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PARSE_SAMPLES } from '../../../../scripts/fuzz/parse-samples.ts';
import { blocksOf, parsed, sampleContract } from '../sample-contract.ts';

const test = suite('markdown parser');

sampleContract('markdown', {
  readable: (piece) => `${piece} ${piece.replace(/[*_`~\\]|<[^>]*>|\]\([^)]*\)/g, '').replace(/&amp;/g, '&')}`,
});

const [pumps, chinese] = PARSE_SAMPLES['markdown']!.map(({ file }) => file);

test('every kind of block; front matter says title, language and fields', async () => {
  const { title, language, fields, blocks } = await parsed('a.md', pumps!.bytes);
  assert.equal([title, language, fields], ['Pump handbook', 'en', { weight: 3 }]);
  assert.equal(await blocksOf('a.md', pumps!.bytes), [
    'heading1 Pumps',
    'paragraph A pump moves water & more,\nline two.',
    // The picture of water, whose words stand in the text.
    'figure',
    'heading2 Setext heading',
    'list-item1 one',
    'list-item2 inner with code\nsecond paragraph',
    'list-item1 done',
    'list-item1 first',
    'list-item1 second',
    'table | Name | 数量 |\n| --- | --- |\n| a \\| b | 三 |',
    'code def f():\n    return 1',
    'quote quoted words',
    'paragraph More',
    'paragraph HTML words',
    'figure A figure',
    'paragraph A footnote.',
  ]);
  assert.is(blocks.find(({ kind }) => kind === 'code')!.codeLanguage, 'python');
  assert.is(blocks.find(({ kind }) => kind === 'table')!.table!.rows[1]![0], 'a | b');
});

test('spans are bytes of the file, markup included', async () => {
  const { blocks } = await parsed('a.md', chinese!.bytes);
  const pieces = blocks.map(({ span }) => Buffer.from(chinese!.bytes.subarray(span!.start, span!.end)).toString());
  assert.equal(pieces, ['# 水泵手册', '水泵用来输送\n液体。', '## 第一节 安装', '准备工具', '关闭阀门', '```\necho 你好\n```']);
  assert.is(blocks[1]!.text, '水泵用来输送液体。');
  assert.equal(blocks[3]!.headings, ['水泵手册', '第一节 安装']);
});

test('the only outermost heading is the title of a file without front matter; of two, neither is', async () => {
  assert.is((await parsed('a.md', '# One\n\n## Two\n')).title, 'One');
  assert.is((await parsed('a.md', '# One\n\n# Two\n')).title, undefined);
  assert.is((await parsed('a.md', 'text\n')).title, undefined);
});

test('headings in quotes and lists part nothing, blocks in lists stand for themselves', async () => {
  assert.equal(await blocksOf('a.md', '> # Quoted\n\n- # Item\n\n  ```\n  code\n  ```\n\n  after\n'), [
    'quote Quoted',
    'list-item1 Item',
    'code code',
    'list-item1 after',
  ]);
});

test('HTML inside quotations has no places, elsewhere its own', async () => {
  const { blocks } = await parsed('a.md', '<div>one</div>\n\n> <div>two\n> three</div>\n');
  assert.equal(
    blocks.map(({ text, span }) => [text, span]),
    [
      ['one', { start: 5, end: 8 }],
      ['two three', undefined],
    ],
  );
});

test.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PARSE_SAMPLES } from '../../../../scripts/fuzz/parse-samples.ts';
import { blocksOf, parsed, sampleContract } from '../sample-contract.ts';

const test = suite('text parser');

sampleContract('text', { readable: (piece) => piece });

const [pumps, chinese, gb] = PARSE_SAMPLES['text']!.map(({ file }) => file);

test('underlined and numbered headings, lists by indentation, columns as they stand', async () => {
  assert.equal(await blocksOf('a.txt', pumps!.bytes), [
    'heading1 Pump handbook',
    'heading2 1.1. Purpose',
    'paragraph A pump moves water from one place to another, and is driven by a motor.',
    'heading2 1.2. Parts',
    'list-item1 the motor, which turns',
    'list-item1 the wheel',
    'list-item2 its blades',
    'code Name      Width\nsmall     10\nlarge     20',
  ]);
});

test('Chinese: chapters, indented paragraphs, numbered items; GB18030 is told by its bytes', async () => {
  assert.equal(await blocksOf('a.txt', chinese!.bytes), [
    'heading1 第一章 总则',
    'paragraph 为了规范管理，制定本办法。',
    'paragraph 本办法适用于全国。',
    'heading1 第二章 分则',
    'list-item1 第一项',
    'list-item1 第二项',
  ]);
  assert.equal(await blocksOf('a.txt', gb!.bytes), [
    'heading1 第一章 总则',
    'paragraph 本办法所称的文件，以供阅览和处理的各种文字。',
    'paragraph 第二个段落。',
  ]);
  assert.match((await parsed('a.txt', gb!.bytes)).warnings![0]!, /GB18030/);
});

test('what is not certain is no heading: capitals, sentences, versions, lines of a paragraph, a table of contents', async () => {
  for (const content of [
    'IMPORTANT NOTICE\n\nwords\n',
    '1.2. This is a sentence.\n\n1.3. And another one.\n',
    '1.5 kg of flour\n\n2.5 l of water\n',
    '第三章 的内容很多。\n\nwords\n',
    '1.1. One\n1.2. Two\n1.3. Three\n',
  ])
    assert.not(
      (await blocksOf('a.txt', content)).some((block) => block.startsWith('heading')),
      content,
    );
});

test('levels: marks in the order in which they appear, numbers by their parts, below chapters by word', async () => {
  const adorned = '=====\nTitle\n=====\n\nOne\n---\n\nwords\n\nTwo\n~~~\n\nThree\n-----\n';
  assert.equal(
    (await blocksOf('a.rst', adorned)).filter((block) => block.startsWith('heading')),
    ['heading1 Title', 'heading2 One', 'heading3 Two', 'heading2 Three'],
  );
  const numbered = '1. Start\n\n1.1. Inner\n\n1.1.1. Innermost\n\n2. Lonely\n';
  assert.equal(await blocksOf('a.txt', numbered), [
    'heading1 1. Start',
    'heading2 1.1. Inner',
    'heading3 1.1.1. Innermost',
    'paragraph 2. Lonely',
  ]);
  const chapters = '第一编 总则\n\n第一章 基本规定\n\n第一节 概述\n\n1.1. 范围\n\n1.2. 目的\n';
  assert.equal(await blocksOf('a.txt', chapters), [
    'heading1 第一编 总则',
    'heading2 第一章 基本规定',
    'heading3 第一节 概述',
    'heading3 1.1. 范围',
    'heading3 1.2. 目的',
  ]);
});

test('a long line is a paragraph; wrapped lines are joined', async () => {
  const long = 'words '.repeat(30).trim();
  assert.equal(await blocksOf('a.txt', `${long}\nshort line\n\nwrapped\nline\n`), [
    `paragraph ${long}`,
    'paragraph short line',
    'paragraph wrapped line',
  ]);
});

test('UTF-16 with and without a mark, damaged UTF-8, Western letters', async () => {
  const utf16 = Buffer.from('Text in two bytes, with a few lines.\n', 'utf16le');
  assert.equal(await blocksOf('a.txt', utf16), ['paragraph Text in two bytes, with a few lines.']);
  assert.equal(await blocksOf('a.txt', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])), [
    'paragraph Text in two bytes, with a few lines.',
  ]);
  const damaged = await parsed('a.txt', Buffer.concat([Buffer.from('水泵用来输送液体'), Buffer.from([0xe6]), Buffer.from('。')]));
  assert.is(damaged.blocks[0]!.text, '水泵用来输送液体\ufffd。');
  assert.equal(damaged.warnings, ['1 places are no UTF-8 and became U+FFFD']);
  assert.is((await parsed('a.txt', Buffer.from('un caf\xe9 \x96 \x93bien\x94', 'latin1'))).blocks[0]!.text, 'un café – “bien”');
});

test.run();

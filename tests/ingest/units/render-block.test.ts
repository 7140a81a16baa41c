import { fromMarkdown } from 'mdast-util-from-markdown';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Block } from '../../../ingest/index.ts';
import { joinText, renderBlocks } from '../../../ingest/units/piece.ts';
import { renderBlock } from '../../../ingest/units/render-block.ts';

const test = suite('blocks as Markdown');

const block = (fields: Omit<Block, 'headings'>): Block => ({ headings: [], ...fields });

test('each kind of block', () => {
  assert.is(renderBlock(block({ kind: 'heading', text: 'A\n B', level: 2 })), '## A B');
  assert.is(renderBlock(block({ kind: 'list-item', text: 'one\ntwo', level: 2 })), '  - one\n    two');
  assert.is(renderBlock(block({ kind: 'quote', text: 'one\n\ntwo' })), '> one\n>\n> two');
  assert.is(renderBlock(block({ kind: 'figure', text: 'a [b]' })), '![a \\[b\\]]()');
  assert.is(renderBlock(block({ kind: 'figure', text: '' })), '');
  assert.is(renderBlock(block({ kind: 'caption', text: 'Table 1' })), 'Table 1');
  assert.is(renderBlock(block({ kind: 'code', text: 'a ``` b', codeLanguage: 'c++ {.x}' })), '````c++\na ``` b\n````');
});

test('tables: header rows above the line of dashes, none where there is no header, pipes and line breaks in cells', () => {
  const rows = [
    ['a|b', 'c\nd'],
    ['1', '2'],
    ['3', '4'],
  ];
  const table = (headerRows: number): Block => block({ kind: 'table', text: 'x', table: { rows, headerRows } });
  assert.is(renderBlock(table(1)), '| a\\|b | c d |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |');
  assert.is(renderBlock(table(2)), '| a\\|b | c d |\n| 1 | 2 |\n| --- | --- |\n| 3 | 4 |');
  assert.is(renderBlock(table(0)), '| a\\|b | c d |\n| 1 | 2 |\n| 3 | 4 |');
  assert.is(renderBlock(block({ kind: 'table', text: '', table: { rows: [], headerRows: 0 } })), '');
});

test('a paragraph that looks like a heading or a fence is none to a reader of Markdown', () => {
  for (const text of ['# no heading', '```\nno code', '~~~~', 'two\n## lines']) {
    const tree = fromMarkdown(renderBlock(block({ kind: 'paragraph', text })));
    assert.equal(
      tree.children.map(({ type }) => type),
      ['paragraph'],
      text,
    );
  }
  assert.is(renderBlock(block({ kind: 'paragraph', text: '#hashtag' })), '#hashtag');
});

test('items of a list follow line by line, all others after an empty line', () => {
  const item = (text: string, level = 1) => block({ kind: 'list-item', text, level });
  const figure = block({ kind: 'figure', text: '' });
  const blocks = [
    figure,
    block({ kind: 'paragraph', text: 'p' }),
    item('a'),
    figure,
    item('b', 2),
    block({ kind: 'quote', text: 'q' }),
  ];
  assert.is(joinText(renderBlocks(blocks)), 'p\n\n- a\n  - b\n\n> q');
});

test.run();

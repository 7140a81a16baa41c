import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inOtherWords, synonymQueries, wordnetSynonyms } from '../../bench/cases/synonym-queries.ts';
import { withTemporaryFolder } from '../fixtures/temporary-folder.ts';

const test = suite('queries in other words');

const DATA = [
  '00000000 05 n 03 cat 0 true_cat 0 moggy 0 000 | a small animal',
  '00000051 06 n 02 sofa 0 couch 0 000 | a seat',
  '00000097 07 n 02 red 0 redness 0 000 | a colour',
].map((line) => `${line}\n`);

test('WordNet: other words of a commonest sense, where it is a thing of which they are said first, too', () =>
  withTemporaryFolder(async (folder) => {
    const offsets = [0, DATA[0]!.length, DATA[0]!.length + DATA[1]!.length];
    const line = (word: string, sense: number, pointers = ''): string =>
      `${word} n 1 ${pointers === '' ? 0 : 1} ${pointers}${pointers === '' ? '' : ' '}1 0 ${String(offsets[sense]).padStart(8, '0')}  \n`;
    const index = `  1 licence\n${line('cat', 0, '@')}${line('true_cat', 0)}${line('moggy', 2)}${line('sofa', 1)}${line('couch', 1)}${line('red', 2)}`;
    await writeFile(join(folder, 'index.noun'), index);
    await writeFile(join(folder, 'index.adj'), 'red a 1 0 1 0 00000000  \n');
    await writeFile(join(folder, 'data.noun'), DATA.join(''));
    const synonymsOf = await wordnetSynonyms(folder);
    assert.equal(synonymsOf('cats'), ['true cat']);
    assert.equal(synonymsOf('sofa'), ['couch']);
    assert.equal(synonymsOf('red'), [], 'a quality');
    assert.is(synonymsOf('derrick'), undefined);
    assert.is(inOtherWords('A red sofa, a cat', 'en', synonymsOf), 'couch', 'a true cat is a cat');
    const queries = synonymQueries(['A sofa.', 'A derrick.', 'Two couches'], 'en', synonymsOf, 10);
    assert.equal(queries.map(({ text, caption }) => [text, caption]).sort(), [
      ['couch', 0],
      ['sofa', 2],
    ]);
    assert.is(synonymQueries(['A sofa.', 'Two couches'], 'en', synonymsOf, 1).length, 1);
  }));

test('Chinese: words are the longest that are known, and others share no character with the caption', () => {
  const known: Readonly<Record<string, readonly string[]>> = { 大黄蜂: ['胡蜂', '熊峰'], 黄蜂: ['细腰'], 一只: [] };
  const synonymsOf = (word: string) => known[word];
  assert.is(inOtherWords('一只大黄蜂。', 'zh', synonymsOf), '熊峰');
});

test.run();

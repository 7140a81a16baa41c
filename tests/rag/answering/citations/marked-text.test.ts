import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../../base/index.ts';
import { MarkedText } from '../../../../rag/answering/citations/marked-text.ts';
import { randomPieces } from '../fixtures.ts';

const test = suite('numbers of documents in an answer');

/** Documents 1 and 2 have the citations 5 and 6; others have none. */
const resolve = (documents: readonly number[]): number[] => documents.flatMap((document) => ({ 1: [5], 2: [6] })[document] ?? []);

function whole(text: string): string {
  const marked = new MarkedText(resolve);
  return marked.push(text, { resolvable: true, ended: true });
}

test('what a model writes becomes numbers of citations, or goes away', () => {
  for (const [written, shown] of [
    ['a [1]. b [2]', 'a [5]. b [6]'],
    ['a[1][2]', 'a[5][6]'],
    ['a [1, 2] b', 'a [5][6] b'],
    ['a [1-3].', 'a [5][6].'],
    ['a [Document 1, Doc 2].', 'a [5][6].'],
    ['甲【文档1】乙［２］。', '甲[5]乙[6]。'],
    ['a [9] b', 'a b'],
    ['a [9].', 'a.'],
    ['a [9]b', 'a b'],
    ['a [9] [1]', 'a [5]'],
    ['a [1] [9]', 'a [5]'],
    ['[9] a', 'a'],
    ['[9]', ''],
    ['  a  ', 'a'],
    ['`argv[2]` [2]', '`argv[2]` [6]'],
    ['`[2]`', '`[6]`'],
    ['x[0]', 'x'],
    ['[[9]1]', '[ 1]'],
    ['[1[9]]', '[1 ]'],
    ['a [link](x) [x] [', 'a [link](x) [x] ['],
    ['[1\u200b] \ud83d', '[5] \ufffd'],
    ['[12345678901234567890]', ''],
  ] as const)
    assert.is(whole(written), shown, written);
});

test('pieces of any size give the same text, and nothing of it changes later', () => {
  const random = new RandomNumbers(5, 'pieces');
  const parts = [
    'a',
    ' ',
    '\n',
    '[',
    ']',
    '1',
    '2',
    '9',
    ',',
    'Document ',
    '【',
    '】',
    '`',
    'x',
    '😀',
    '中',
    '.',
    '-',
    'and',
    '[1]',
    '[9]',
    '\u200b',
  ];
  const cut = randomPieces(random);
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: 1 + random.integer(14) }, () => parts[random.integer(parts.length)]).join('');
    const marked = new MarkedText(resolve);
    const resolvableFrom = random.integer(4);
    let shown = '';
    cut(text).forEach((piece, place) => {
      shown += marked.push(piece, { resolvable: place >= resolvableFrom, ended: false });
    });
    shown += marked.push('', { resolvable: true, ended: true });
    assert.is(shown, whole(text), JSON.stringify(text));
    assert.is(marked.text, shown);
    const outside = shown.replace(/(?<=`[^`]*[\p{L}\p{N}_)\]])\[\d+\]/gu, '');
    for (const [, number] of outside.matchAll(/\[(\d+)\]/g))
      assert.ok(['5', '6'].includes(number!), `${JSON.stringify(text)}: ${shown}`);
  }
});

test('before markers can be resolved the text before the first is given, and the sentence that one stands for is known', () => {
  const statements: string[] = [];
  const marked = new MarkedText((documents, statement) => {
    statements.push(statement);
    return resolve(documents);
  });
  assert.is(marked.push('One is so. Two is 3.5 [1', { resolvable: false, ended: false }), 'One is so. Two is 3.5');
  assert.is(marked.push('] and three.', { resolvable: false, ended: false }), '');
  assert.is(marked.push(' [2]', { resolvable: true, ended: false }), ' [5] and three. [6]');
  assert.is(marked.append([7]), ' [7]');
  assert.equal(statements, ['Two is 3.5', 'Two is 3.5  and three.']);
});

test.run();

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { queryHeadRunConfigSchema } from '../../../configs/index.ts';
import { WordWeights } from '../../../encoders/index.ts';
import { encodeTexts, withCandidates } from '../../../recipes/train/head-examples.ts';
import { readPairs } from '../../../recipes/train/head-pairs.ts';
import { testBackend } from '../../backend.ts';
import { errorOf, withTemporaryFolder, writeJsonl } from '../../fixtures/temporary-folder.ts';
import { wordEncoder } from '../../fixtures/token-encoder.ts';

const test = suite('pairs that a head is trained on');
test.before(async () => {
  await testBackend();
});

const dataOf = (data: Record<string, unknown>) => queryHeadRunConfigSchema.parse({ kind: 'query-head', name: 'x', data }).data;

const SENTENCES = [
  'The first sentence speaks of cats alone.',
  'The second one speaks of dogs instead.',
  'The third is about horses, at last.',
];

test('a corpus gives sentences and the rest, titles and texts, neighbours', () =>
  withTemporaryFolder(async (folder) => {
    const source = join(folder, 'corpus.jsonl');
    await writeJsonl(source, [
      { _id: 'one', title: 'Animals', text: SENTENCES.join(' ') },
      { _id: 'two', title: '', text: 'A short text.' },
      { _id: 'three', title: 'Plants', text: 'Trees and flowers.' },
    ]);
    const read = (pairs: string, more = {}) => readPairs(dataOf({ source, pairs, ...more }), 1);
    const sentences = await read('sentences');
    assert.is(sentences.pairs.length, 1);
    const [taken] = sentences.queries;
    assert.ok(SENTENCES.some((sentence) => taken!.includes(sentence)));
    assert.ok(!sentences.keys[0]!.includes(taken!));
    for (const sentence of SENTENCES) assert.ok(taken!.includes(sentence) || sentences.keys[0]!.includes(sentence));
    assert.equal(await read('sentences'), sentences);

    const titles = await read('titles');
    assert.equal(titles.queries, ['Animals', 'Plants']);
    assert.equal(titles.keys, [SENTENCES.join(' '), 'Trees and flowers.']);
    assert.equal((await read('titles', { limit: 1 })).keys, [SENTENCES.join(' ')]);

    const neighbours = await read('neighbours');
    assert.equal(neighbours.queries.slice(1), ['A short text.']);
    assert.equal(neighbours.keys, ['A short text.', 'Plants Trees and flowers.']);
  }));

test('a file of lines gives pairs, equal texts as one; what is no pair is named by its line', () =>
  withTemporaryFolder(async (folder) => {
    const source = join(folder, 'pairs.jsonl');
    await writeJsonl(source, [
      { query: 'x', text: 'one' },
      { query: 'x', text: 'two' },
      { query: 'y', text: 'one' },
    ]);
    const read = await readPairs(dataOf({ source, pairs: 'jsonl' }), 1);
    assert.equal(read, {
      queries: ['x', 'y'],
      keys: ['one', 'two'],
      pairs: [
        { query: 0, positives: [0, 1] },
        { query: 1, positives: [0] },
      ],
    });
    await writeFile(source, '{"query":"x","text":"one"}\n{"query":"x"}\n');
    const error = await errorOf(() => readPairs(dataOf({ source, pairs: 'jsonl' }), 1));
    assert.is(error.code, 'HEAD_PAIRS');
    assert.match(error.message, /pairs\.jsonl:2: a pair is/);
    await writeFile(source, '\n');
    assert.match(
      (await errorOf(() => readPairs(dataOf({ source, pairs: 'jsonl' }), 1))).message,
      /has no pairs of the kind jsonl/,
    );
  }));

test('hard negatives are what words and vectors find', async () => {
  const keys = ['red apples', 'red cherries', 'blue skies', 'green meadows'];
  const texts = { queries: ['red fruit apples'], keys, pairs: [{ query: 0, positives: [0] }] };
  const words = await WordWeights.count(keys);
  const encoder = wordEncoder(16);
  const [queries, known] = [
    await encodeTexts(encoder, texts.queries, 'query', 8, words),
    await encodeTexts(encoder, keys, 'key', 8, words),
  ];
  assert.equal([queries.rows.count(0), known.rows.size], [3, 4]);
  const whole = { queries: queries.whole, keys: known.whole };
  const [byWords] = await withCandidates(texts, 'words', 2, whole);
  assert.equal(byWords!.candidates, [0, 1]);
  const [byVectors] = await withCandidates(texts, 'encoder', 2, whole);
  assert.equal(byVectors!.candidates, [0, 1]);
  const [both] = await withCandidates(texts, 'both', 4, whole);
  assert.equal([...both!.candidates].sort(), [0, 1, 2, 3]);
  assert.equal((await withCandidates(texts, 'none', 2, whole))[0]!.candidates, []);
});

test.run();

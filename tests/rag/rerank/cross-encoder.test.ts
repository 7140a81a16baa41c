import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openReranker } from '../../../rag/rerank/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { CLS, SEP, wordId, writeTinyCrossEncoder, writeTinyTokenizer } from '../../fixtures/tiny-cross-encoder.ts';

const test = suite('cross-encoders of transformers.js');

const shared = fileURLToPath(new URL('../../../../shared/models/', import.meta.url));

/** The pair as the tiny tokenizer makes it: ids and types. */
function pair(query: string, text: string): [ids: number[], types: number[]] {
  const ids = (words: string) => (words === '' ? [] : words.split(' ').map(wordId));
  const [first, second] = [
    [CLS, ...ids(query), SEP],
    [...ids(text), SEP],
  ];
  return [
    [...first, ...second],
    [...first.map(() => 0), ...second.map(() => 1)],
  ];
}

const close = (found: readonly number[], expected: readonly number[], tolerance = 1e-5) => {
  assert.is(found.length, expected.length);
  found.forEach((value, index) => {
    assert.ok(Math.abs(value - expected[index]!) <= tolerance, `${index}: ${value}, not ${expected[index]}`);
  });
};

test('one raw logit for each pair, whatever it stands in a batch with', () =>
  withTemporaryFolder(async (models) => {
    const tiny = await writeTinyCrossEncoder(join(models, 'tiny'));
    const reranker = await openReranker('cross-encoder:tiny', { models });
    const texts = ['the sky is blue', 'grass', '', 'the apple is red', 'unknownword of the sea'];
    const expected = texts.map((text) => tiny.logits(...pair('blue sky', text))[0]!);
    close(await reranker.score('blue sky', texts), expected);
    for (const [index, text] of texts.entries()) close(await reranker.score('blue sky', [text]), [expected[index]!]);
    close(await reranker.score('', ['grass']), tiny.logits(...pair('', 'grass')));
    assert.equal(await reranker.score('blue sky', []), []);
    // A softmax of one logit would make all of them 1.
    assert.ok(new Set(expected.map((value) => value.toFixed(4))).size > 3);
    await reranker.dispose();
  }));

test('of two logits the score is what the second has over the first', () =>
  withTemporaryFolder(async (models) => {
    const tiny = await writeTinyCrossEncoder(join(models, 'tiny'), { outputs: 2, seed: 3 });
    const reranker = await openReranker('cross-encoder:tiny', { models });
    const texts = ['the sky is blue', 'grass is green', 'sea'];
    const expected = texts.map((text) => {
      const [no, yes] = tiny.logits(...pair('blue sky', text)) as [number, number];
      return yes - no;
    });
    close(await reranker.score('blue sky', texts), expected);
    await reranker.dispose();
  }));

test('models of other outputs are refused by name, absent ones with where they were looked for', () =>
  withTemporaryFolder(async (models) => {
    await writeTinyCrossEncoder(join(models, 'three'), { outputs: 3 });
    const three = await openReranker('cross-encoder:three', { models });
    const error = await errorOf(() => three.score('a', ['b']));
    assert.is(error.code, 'RERANKER_UNSUPPORTED');
    assert.match(error.message, /cross-encoder:three gives 3 logits for a pair/);
    await three.dispose();
    const absent = await errorOf(() => openReranker('cross-encoder:./absent', { models }));
    assert.is(absent.code, 'RERANKER_NOT_FOUND');
    assert.match(absent.message, /The reranker \.\/absent is not on this machine/);
    await writeTinyTokenizer(join(models, 'empty'));
    const short = await errorOf(() => openReranker('cross-encoder:three', { models, maximumTokens: 3 }));
    assert.is(short.code, 'RERANKER_MAXIMUM_TOKENS');
  }));

test('long texts: the end is cut off, or the best window counts', () =>
  withTemporaryFolder(async (models) => {
    const tiny = await writeTinyCrossEncoder(join(models, 'tiny'));
    const options = { models, maximumTokens: 9 };
    const [cut, windows] = [
      await openReranker('cross-encoder:tiny', options),
      await openReranker('cross-encoder:tiny', { ...options, longTexts: 'windows' }),
    ];
    // Room for 6 tokens of both: the query has 2, the text keeps 4; windows of 4 go on by 3.
    const text = 'the grass is green the sky is red a b c blue';
    const parts = ['the grass is green', 'green the sky is', 'is red a b', 'a b c blue'];
    const logits = parts.map((part) => tiny.logits(...pair('blue sky', part))[0]!);
    close(await cut.score('blue sky', [text, 'grass']), [logits[0]!, tiny.logits(...pair('blue sky', 'grass'))[0]!]);
    const [best] = await windows.score('blue sky', [text]);
    const starts = [0, 3, 6, 8].map((start) =>
      text
        .split(' ')
        .slice(start, start + 4)
        .join(' '),
    );
    close([best!], [Math.max(...starts.map((part) => tiny.logits(...pair('blue sky', part))[0]!))]);
    await Promise.all([cut.dispose(), windows.dispose()]);
  }));

test('an aborted signal ends the reading', () =>
  withTemporaryFolder(async (models) => {
    await writeTinyCrossEncoder(join(models, 'tiny'));
    const reranker = await openReranker('cross-encoder:tiny', { models });
    const reason = new Error('enough');
    let thrown: unknown;
    await reranker.score('a', ['b'], { signal: AbortSignal.abort(reason) }).catch((error: unknown) => {
      thrown = error;
    });
    assert.is(thrown, reason);
    await reranker.dispose();
  }));

test('cross-encoder-tiny: the logits that PyTorch gave, alone and together', async () => {
  if (!existsSync(join(shared, 'cross-encoder-tiny'))) {
    console.log('skipped: ../shared/models/cross-encoder-tiny is not beside the checkout');
    return;
  }
  const { pairs } = JSON.parse(await readFile(join(shared, 'cross-encoder-tiny', 'reference.json'), 'utf8')) as {
    pairs: { query: string; text: string; logit: number }[];
  };
  const reranker = await openReranker('cross-encoder:cross-encoder-tiny', { models: shared });
  // Of an empty second text the reference made no pair: it has the logit of a single sequence.
  for (const { query, text, logit } of pairs.filter((reference) => reference.text !== '')) {
    close(await reranker.score(query, [text]), [logit]);
    close((await reranker.score(query, [text, 'The sea is blue.', text])).slice(2), [logit]);
  }
  await reranker.dispose();
});

test.run();

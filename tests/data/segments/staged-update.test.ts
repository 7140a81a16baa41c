import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Document } from '../../../data/documents/document.ts';
import { addToCorpus, stageCorpusUpdate, type UpdateReport } from '../../../data/segments/addition.ts';
import { compactCorpus } from '../../../data/segments/compaction.ts';
import { settleCorpus } from '../../../data/segments/corpus-change.ts';
import { verifyCorpus } from '../../../data/segments/corpus-verification.ts';
import { SegmentedCorpus } from '../../../data/segments/segmented-corpus.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('a staged change of a corpus');

const FAST = { level: 1, dictionarySize: 0, workers: 1 } as const;
const texts = (entries: Readonly<Record<string, string>>) =>
  async function* (): AsyncGenerator<Document> {
    for (const [id, text] of Object.entries(entries)) yield { id, title: '', text };
  };

async function contents(folder: string, state?: string): Promise<Record<string, string>> {
  const corpus = await SegmentedCorpus.open(folder, state === undefined ? {} : { state });
  try {
    const entries: [string, string][] = [];
    for await (const { id, text } of corpus.documents()) entries.push([id, text]);
    return Object.fromEntries(entries);
  } finally {
    await corpus.close();
  }
}

const codeOf = async (action: () => Promise<unknown>): Promise<string> => (await errorOf(action)).code;

async function withCorpus(body: (folder: string, first: UpdateReport) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const corpus = join(folder, 'corpus');
    const documents = texts({ a: 'one', b: 'two', c: 'three' });
    const first = await stageCorpusUpdate(corpus, undefined, { documents, remove: [] }, FAST);
    await settleCorpus(corpus, first.state);
    await body(corpus, first);
  });
}

test('comes and goes at once, and counts when it is settled', () =>
  withCorpus(async (folder, first) => {
    assert.is(first.added, 3);
    const second = await stageCorpusUpdate(folder, first.state, {
      documents: texts({ b: 'TWO', d: 'four', c: 'three' }),
      remove: ['a', 'd', 'z'],
    });
    // a goes; z was never there; d comes though it was to go, so that it stays; c is as it was.
    assert.equal([second.added, second.replaced, second.removed, second.unchanged, second.documents], [1, 1, 1, 1, 3]);
    assert.equal(await contents(folder), { a: 'one', b: 'two', c: 'three' });
    assert.equal(await contents(folder, first.state), { a: 'one', b: 'two', c: 'three' });
    assert.equal(await contents(folder, second.state), { c: 'three', b: 'TWO', d: 'four' });
    await settleCorpus(folder, second.state);
    assert.equal(await contents(folder), { c: 'three', b: 'TWO', d: 'four' });
    assert.is(await codeOf(() => SegmentedCorpus.open(folder, { state: first.state! })), 'CORPUS_STATE');
    await using corpus = await SegmentedCorpus.open(folder);
    await verifyCorpus(corpus);
    await settleCorpus(folder, second.state);
  }));

test('one that is dropped leaves nothing', () =>
  withCorpus(async (folder, first) => {
    const before = await readdir(folder);
    await stageCorpusUpdate(folder, first.state, { documents: texts({ d: 'four' }), remove: [] });
    await settleCorpus(folder, first.state);
    assert.equal(await readdir(folder), before);
    assert.equal(await contents(folder), { a: 'one', b: 'two', c: 'three' });
  }));

test('the next one settles what was left, by the state that it begins with', () =>
  withCorpus(async (folder, first) => {
    const second = await stageCorpusUpdate(folder, first.state, { documents: texts({ d: 'four' }), remove: ['a'] });
    // Its owner was killed after it had noted the second state: it counts.
    const third = await stageCorpusUpdate(folder, second.state, { documents: texts({ e: 'five' }), remove: ['b'] });
    assert.equal(await contents(folder), { b: 'two', c: 'three', d: 'four' });
    // This time before: it does not.
    const fourth = await stageCorpusUpdate(folder, second.state, { documents: texts({}), remove: ['d'] });
    assert.is.not(fourth.state, third.state);
    assert.is(await codeOf(() => SegmentedCorpus.open(folder, { state: third.state! })), 'CORPUS_STATE');
    assert.equal(await contents(folder, fourth.state), { b: 'two', c: 'three' });
  }));

test('documents may all go, and come again', () =>
  withCorpus(async (folder, first) => {
    const none = await stageCorpusUpdate(folder, first.state, { documents: texts({}), remove: ['a', 'b', 'c'] });
    assert.equal([none.removed, none.documents, none.segment], [3, 0, null]);
    await settleCorpus(folder, none.state);
    assert.equal(await contents(folder), {});
    const again = await stageCorpusUpdate(folder, none.state, { documents: texts({ a: 'again' }), remove: [] });
    await settleCorpus(folder, again.state);
    assert.equal(await contents(folder), { a: 'again' });
  }));

test('nothing new stages nothing', () =>
  withCorpus(async (folder, first) => {
    const same = await stageCorpusUpdate(folder, first.state, { documents: texts({ a: 'one' }), remove: ['z'] });
    assert.equal([same.state, same.unchanged, same.added, same.removed, same.segment], [first.state, 1, 0, 0, null]);
    await compactCorpus(folder);
  }));

test('changes that count at once are refused until it is settled', () =>
  withCorpus(async (folder, first) => {
    await stageCorpusUpdate(folder, first.state, { documents: texts({ d: 'four' }), remove: [] });
    assert.is(await codeOf(() => addToCorpus(folder, texts({ e: 'five' }))), 'CORPUS_STAGED');
    assert.is(await codeOf(() => compactCorpus(folder)), 'CORPUS_STAGED');
    assert.is(await codeOf(() => settleCorpus(folder, '00000000-0000-4000-8000-000000000000')), 'CORPUS_STATE');
  }));

test('the first one of a corpus can be dropped, too', () =>
  withTemporaryFolder(async (folder) => {
    const corpus = join(folder, 'corpus');
    await stageCorpusUpdate(corpus, undefined, { documents: texts({ a: 'one' }), remove: [] }, FAST);
    assert.is(await codeOf(() => SegmentedCorpus.open(corpus)), 'CORPUS_MISSING');
    await settleCorpus(corpus, undefined);
    assert.equal(await readdir(corpus), []);
  }));

test.run();

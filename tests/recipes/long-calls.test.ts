import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Listener } from '../../base/index.ts';
import { addToCorpus, buildIndex, compactCorpus, pack, removeFromCorpus, verifyCorpus } from '../../recipes/index.ts';
import { withTemporaryFolder } from '../fixtures/temporary-folder.ts';

const test = suite('recipes: long calls');

const documents = Array.from({ length: 200 }, (_, number) => ({
  id: `d${number}`,
  title: `Note ${number}`,
  text: `The note of number ${number}: ${'a few more words '.repeat(20)}`,
}));

/** Aborts the signal when a stage of this name has got so far. */
function abortAt(name: string, done: number, stop: AbortController): Listener {
  return {
    note: () => undefined,
    stage: (stage) => ({
      progress: (at) => {
        if (stage === name && at >= done) stop.abort(new Error('enough'));
      },
      done: () => undefined,
      fail: () => undefined,
    }),
  };
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'it ended as if nobody had asked it to stop',
    (error: Error) => error.message,
  );
}

test('packing that is aborted ends with the reason of the signal and leaves no file', () =>
  withTemporaryFolder(async (folder) => {
    for (const stage of ['reading', 'packing']) {
      const stop = new AbortController();
      const listener = abortAt(stage, 20, stop);
      const work = pack({ source: documents, output: join(folder, 'corpus.zpkg'), listener, signal: stop.signal });
      assert.is(await reasonOf(work), 'enough', stage);
      assert.equal(await readdir(folder), [], stage);
    }
  }));

test('an addition that is aborted leaves the corpus as it was', () =>
  withTemporaryFolder(async (folder) => {
    const corpus = join(folder, 'corpus');
    await addToCorpus({ corpus, source: documents.slice(0, 10) });
    const stop = new AbortController();
    const listener = abortAt('packing', 20, stop);
    assert.is(await reasonOf(addToCorpus({ corpus, source: documents, listener, signal: stop.signal })), 'enough');
    assert.is((await verifyCorpus({ corpus })).documents, 10);
  }));

test('documents come as they are, from a function, or from a path, and go through the life of a corpus', () =>
  withTemporaryFolder(async (folder) => {
    const corpus = join(folder, 'corpus');
    const source = async function* () {
      yield* documents.slice(0, 3);
    };
    assert.is((await addToCorpus({ corpus, source })).added, 3);
    assert.is((await addToCorpus({ corpus, source: documents.slice(3, 5) })).added, 2);
    assert.is((await removeFromCorpus({ corpus, ids: ['d0'] })).removed, 1);
    assert.is((await compactCorpus({ corpus })).segments, 1);
    assert.is((await verifyCorpus({ corpus })).documents, 4);
  }));

test('a call that was aborted before it began does nothing', () =>
  withTemporaryFolder(async (folder) => {
    const signal = AbortSignal.abort(new Error('before'));
    const index = join(folder, 'index');
    const output = join(folder, 'corpus.zpkg');
    assert.is(await reasonOf(pack({ source: documents, output, signal })), 'before');
    await pack({ source: documents, output });
    assert.is(await reasonOf(buildIndex({ corpus: output, index, signal })), 'before');
    assert.not.ok(existsSync(join(index, 'index.json')));
  }));

test.run();

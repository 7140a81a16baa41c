import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import type { Document } from '../../../data/documents/document.ts';
import { stageCorpusUpdate } from '../../../data/segments/addition.ts';
import { compactCorpus } from '../../../data/segments/compaction.ts';
import { settleCorpus } from '../../../data/segments/corpus-change.ts';
import { verifyCorpus } from '../../../data/segments/corpus-verification.ts';
import { segmentsToMerge } from '../../../data/segments/merge-policy.ts';
import { SegmentedCorpus } from '../../../data/segments/segmented-corpus.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('merging the last segments');

const FAST = { level: 1, dictionarySize: 0, workers: 1 } as const;

async function change(folder: string, state: string | undefined, put: ReadonlyMap<string, string>, remove: string[]) {
  const documents = async function* (): AsyncGenerator<Document> {
    for (const [id, text] of put) yield { id, title: '', text, metadata: { source: id } };
  };
  const report = await stageCorpusUpdate(folder, state, { documents, remove }, FAST);
  await settleCorpus(folder, report.state);
  return report.state;
}

test('the last segments become one; chunks keep their numbers, and the state its name', () =>
  withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'corpus');
    let state = await change(
      folder,
      undefined,
      new Map([
        ['a', 'one'],
        ['b', 'two'],
      ]),
      [],
    );
    state = await change(folder, state, new Map([['c', 'three']]), []);
    state = await change(
      folder,
      state,
      new Map([
        ['d', 'four'],
        ['b', 'TWO'],
      ]),
      [],
    );
    state = await change(folder, state, new Map([['e', 'five']]), ['d']);
    const read = async () => {
      await using corpus = await SegmentedCorpus.open(folder);
      assert.is((await verifyCorpus(corpus)).failed, 0);
      const entries = await Promise.all(
        [...corpus.ids()].map(async (id) => [
          id,
          corpus.chunksOf(id)[0],
          await corpus.documentById(id),
          await corpus.documentMetadata(id),
        ]),
      );
      return { state: corpus.state, segments: corpus.segments.length, entries };
    };
    const before = await read();
    assert.is(before.segments, 4);
    await compactCorpus(folder, { last: 3 });
    assert.equal(await read(), { ...before, segments: 2 });
    // One whole segment is left alone, one with gaps is not.
    const { generation } = await compactCorpus(folder, { last: 1 });
    assert.is((await compactCorpus(folder, { last: 1 })).generation, generation);
    await compactCorpus(folder);
    assert.equal(await read(), { ...before, segments: 1 });
    assert.is(state, before.state);
  }));

test('many small changes leave few segments, and copy each chunk few times', () =>
  withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'corpus');
    const random = new RandomNumbers(3, 'merging');
    const texts = new Map<string, string>();
    let [state, copied]: [string | undefined, number] = [undefined, 0];
    const changes = 60;
    for (let step = 0; step < changes; step++) {
      const put = new Map([[`d${random.integer(40)}`, `text of step ${step}`]]);
      const remove = random.integer(4) === 0 ? [`d${random.integer(40)}`] : [];
      state = await change(folder, state, put, remove);
      for (const id of remove) texts.delete(id);
      for (const [id, text] of put) texts.set(id, text);
      const corpus = await SegmentedCorpus.open(folder);
      const last = segmentsToMerge(corpus);
      if (last > 0) copied += corpus.segments.slice(-last).reduce((sum, { chunkCount }) => sum + chunkCount, 0);
      await corpus.close();
      if (last > 0) await compactCorpus(folder, { last });
      await using after = await SegmentedCorpus.open(folder);
      assert.ok(after.segments.length <= 8, `${after.segments.length} segments`);
    }
    await using corpus = await SegmentedCorpus.open(folder);
    const found = new Map<string, string>();
    for (const id of corpus.ids()) found.set(id, await corpus.documentById(id));
    assert.equal(new Map([...found].sort()), new Map([...texts].sort()));
    // Doubling: no more than the logarithm of the changes for each.
    assert.ok(copied <= changes * Math.log2(changes), `${copied} chunks copied`);
  }));

test.run();

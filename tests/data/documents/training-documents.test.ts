import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { trainingDocuments } from '../../../data/index.ts';
import { collect, errorOf, withTemporaryFolder, writeJsonl } from '../../fixtures/temporary-folder.ts';

const test = suite('training documents');

/** d0 to d4, of which `dev` judges d1 and d2, and `test` d2 and d3. */
async function writeBeir(folder: string): Promise<string> {
  await mkdir(join(folder, 'qrels'), { recursive: true });
  await writeJsonl(
    join(folder, 'corpus.jsonl'),
    [0, 1, 2, 3, 4].map((number) => ({ _id: `d${number}`, text: `text ${number}` })),
  );
  await writeJsonl(join(folder, 'queries.jsonl'), [{ _id: 'q', text: 'query' }]);
  const judge = (split: string, ids: readonly string[]) =>
    writeFile(join(folder, 'qrels', `${split}.tsv`), `query-id\tcorpus-id\tscore\n${ids.map((id) => `q\t${id}\t1\n`).join('')}`);
  await judge('dev', ['d1', 'd2']);
  await judge('test', ['d2', 'd3']);
  return folder;
}

const idsOf = async (documents: AsyncIterable<{ id: string }>) => (await collect(documents)).map(({ id }) => id);

test('of a BEIR folder: all, those that a split judges, none of those that another judges', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writeBeir(folder);
    const ids = async (choice: { split?: string; except?: string }) => {
      const { documents, shareOf } = await trainingDocuments({ source, ...choice });
      assert.is(shareOf, undefined);
      const first = await idsOf(documents());
      assert.equal(await idsOf(documents()), first, 'read anew');
      return first;
    };
    assert.equal(await ids({}), ['d0', 'd1', 'd2', 'd3', 'd4']);
    assert.equal(await ids({ split: 'dev' }), ['d1', 'd2']);
    assert.equal(await ids({ except: 'test' }), ['d0', 'd1', 'd4']);
    assert.equal(await ids({ split: 'dev', except: 'test' }), ['d1']);
    assert.is((await errorOf(() => trainingDocuments({ source, except: 'none' }))).code, 'BEIR_SPLIT');
    assert.is((await errorOf(() => trainingDocuments({ source: join(folder, 'nowhere') }))).code, 'DATA_MISSING');
  }));

test('further corpora come after the first, with their name before their ids, in shares of the largest weight', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writeBeir(join(folder, 'beir'));
    const notes = join(folder, 'notes.jsonl');
    await writeJsonl(notes, [{ _id: 'd0', text: 'another' }]);
    const first = { source, split: 'dev' };
    const equal = await trainingDocuments(first, [{ source: notes, weight: 1 }]);
    assert.equal(await idsOf(equal.documents()), ['d1', 'd2', 'notes/d0']);
    assert.is(equal.shareOf, undefined, 'equal weights: all of all');
    const lighter = await trainingDocuments(first, [{ source: notes, weight: 0.25 }]);
    assert.equal(['d1', 'notes/d0'].map(lighter.shareOf!), [1, 0.25]);
    const heavier = await trainingDocuments(first, [{ source: notes, weight: 4 }]);
    assert.equal(['d1', 'notes/d0'].map(heavier.shareOf!), [0.25, 1]);

    const rows = join(folder, 'rows.jsonl');
    await writeJsonl(rows, [{ _id: 'notes/d0', text: 'an id that begins like those of notes.jsonl' }]);
    const mixed = await trainingDocuments({ source: rows }, [{ source: notes, weight: 0.5 }]);
    assert.is((await errorOf(() => idsOf(mixed.documents()))).code, 'DATA_TWICE');

    const other = join(folder, 'other');
    await mkdir(other);
    const same = join(other, 'notes.jsonl');
    await writeJsonl(same, [{ _id: 'd0', text: 'a third' }]);
    const twice = await errorOf(() =>
      trainingDocuments(first, [
        { source: notes, weight: 1 },
        { source: same, weight: 1 },
      ]),
    );
    assert.is(twice.code, 'DATA_TWICE');
  }));

test.run();

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DocumentReader } from '../../../data/index.ts';
import { IndexFolder, synchroniseIndex } from '../../../rag/index.ts';
import { HashEncoder, hashVector, MAKERS, makeDocuments, packDocuments, withFolder } from '../fixtures.ts';
import { makeEarlierIndex } from './earlier-index.ts';

const test = suite('an index of before there were passages');

test('it is searched as it is; written to, it has passages, and nothing of it is encoded again', () =>
  withFolder(async (parent) => {
    const reader = await DocumentReader.open(await packDocuments(join(parent, 'a.zpkg'), makeDocuments(30)));
    const folder = join(parent, 'index');
    await makeEarlierIndex(folder, reader, MAKERS);
    const query = hashVector(await reader.compressedChunk(17));
    const best = async (index: IndexFolder) => {
      const [hit] = await index.store.search(query, { k: 3 });
      assert.ok(Math.abs(hit!.score - 1) < 1e-6);
      return [hit!.document, hit!.chunk, hit!.passage];
    };
    const wanted = [reader.documentOf(17), 17, 0];

    const before = await readFile(join(folder, 'index.json'), 'utf8');
    const searching = await IndexFolder.openForSearch(folder);
    assert.equal(await best(searching), wanted);
    assert.is(searching.manifest.passages, undefined);
    await searching.close();
    assert.is(await readFile(join(folder, 'index.json'), 'utf8'), before);

    const writing = await IndexFolder.openForIndexing(folder, MAKERS);
    const result = await synchroniseIndex(reader, new HashEncoder(), writing.store);
    assert.equal([result.encoded, result.removed, result.chunks, result.passages], [0, 0, reader.chunkCount, reader.chunkCount]);
    await writing.finish(result);
    await writing.close();

    const again = await IndexFolder.openForSearch(folder);
    assert.equal(await best(again), wanted);
    assert.equal([again.manifest.version, again.manifest.passages], [2, reader.chunkCount]);
    await again.close();
    await reader.close();
  }));

test.run();

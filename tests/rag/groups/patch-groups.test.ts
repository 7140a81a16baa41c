import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import { DocumentReader } from '../../../data/index.ts';
import { type GroupDescription, patchGroup } from '../../../encoders/index.ts';
import { StoredGroups } from '../../../rag/groups/stored-groups.ts';
import { PassageGroups, patchGroupMaker, type StoredGroupSettings } from '../../../rag/index.ts';
import { testBackend } from '../../backend.ts';
import { tinyConfig, tinyModel } from '../../model/tiny-model.ts';
import { makeDocuments, packDocuments, withFolder } from '../fixtures.ts';

const test = suite('groups of patches, from compressed chunks to store');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 12;

test('every passage has the group of its patches, and nothing is decompressed', () =>
  withFolder(async (folder) => {
    const zpkg = await packDocuments(join(folder, 'a.zpkg'), makeDocuments(12), true, { passageSize: 256 });
    const source = await DocumentReader.open(zpkg, {
      decompressor: () => ({
        decompress: (): Uint8Array => {
          throw new CemError('TEST_DECOMPRESSED', 'a document was decompressed');
        },
      }),
    });
    const model = tinyModel(tinyConfig(), DIMENSION);
    const patches = { revision: 'tiny', dimension: DIMENSION, most: 20 };
    const encoder = { model: 'words', revision: 'main', remote: true, dtype: 'fp32' as const, batchSize: 32 };
    const config: StoredGroupSettings['config'] = { encoder, vectorizer: { strategy: 'token_pool_topK', k: 32 }, patches };
    const description: GroupDescription = {
      encoder: { id: 'words', revision: '1', dimension: DIMENSION, settings: {} },
      vectorizer: config.vectorizer,
      patches,
      dimension: DIMENSION,
    };
    const maker = patchGroupMaker(model, source.dictionary, description, undefined);
    await using groups = await PassageGroups.create(join(folder, 'groups'), maker, { config, codec: 'float16' });
    let passages = 0;
    for (let chunk = 0; chunk < source.chunkCount; chunk++) {
      const frame = await source.compressedChunk(chunk);
      const spans = (await source.passagesOf(chunk)) ?? [undefined];
      passages += spans.length;
      await groups.add(
        chunk,
        spans.map((span) => ({ frame, span })),
      );
    }
    await groups.finish();
    assert.ok(passages > source.chunkCount);
    assert.is(groups.passages, passages);
    assert.equal(groups.settings!.description['patches'], patches);
    for (let chunk = 0; chunk < source.chunkCount; chunk++) {
      const stored = (await groups.groupsOf(chunk))!;
      const reader = new StoredGroups({ groupsAt: async () => [...stored] }, groups.settings!);
      const read = await reader.groupsOf([]);
      const spans = await source.passagesOf(chunk);
      const wanted = await model.encodePatches([await source.compressedChunk(chunk)], source.dictionary, [spans]);
      assert.is(read.length, wanted.length);
      wanted.forEach((passage, place) => {
        const { data, vectors } = patchGroup(passage, patches.most);
        assert.equal([read[place]!.vectors, read[place]!.words], [vectors, undefined]);
        const error = Math.max(...data.map((value, i) => Math.abs(value - read[place]!.data[i]!)));
        assert.ok(error < 1e-3, `passage ${place} of chunk ${chunk}: ${error} off`);
      });
    }
    model.dispose();
    await source.close();
  }));

test.run();

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DocumentReader, type Metadata, packCorpus } from '../../../data/index.ts';
import { mappingPathOf } from '../../../data/mapping/mapping.ts';
import { corpusIdentity } from '../../../rag/index.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('identity of a corpus');

async function identityOf(path: string, metadata?: Metadata): Promise<string> {
  await packCorpus(
    async function* () {
      yield { id: 'a', title: '', text: 'a text', ...(metadata !== undefined && { metadata }) };
    },
    path,
    { level: 1, dictionarySize: 0, force: true },
  );
  const reader = await DocumentReader.open(path);
  const identity = await corpusIdentity(reader);
  await reader.close();
  return identity;
}

test('it changes with the metadata, and without any it is what it was before there was any', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'corpus.zpkg');
    const none = await identityOf(path);
    const reader = await DocumentReader.open(path);
    const { fingerprint } = reader.container;
    await reader.close();
    // Fingerprint, one chunk, no dictionary; then the mapping.
    const before = createHash('sha256')
      .update(`${fingerprint} 1 0\n`)
      .update(await readFile(mappingPathOf(path)));
    assert.is(none, before.digest('hex'));
    const staff = await identityOf(path, { labels: ['staff'] });
    const everyone = await identityOf(path, { labels: ['everyone'] });
    assert.is(new Set([none, staff, everyone]).size, 3);
    assert.is(await identityOf(path, { labels: ['staff'] }), staff);
    assert.is(await identityOf(path), none);
  });
});

test.run();

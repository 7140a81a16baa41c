import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCheckpointState } from '../../../checkpoints/index.ts';
import { cutPassages, DocumentReader, verifyMetadata } from '../../../data/index.ts';
import { selectBackend } from '../../../model/backend/index.ts';
import { train } from '../../../training/index.ts';
import { restoreBackend } from '../../backend.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { trainOptions } from '../../fixtures/train-options.ts';
import { tinyRun, writePassages } from '../tiny-run.ts';

const test = suite('run whose corpus has passages');
test.before(async () => {
  await selectBackend('wasm');
});
test.after(async () => {
  await restoreBackend();
});

test('the corpus is packed with passages where the configuration says so, and checkpoints say it; without it, all is as before', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 20);
    const values = tinyRun(source, 2);
    const { pack } = values as { pack: object };
    const [plain, cut] = [join(folder, 'plain'), join(folder, 'cut')];
    await train(trainOptions(plain, values));
    await train(trainOptions(cut, { ...values, pack: { ...pack, passageSize: 128, passageOverlap: 20 } }));
    assert.equal((await readCheckpointState(join(plain, 'checkpoints', '2'))).pack, pack);
    const state = await readCheckpointState(join(cut, 'checkpoints', '2'));
    assert.equal(state.pack, { ...pack, passageSize: 128, passageOverlap: 20 });
    assert.not((await readdir(plain)).includes('corpus.zpkg.meta'));
    await using reader = await DocumentReader.open(join(cut, 'corpus.zpkg'));
    assert.ok((await verifyMetadata(reader)).passages > 2 * reader.chunkCount);
    for (let chunk = 0; chunk < reader.chunkCount; chunk++) {
      const expected = cutPassages(await reader.chunkText(chunk), { size: 128, overlap: 20 });
      assert.equal(await reader.passagesOf(chunk), expected.length > 1 ? expected : undefined);
    }
    // The container is the same: passages are beside it.
    assert.is((await stat(join(cut, 'corpus.zpkg'))).size, (await stat(join(plain, 'corpus.zpkg'))).size);
  }));

test.run();

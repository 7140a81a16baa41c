import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { layersModelFiles, writeLayersModel } from '../../../checkpoints/export/layers-model.ts';
import { graphArrays } from '../../../checkpoints/store/graph-weights.ts';
import { tf } from '../../../model/backend/index.ts';
import { testBackend } from '../../backend.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { tinyModel } from '../fixtures.ts';

const test = suite('checkpoints/export/join-weights');
test.before(async () => {
  await testBackend();
});

test('weights of a version whose blocks had a variable for each matrix are joined', () =>
  withTemporaryFolder(async (folder) => {
    const model = tinyModel();
    await writeLayersModel(model.graph, folder);
    const arrays = await graphArrays(model.graph);
    const path = join(folder, 'model.json');
    const json = JSON.parse(await readFile(path, 'utf8')) as { weightsManifest: object[] };
    const weights = [...arrays].map(([name, { shape }]) => ({ name, shape, dtype: 'float32' }));
    assert.equal(
      weights.filter(({ name }) => name.startsWith('local/0/attention/')).map(({ name }) => name.slice(18)),
      ['norm', 'query', 'key', 'value', 'output'],
    );
    const numbers = Buffer.concat(
      [...arrays.values()].map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    );
    // The first shard ends inside of a weight.
    const shards = [numbers.subarray(0, 4004), numbers.subarray(4004)];
    const paths = shards.map((_, index) => `old${index}.bin`);
    for (const [index, shard] of shards.entries()) await writeFile(join(folder, paths[index]!), shard);
    await writeFile(path, JSON.stringify({ ...json, weightsManifest: [{ paths, weights }] }));
    const loaded = await tf.loadLayersModel(layersModelFiles(folder));
    assert.equal(await graphArrays(loaded), arrays);
    loaded.dispose();
    model.dispose();
  }));

test.run();

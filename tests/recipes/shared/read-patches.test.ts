import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import { loadStudent } from '../../../checkpoints/index.ts';
import { readPatches, type TextPatches } from '../../../recipes/shared/read-patches.ts';
import { testBackend } from '../../backend.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { saveIngestStudent } from '../ingest/student.ts';

const test = suite('patches of texts');
test.before(async () => {
  await testBackend();
});

test('texts are packed, and read by their patches without being decompressed', () =>
  withTemporaryFolder(async (folder) => {
    const run = join(folder, 'run');
    await saveIngestStudent(run);
    using student = await loadStudent(run);
    const texts = ['Cargo is loaded by the derrick near the jetty. '.repeat(9).trim(), 'A pilot.', 'Nothing else.'];
    const read: TextPatches[] = [];
    const decompressor = () => ({
      decompress: (): Uint8Array => {
        throw new CemError('TEST_DECOMPRESSED', 'a text was decompressed');
      },
    });
    let done = 0;
    const onProgress = (some: number) => {
      done = some;
    };
    for await (const text of readPatches(texts, student, { decompressor, onProgress })) read.push(text);
    assert.equal([read.length, done], [3, 3]);
    for (const { patches, dimension, vectors, chunks } of read) {
      assert.is(dimension, student.student.dimension);
      assert.is(vectors.length, patches * dimension);
      assert.is(chunks.length, dimension);
      assert.ok(Math.abs(Math.hypot(...chunks) - 1) < 1e-5);
    }
    assert.ok(read[0]!.patches > read[1]!.patches);
  }));

test.run();

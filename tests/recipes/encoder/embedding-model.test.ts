import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadStudent } from '../../../checkpoints/index.ts';
import { openEmbeddingModel, openEncoder } from '../../../recipes/encoder/index.ts';
import { createCompressor } from '../../../zpkg/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { saveIngestStudent } from '../ingest/student.ts';

const test = suite('a checkpoint embeds texts');

const TEXTS = ['anchor beacon cargo lantern', '灯塔由守灯人管理。', ''];
const rowsOf = ({ data, dimension }: { readonly data: Float32Array; readonly dimension: number }): number[][] =>
  Array.from({ length: data.length / dimension }, (_, row) => [...data.subarray(row * dimension, (row + 1) * dimension)]);

test("documents are frames in memory, queries the teacher's; both as the encoder has them", () =>
  withTemporaryFolder(async (folder) => {
    const checkpoint = join(folder, 'run');
    await saveIngestStudent(checkpoint);
    await using model = await openEmbeddingModel({ checkpoint });
    assert.is(model.name, 'run');
    const { dimension, dimensions, revision } = await model.describe();
    // As many as the teacher could be fitted to.
    assert.equal([dimension, dimensions], [5, [5]]);
    const documents = await model.embed(TEXTS, { side: 'document' });
    assert.equal([documents.rows, documents.dimension, documents.unread], [3, 5, undefined]);

    // By hand: each text as a frame of its own, no dictionary, the level of the training corpus (19).
    using loaded = await loadStudent(checkpoint);
    assert.is(loaded.hash, revision);
    const compressor = createCompressor({ level: 19 });
    const frames = TEXTS.map((text) => compressor.compress(Buffer.from(text)));
    assert.equal(rowsOf(documents), rowsOf(await loaded.student.encodeChunks(frames, new Uint8Array(0))));

    await using encoder = await openEncoder({ checkpoint });
    assert.equal(rowsOf(await encoder.encodeTexts(TEXTS)), rowsOf(documents));
    const queries = await model.embed(TEXTS, { side: 'query' });
    assert.equal(rowsOf(queries), rowsOf(await encoder.encodeQueries(TEXTS)));
    assert.not.equal(rowsOf(queries)[0], rowsOf(documents)[0]);
    for (const [row] of [rowsOf(queries), rowsOf(documents)]) assert.ok(Math.abs(Math.hypot(...row!) - 1) < 1e-4);
  }));

test('more texts than go through in one call come out in their order', () =>
  withTemporaryFolder(async (folder) => {
    const checkpoint = join(folder, 'run');
    await saveIngestStudent(checkpoint);
    await using model = await openEmbeddingModel({ checkpoint });
    const texts = Array.from({ length: 70 }, (_, number) => `text ${number}`);
    const all = rowsOf(await model.embed(texts, { side: 'document' }));
    for (const number of [0, 31, 32, 69]) {
      const [one] = rowsOf(await model.embed([texts[number]!], { side: 'document' }));
      assert.ok(
        all[number]!.every((value, index) => Math.abs(value - one![index]!) < 1e-5),
        `${number}`,
      );
    }
    const gone = AbortSignal.abort(new Error('gone'));
    const failure = await model.embed(texts, { side: 'document', signal: gone }).catch((error: unknown) => error);
    assert.is(failure, gone.reason);
  }));

test('a length that was not trained for is refused; a checkpoint that is not there fails when it is first asked', () =>
  withTemporaryFolder(async (folder) => {
    const checkpoint = join(folder, 'run');
    await saveIngestStudent(checkpoint);
    await using model = await openEmbeddingModel({ checkpoint });
    for (const side of ['query', 'document'] as const)
      assert.is((await errorOf(() => model.embed(['x'], { side, dimension: 4 }))).code, 'DIMENSION_NOT_TRAINED');
    await using absent = await openEmbeddingModel({ checkpoint: join(folder, 'absent') });
    assert.is((await errorOf(() => absent.describe())).code, 'CHECKPOINT_MISSING');
  }));

test('its name is that of the checkpoint or its run', async () => {
  const names = await Promise.all(
    ['checkpoints/cem-small-en', 'runs/demo', 'runs/demo/checkpoints/2000'].map(
      async (checkpoint) => (await openEmbeddingModel({ checkpoint })).name,
    ),
  );
  assert.equal(names, ['cem-small-en', 'demo', 'demo']);
});

test.run();

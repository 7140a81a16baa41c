import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import { type TextEmbedder, TextStudentEncoder } from '../../../encoders/index.ts';
import type { Patcher } from '../../../model/patching/patcher.ts';
import { testBackend } from '../../backend.ts';
import { patchings, uneven } from '../../model/graph-variants.ts';
import { tinyConfig, tinyModel } from '../../model/tiny-model.ts';

const test = suite('text student encoder');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 12;
const queries: TextEmbedder = {
  description: { id: 'teacher', revision: '1', dimension: DIMENSION, settings: {} },
  embedDocuments: async () => {
    throw new TypeError('a student encodes the documents');
  },
  embedQueries: async (texts) => ({
    rows: texts.length,
    dimension: DIMENSION,
    data: new Float32Array(texts.length * DIMENSION).fill(1),
  }),
  dispose: async () => {},
};
const documents = new Map([
  ['a', 'The quick brown fox jumps over the lazy dog.'],
  ['b', 'Grüße, ein zweiter Text'],
  ['c', ''],
]);

for (const [name, changes] of Object.entries(patchings).filter(([, { input }]) => input === 'text')) {
  test(`documents by id in the asked order, one vector each, queries by the teacher: ${name}`, async () => {
    const model = tinyModel(tinyConfig(changes), DIMENSION);
    // As an entropy patcher, it knows only texts that were prepared.
    const prepared = new Set<string>();
    const patcher: Patcher = {
      prepare: async (texts) => {
        for (const text of texts) prepared.add(Buffer.from(text).toString());
      },
      boundaries: (chunk) => {
        assert.ok(prepared.has(Buffer.from(chunk.text!).toString()), 'prepared');
        return uneven.boundaries(chunk);
      },
    };
    model.useEntropyPatcher(patcher);
    const encoder = new TextStudentEncoder(model, documents, queries, 'hash');
    const progress: number[][] = [];
    const corpus = await encoder.encodeCorpus(['b', 'a', 'c'], (done, total) => progress.push([done, total]));
    assert.equal([corpus.rows, corpus.dimension, [...corpus.owners]], [3, DIMENSION, [0, 1, 2]]);
    assert.equal(progress, [[3, 3]]);
    const alone = await model.encodeTexts([Buffer.from(documents.get('a')!)]);
    const second = corpus.data.subarray(DIMENSION, 2 * DIMENSION);
    assert.ok(second.every((value, i) => Math.abs(value - alone.data[i]!) < 1e-5));
    assert.equal([...corpus.data.subarray(2 * DIMENSION)], Array<number>(DIMENSION).fill(0));
    assert.is((await encoder.encodeQueries(['query'])).data[0], 1);
    assert.is(encoder.description.dimension, DIMENSION);
    model.dispose();
  });
}

test('an unknown id is refused by name', async () => {
  const student = { dimension: 1, encodeTexts: async () => ({ rows: 0, dimension: 1, data: new Float32Array(0) }) };
  const encoder = new TextStudentEncoder(student, documents, queries, 'hash');
  const error: unknown = await encoder.encodeCorpus(['a', 'x']).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof CemError && error.code === 'ENCODER_UNKNOWN_ID');
});

test.run();

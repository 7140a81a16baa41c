import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BeirData } from '../../../data/index.ts';
import { StudentEncoder, type TextEmbedder, type Vectors } from '../../../encoders/index.ts';
import { DevEvaluation, type DevEvaluationInput, evaluateStudent } from '../../../eval/index.ts';
import { modelConfigSchema } from '../../../model/config.ts';
import { CemModel } from '../../../model/embedder.ts';
import { testBackend } from '../../backend.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('evaluation on development data');
test.before(async () => {
  await testBackend();
});

const TOPICS = ['granite quarry', 'orchid meadow', 'harbour crane', 'violin bow', 'comet tail', 'saffron spice'];
const DIMENSION = 8;

const DATA: BeirData = {
  async *documents() {
    for (const [index, topic] of TOPICS.entries()) {
      yield { id: `d${index}`, title: topic, text: `Notes on the ${topic}, ${'and what belongs to it; '.repeat(index)}end.` };
      yield { id: `other${index}`, title: '', text: `Nothing that anybody asks for, number ${index}.` };
    }
  },
  queries: new Map(TOPICS.map((topic, index) => [`q${index}`, topic])),
  qrels: new Map(TOPICS.map((_, index) => [`q${index}`, new Map([[`d${index}`, 1]])])),
};

/** Counts letters: a teacher that is neither perfect nor blind. */
function letterVectors(texts: readonly string[]): Vectors {
  const rows = texts.map((text) => {
    const counts = Array.from(
      { length: DIMENSION },
      (_, letter) => 1e-3 + text.split(String.fromCharCode(97 + letter)).length - 1,
    );
    const norm = Math.hypot(...counts);
    return counts.map((count) => count / norm);
  });
  return { rows: rows.length, dimension: DIMENSION, data: Float32Array.from(rows.flat()) };
}

function countingTeacher(): { teacher: TextEmbedder; calls: { documents: number; queries: number } } {
  const calls = { documents: 0, queries: 0 };
  const teacher: TextEmbedder = {
    description: { id: 'letters', revision: '1', dimension: DIMENSION, settings: {} },
    embedDocuments: async (texts) => {
      calls.documents += texts.length;
      return letterVectors(texts);
    },
    embedQueries: async (texts) => {
      calls.queries += texts.length;
      return letterVectors(texts);
    },
    dispose: async () => {},
  };
  return { teacher, calls };
}

const SHAPE = {
  tables: { sizes: [3], rows: 500 },
  local: { dimension: 8, layers: 0, heads: 2 },
  global: { dimension: 16, layers: 1, heads: 2 },
};
const model = (input: 'symbols' | 'text', seed: number) =>
  CemModel.create(modelConfigSchema.parse({ ...SHAPE, input }), DIMENSION, seed);

/** A dictionary as a run would have it, from a container of the documents. */
const DICTIONARY = Buffer.from('Notes on the quarry, and what belongs to it; Nothing that anybody asks for, number ');
const PACK = { level: 3, targetChunkSize: 4096, dictionary: DICTIONARY };

const neverDecompress = () => ({
  decompress(): never {
    throw new Error('nothing may be decompressed');
  },
});

const input = (folder: string, teacher: TextEmbedder): DevEvaluationInput => ({
  data: DATA,
  candidates: 'corpus',
  reads: 'compressed chunks',
  zpkg: join(folder, 'dev.zpkg'),
  pack: PACK,
  teacher,
  decompressor: neverDecompress,
});

test('the figures of a whole evaluation of the same weights, and nothing is decompressed; the teacher is asked once', () =>
  withTemporaryFolder(async (folder) => {
    const { teacher, calls } = countingTeacher();
    const evaluation = await DevEvaluation.open(input(folder, teacher));
    assert.is(evaluation.queries, TOPICS.length);
    for (const seed of [1, 2]) {
      const student = model('symbols', seed);
      const whole = await evaluateStudent({
        data: DATA,
        candidates: 'corpus',
        student: (chunks, queries) => new StudentEncoder(student, chunks, queries),
        teacher: countingTeacher().teacher,
        pack: PACK,
        temporaryFolder: folder,
      });
      const got = await evaluation.evaluate(student);
      assert.ok(evaluation.teacherNdcg > 0.3 && evaluation.teacherNdcg < 1, `teacher ${evaluation.teacherNdcg}`);
      assert.is(evaluation.teacherNdcg, whole.encoders.teacher['ndcg_at_10']);
      assert.equal(got, { 'ndcg@10': whole.encoders.student['ndcg_at_10'], retention: whole.retention });
      student.dispose();
    }
    assert.equal(calls, { documents: 2 * TOPICS.length, queries: TOPICS.length });
    await evaluation.close();
  }));

test('a container that is there is used again; judged candidates are those of all queries, however few are asked', () =>
  withTemporaryFolder(async (folder) => {
    const { teacher, calls } = countingTeacher();
    const few = { ...input(folder, teacher), candidates: 'judged' as const, queries: 2 };
    const first = await DevEvaluation.open(few);
    await first.close();
    assert.is(first.queries, 2);
    assert.equal(calls, { documents: TOPICS.length, queries: 2 });
    const { mtimeMs } = await stat(few.zpkg);
    const again = await DevEvaluation.open(few);
    assert.is((await stat(few.zpkg)).mtimeMs, mtimeMs);
    await again.close();
    const many = await DevEvaluation.open({ ...few, queries: 100 });
    assert.is(many.queries, TOPICS.length);
    await many.close();
  }));

test('a model of texts is given the texts, and no container is made', () =>
  withTemporaryFolder(async (folder) => {
    const { teacher } = countingTeacher();
    const evaluation = await DevEvaluation.open({ ...input(folder, teacher), reads: 'text' });
    const student = model('text', 1);
    const { 'ndcg@10': value, retention } = await evaluation.evaluate(student);
    assert.ok(value > 0 && value <= 1);
    assert.is(retention, value / evaluation.teacherNdcg);
    assert.not.ok(existsSync(join(folder, 'dev.zpkg')));
    student.dispose();
    await evaluation.close();
  }));

test('a teacher that finds nothing leaves a retention of 0', () =>
  withTemporaryFolder(async (folder) => {
    // Ten other documents are ranked before the one that is asked for.
    const blind: TextEmbedder = {
      ...countingTeacher().teacher,
      embedDocuments: async (texts) => {
        const vectors = { rows: texts.length, dimension: DIMENSION, data: new Float32Array(texts.length * DIMENSION) };
        texts.forEach((text, row) => {
          vectors.data[row * DIMENSION + (text.startsWith('Nothing') ? 0 : 1)] = 1;
        });
        return vectors;
      },
      embedQueries: async (texts) => {
        const data = new Float32Array(texts.length * DIMENSION);
        for (const row of texts.keys()) data[row * DIMENSION] = 1;
        return { rows: texts.length, dimension: DIMENSION, data };
      },
    };
    const data: BeirData = {
      ...DATA,
      async *documents() {
        yield* DATA.documents();
        for (let index = 6; index < 12; index++) yield { id: `other${index}`, title: '', text: `Nothing, number ${index}.` };
      },
    };
    const evaluation = await DevEvaluation.open({ ...input(folder, blind), data });
    assert.is(evaluation.teacherNdcg, 0);
    const student = model('symbols', 1);
    assert.is((await evaluation.evaluate(student)).retention, 0);
    student.dispose();
    await evaluation.close();
  }));

test('passages: the same figures as an evaluation of their own, teacher and student by the best passage', () =>
  withTemporaryFolder(async (folder) => {
    const { teacher, calls } = countingTeacher();
    const pack = { ...PACK, passageSize: 64 };
    const dev = await DevEvaluation.open({ ...input(folder, teacher), pack });
    assert.ok(calls.documents > 2 * TOPICS.length, 'passages, which are more than documents');
    const student = model('symbols', 3);
    try {
      const figures = await dev.evaluate(student);
      const whole = await evaluateStudent({
        data: DATA,
        candidates: 'corpus',
        student: (source, queries) => new StudentEncoder(student, source, queries),
        teacher,
        pack,
        temporaryFolder: folder,
      });
      assert.is(dev.teacherNdcg, whole.encoders.teacher['ndcg_at_10']);
      assert.is(figures['ndcg@10'], whole.encoders.student['ndcg_at_10']);
    } finally {
      student.dispose();
      await dev.close();
    }
  }));

test.run();

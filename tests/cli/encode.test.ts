import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadStudent } from '../../checkpoints/index.ts';
import { encodeCommand } from '../../cli/commands/encode.ts';
import { DocumentReader, readCorpus } from '../../data/index.ts';
import { NpyReader, PrecomputedEncoder } from '../../encoders/index.ts';
import { evaluate } from '../../eval/index.ts';
import { ExactRetriever } from '../../search/exact/index.ts';
import { collect, errorOf, writeJsonl } from '../fixtures/temporary-folder.ts';
import { runCommand } from './run-command.ts';
import { TOPICS, withSmallRun } from './small-run.ts';

const test = suite('cem encode');

const encode = (...words: string[]): Promise<string> => runCommand(encodeCommand, ['encode', ...words]);

test('student: a row for each chunk, from the packed corpus alone; queries by the teacher', () =>
  withSmallRun(async ({ folder, data, zpkg, run }) => {
    const output = join(folder, 'student.npy');
    const words = ['--encoder', 'student', '--checkpoint', run, '--zpkg', zpkg, '--output', output, '--queries', data, '--json'];
    const result = JSON.parse(await encode(...words));
    assert.is(result.encoder.id, 'cem');
    const reader = await DocumentReader.open(zpkg);
    assert.ok(reader.chunkCount > 2 * TOPICS.length, 'some documents have several chunks');
    assert.equal([result.documents.documents, result.documents.rows], [2 * TOPICS.length, reader.chunkCount]);
    const loaded = await loadStudent(run);
    const frames = await Promise.all(Array.from({ length: reader.chunkCount }, (_, chunk) => reader.compressedChunk(chunk)));
    const expected = await loaded.student.encodeChunks(frames, reader.dictionary);
    const matrix = await NpyReader.open(output);
    const vectors = await matrix.read(0, matrix.rows);
    assert.ok(vectors.every((value, index) => Math.abs(value - expected.data[index]!) < 1e-5));
    await matrix.close();
    const ids = (await readFile(join(folder, 'student.ids.jsonl'), 'utf8')).trimEnd().split('\n');
    assert.equal(
      ids.map((line) => JSON.parse(line)._id),
      Array.from({ length: reader.chunkCount }, (_, chunk) => reader.documentOf(chunk)),
    );
    loaded.dispose();
    await reader.close();
  }));

test('LSA, written and read again, ranks as before', () =>
  withSmallRun(async ({ folder, data }) => {
    const output = join(folder, 'lsa.npy');
    await encode('--encoder', 'lsa', '--dimension', '6', '--data', data, '--queries', data, '--output', output);
    const encoder = await PrecomputedEncoder.open({ documents: output, queries: join(folder, 'lsa.queries.npy') });
    const ids = (await collect(readCorpus(data))).map(({ id }) => id);
    const queries = new Map(TOPICS.map((text, index) => [`q${index}`, text]));
    const qrels = new Map(
      TOPICS.map((_, index) => [
        `q${index}`,
        new Map([
          [`d${index}`, 1],
          [`long${index}`, 1],
        ]),
      ]),
    );
    const { rows } = await evaluate({ ids, queries, qrels, retrievers: [await ExactRetriever.create(encoder, ids)] });
    // A topic's words occur in its own documents only, and six dimensions hold six topics.
    assert.is(rows[0]!.average['recall_at_3'], 1);
    await encoder.close();
  }));

test('teacher, a fitted LSA and random; 16 bits', () =>
  withSmallRun(async ({ folder, data, zpkg, run }) => {
    const read = async (name: string): Promise<Float32Array> => {
      const matrix = await NpyReader.open(join(folder, name));
      const vectors = await matrix.read(0, matrix.rows);
      await matrix.close();
      return vectors;
    };
    await encode('--encoder', 'teacher', '--checkpoint', run, '--data', data, '--output', join(folder, 'teacher.npy'));
    const fitted = `lsa:${join(run, 'teacher')}`;
    await encode('--encoder', fitted, '--data', data, '--output', join(folder, 'fitted.npy'), '--precision', 'float16');
    const [teacher, half] = [await read('teacher.npy'), await read('fitted.npy')];
    assert.is(teacher.length, 2 * TOPICS.length * 4);
    assert.ok(teacher.every((value, index) => Math.abs(value - half[index]!) < 2 ** -10));
    for (const [flag, input] of [
      ['--data', data],
      ['--zpkg', zpkg],
    ] as const) {
      await encode('--encoder', 'random', '--dimension', '5', flag, input, '--output', join(folder, `random${flag}.npy`));
    }
    assert.equal(await read('random--data.npy'), await read('random--zpkg.npy'));
  }));

test('what makes no sense is refused by name, and leaves nothing', () =>
  withSmallRun(async ({ folder, data, zpkg, run }) => {
    const output = join(folder, 'out.npy');
    const codeOf = async (...words: string[]): Promise<string> =>
      (await errorOf(() => encode('--output', output, ...words))).code;
    assert.is(await codeOf('--encoder', 'student', '--checkpoint', run, '--data', data), 'ENCODE_INPUT');
    assert.is(await codeOf('--encoder', 'teacher', '--checkpoint', run, '--zpkg', zpkg), 'ENCODE_INPUT');
    assert.is(await codeOf('--encoder', 'word2vec', '--data', data), 'ENCODE_ENCODER');
    assert.is(await codeOf('--encoder', 'transformers', '--data', data), 'ENCODE_ENCODER');
    assert.is(await codeOf('--encoder', 'lsa', '--data', data, '--task', 'scifact'), 'ENCODE_TASK');
    assert.is(await codeOf('--encoder', 'transformers:MODEL', '--data', data, '--task', 'bioasq'), 'ENCODE_TASK');
    assert.is(await codeOf('--encoder', 'random', '--data', data, '--dimension', '0'), 'ENCODE_DIMENSION');
    const notNpy = await errorOf(() => encode('--encoder', 'random', '--data', data, '--output', join(folder, 'out.bin')));
    assert.is(notNpy.code, 'ENCODE_OUTPUT');
    const twice = await writeJsonl(join(folder, 'twice.jsonl'), [
      { _id: 'a', text: 'x' },
      { _id: 'a', text: 'y' },
    ]);
    assert.is(await codeOf('--encoder', 'random', '--data', twice), 'ENCODE_DUPLICATE_DOCUMENT');
    assert.is((await errorOf(() => NpyReader.open(output))).code, 'FILE_OPEN');
  }));

test.run();

import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { longEmbedCommand } from '../../../cli/commands/long-embed.ts';
import type { ChunkSource, Encoder, TextEmbedder, Vectors } from '../../../encoders/index.ts';
import {
  evaluateLongEmbed,
  findLongEmbedSets,
  formatLongEmbed,
  generatePasskey,
  LONG_EMBED_LENGTHS,
  writeSyntheticTask,
} from '../../../eval/index.ts';
import { summarize } from '../../../eval/long-embed/evaluate-long-embed.ts';
import { readLongEmbedSet } from '../../../eval/long-embed/read-long-embed.ts';
import { runCommand } from '../../cli/run-command.ts';
import { collect, errorOf, withTemporaryFolder, writeJsonl } from '../../fixtures/temporary-folder.ts';

const test = suite('LongEmbed');

/** Reads nothing of a text but the last name that stands in it: finds every key. */
function nameVectors(texts: readonly string[]): Vectors {
  const dimension = 64;
  const data = new Float32Array(texts.length * dimension);
  texts.forEach((text, row) => {
    const name = /pass ?key for ([A-Z]\w+ [A-Z]\w+)/.exec(text)?.[1] ?? '';
    let norm = 0;
    for (let axis = 0; axis < dimension; axis++) {
      const value = Math.sin([...name].reduce((sum, letter, place) => sum + letter.charCodeAt(0) * (place + axis + 1) ** 2, 0));
      data[row * dimension + axis] = value;
      norm += value * value;
    }
    for (let axis = 0; axis < dimension; axis++) data[row * dimension + axis]! /= Math.sqrt(norm) || 1;
  });
  return { rows: texts.length, dimension, data };
}

const teacher: TextEmbedder = {
  description: { id: 'names', revision: '1', dimension: 64, settings: {} },
  embedDocuments: async (texts) => nameVectors(texts),
  embedQueries: async (texts) => nameVectors(texts),
  dispose: async () => {},
};

/** Asks for every chunk and tells none from another. */
const blindStudent = (source: ChunkSource): Encoder => ({
  description: { id: 'blind', revision: '1', dimension: 64, settings: {} },
  encodeQueries: async (texts) => nameVectors(texts),
  async encodeCorpus(ids) {
    for (const id of ids) for (const chunk of source.chunksOf(id)) await source.compressedChunk(chunk);
    const data = new Float32Array(ids.length * 64).fill(1 / 8);
    return { rows: ids.length, dimension: 64, data, owners: Int32Array.from(ids.keys()) };
  },
});

const PACK = { level: 3, targetChunkSize: 4096, dictionarySize: 0, dictionary: 'none' } as const;

async function withTasks(action: (folder: string) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    for (const length of [512, 256])
      await writeSyntheticTask(generatePasskey(length, 0), join(folder, 'passkey', String(length)));
    const hub = join(folder, 'elsewhere');
    await mkdir(hub);
    await writeJsonl(join(hub, 'corpus.jsonl'), [
      { doc_id: 1, text: 'a story of two rivers' },
      { doc_id: 2, text: 'a story of one mountain' },
    ]);
    await writeJsonl(join(hub, 'queries.jsonl'), [
      { qid: 'q1', text: 'rivers' },
      { qid: 'unjudged', text: 'nothing' },
    ]);
    await writeJsonl(join(hub, 'qrels.jsonl'), [{ qid: 'q1', doc_id: 1 }]);
    await symlink(hub, join(folder, 'narrativeqa'));
    await action(folder);
  });
}

test('sets in a folder: tasks in their order, lengths ascending, links followed', () =>
  withTasks(async (folder) => {
    const sets = await findLongEmbedSets(folder);
    assert.equal(
      sets.map(({ task, length }) => [task.name, length]),
      [
        ['passkey', 256],
        ['passkey', 512],
        ['narrativeqa', undefined],
      ],
    );
  }));

test('files as they lie on the hub', () =>
  withTasks(async (folder) => {
    const set = (await findLongEmbedSets(folder)).at(-1)!;
    const { documents, queries, qrels } = await readLongEmbedSet(set);
    assert.equal(
      (await collect(documents())).map(({ id, text }) => [id, text]),
      [
        ['1', 'a story of two rivers'],
        ['2', 'a story of one mountain'],
      ],
    );
    assert.equal([...queries], [['q1', 'rivers']]);
    assert.is(qrels.get('q1')?.get('1'), 1);
    await writeJsonl(join(set.folder, 'qrels.jsonl'), [{ qid: 'q9', doc_id: 1 }]);
    assert.is((await errorOf(() => readLongEmbedSet(set))).code, 'LONG_EMBED_ROW');
    await writeFile(join(set.folder, 'qrels.jsonl'), '{"qid": "q1"}\n');
    const error = await errorOf(() => readLongEmbedSet(set));
    assert.is(error.code, 'LONG_EMBED_ROW');
    assert.match(error.message, 'qrels.jsonl:1 has no "doc_id"');
  }));

test('nothing there: how to bring all six', () =>
  withTemporaryFolder(async (folder) => {
    const error = await errorOf(() => findLongEmbedSets(folder));
    assert.is(error.code, 'LONG_EMBED_NOTHING');
    for (const name of ['generate passkey', 'generate needle', 'narrativeqa/', 'qmsum/', 'summ_screen_fd/', '2wikimqa/']) {
      assert.ok(error.message.includes(name), name);
    }
  }));

test('scores by row, means, and how much of the documents was read', () =>
  withTasks(async (folder) => {
    const stages: string[] = [];
    const result = await evaluateLongEmbed({
      sets: await findLongEmbedSets(folder),
      model: { maximumSymbols: 40, input: 'symbols' },
      passages: { size: 256, overlap: 0 },
      student: blindStudent,
      teacher,
      pack: PACK,
      temporaryFolder: folder,
      onProgress: ({ task, length }, stage) => stages.push(`${task.name} ${length}: ${stage}`),
    });
    const [short, long, real] = result.sets;
    assert.equal([short!.length, long!.length, real!.length], [256, 512, null]);
    for (const set of [short!, long!]) {
      assert.is(set.measure, 'accuracy_at_1');
      assert.equal([set.scores.teacher, set.scores.bm25], [1, 1]);
      assert.ok([0, 0.02].includes(set.scores.student));
      assert.equal([set.documents, set.queries, set.coverage.chunks], [100, 50, 100]);
      // A text of 192 words or more in which nothing repeats but the filler: more than 40 literals, all chunks are cut there.
      assert.equal([set.coverage.passages_cut, set.coverage.symbols_read], [100, 4000]);
      assert.ok(set.coverage.largest_passage_symbols > 40 && set.coverage.symbols > 4000);
    }
    assert.equal([real!.measure, real!.scores.bm25], ['ndcg_at_10', 1]);
    assert.equal(
      result.tasks.map(({ task, complete }) => [task, complete]),
      [
        ['passkey', false],
        ['narrativeqa', true],
      ],
    );
    assert.is(result.tasks[0]!.scores.student, (short!.scores.student + long!.scores.student) / 2);
    assert.is(result.mean, null);
    assert.ok(stages.some((stage) => stage.startsWith('passkey 512: ')));
    const text = formatLongEmbed(result);
    assert.match(text, /^ +256 +512 +mean of 2\nteacher, first tokens +100\.0 +100\.0 +100\.0$/m);
    assert.match(text, /^ +NarrativeQA\nteacher/m);
    assert.match(text, 'no mean of the six tasks');
  }));

test('what reads the beginning of a text only finds keys anywhere by the best passage', () =>
  withTasks(async (folder) => {
    // A passage of 256 bytes has 384 at most; a document of 512 tokens about 1,900.
    const forgetful: TextEmbedder = {
      ...teacher,
      embedDocuments: async (texts) => nameVectors(texts.map((text) => text.slice(0, 400))),
    };
    const sets = (await findLongEmbedSets(folder)).filter(({ length }) => length === 512);
    const { sets: results } = await evaluateLongEmbed({
      sets,
      model: { maximumSymbols: 40, input: 'symbols' },
      passages: { size: 256, overlap: 120 },
      student: blindStudent,
      teacher: forgetful,
      pack: PACK,
      temporaryFolder: folder,
    });
    const { scores, passages, coverage } = results[0]!;
    assert.ok(scores.teacher < 0.5, 'most keys are behind what it reads');
    // The sentence that the query asks with is 60 bytes at most: an overlap of 120 leaves it whole in one of two passages.
    assert.is(scores.teacher_passages, 1);
    assert.equal([passages.passage_bytes, passages.overlap_bytes, passages.window_documents], [256, 120, null]);
    assert.is(passages.passages, passages.coverage.passages);
    assert.is(coverage.passages, 100);
    assert.ok(passages.passages > 500);
    assert.ok(passages.coverage.largest_passage_symbols < coverage.largest_passage_symbols);
  }));

test('the row of the first chunk is of a student that has no other', () =>
  withTasks(async (folder) => {
    /** Chunks of the documents that each student was asked about. */
    const chunks: number[] = [];
    const sets = (await findLongEmbedSets(folder)).filter(({ length }) => length === 512);
    const { sets: results } = await evaluateLongEmbed({
      sets,
      model: { maximumSymbols: 40, input: 'symbols' },
      passages: { size: 256, overlap: 0 },
      student: (source) => {
        const student = blindStudent(source);
        const encodeCorpus = (ids: readonly string[]) => {
          chunks.push(ids.reduce((sum, id) => sum + source.chunksOf(id).length, 0));
          return student.encodeCorpus(ids);
        };
        return { ...student, encodeCorpus };
      },
      teacher,
      // The 100 documents of about 1,900 bytes have several chunks each.
      pack: { ...PACK, targetChunkSize: 128 },
      temporaryFolder: folder,
    });
    const { coverage, scores } = results[0]!;
    assert.ok(coverage.chunks >= 200);
    assert.equal(chunks, [100, coverage.chunks, coverage.chunks]);
    assert.is(typeof scores.student_beginning, 'number');
  }));

const COVERAGE = { chunks: 1, passages: 1, symbols: 1, symbols_read: 1, largest_passage_symbols: 1, passages_cut: 0 };

test('the mean of six tasks is of tasks, not of sets', () => {
  const set = (task: string, length: number | null, value: number) => ({
    task,
    length,
    measure: length === null ? ('ndcg_at_10' as const) : ('accuracy_at_1' as const),
    scores: {
      teacher: value,
      teacher_passages: 1,
      student_beginning: 0,
      student: value / 2,
      student_passages: 0.5,
      bm25: 0,
      random: 0,
    },
    documents: 1,
    queries: 1,
    saving: 0,
    text_bytes: 1,
    coverage: COVERAGE,
    passages: {
      passage_bytes: 1024,
      overlap_bytes: 0,
      window_documents: null,
      passages: 1,
      document_score: 'best passage' as const,
      saving: 0,
      coverage: COVERAGE,
    },
    document_seconds: {
      teacher: 0,
      teacher_passages: 0,
      student_beginning: 0,
      student: 0,
      student_passages: 0,
      bm25: 0,
      random: 0,
    },
    peak_memory_bytes: 1,
    corpus_hash: '',
  });
  const synthetic = LONG_EMBED_LENGTHS.flatMap((length) => [set('passkey', length, 0.5), set('needle', length, 0.25)]);
  const real = ['narrativeqa', 'qmsum', 'summ_screen_fd', '2wikimqa'].map((task) => set(task, null, 0.75));
  const sets = [...synthetic, ...real];
  // (0.5 + 0.25 + 4 x 0.75) / 6
  assert.equal(summarize(sets).mean, {
    teacher: 0.625,
    teacher_passages: 1,
    student_beginning: 0,
    student: 0.3125,
    student_passages: 0.5,
    bm25: 0,
    random: 0,
  });
  assert.match(formatLongEmbed({ sets, ...summarize(sets) }), /mean of the six tasks\nteacher, first tokens +62\.5\n/);
  assert.is(summarize(sets.slice(1)).mean, null);
  assert.is(summarize(sets.slice(0, -1)).mean, null);
});

test('the command generates; a haystack of one’s own is used', () =>
  withTemporaryFolder(async (folder) => {
    const essays = join(folder, 'essays');
    await mkdir(essays);
    await writeFile(join(essays, 'one.txt'), 'An essay about nothing in particular. '.repeat(50));
    const generate = (...words: string[]): Promise<string> =>
      runCommand(longEmbedCommand, ['long-embed', 'generate', ...words, '--json']);
    const needle = JSON.parse(await generate('needle', folder, '--length', '256', '--haystack', essays));
    assert.equal([needle.haystack.words, needle.folders], [300, [join(folder, 'needle', '256')]]);
    await generate('passkey', folder, '--length', '256', '--length', '512', '--seed', '4');
    assert.equal((await readdir(join(folder, 'passkey'))).sort(), ['256', '512']);
    const codeOf = async (...words: string[]): Promise<string> => (await errorOf(() => generate(...words))).code;
    assert.is(await codeOf('passkey', folder, '--length', '256'), 'LONG_EMBED_EXISTS');
    assert.is(await codeOf('passkey', folder, '--length', '0.5'), 'LONG_EMBED_NUMBER');
    assert.is(await codeOf('passkey', folder, '--haystack', essays), 'LONG_EMBED_NO_HAYSTACK');
    assert.is(await codeOf('needle', folder, '--length', '1024', '--haystack', essays), 'LONG_EMBED_HAYSTACK');
  }));

test.run();

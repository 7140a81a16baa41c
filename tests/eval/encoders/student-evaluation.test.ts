import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BeirData, Document } from '../../../data/index.ts';
import type { ChunkSource, Encoder, TextEmbedder, Vectors } from '../../../encoders/index.ts';
import { evaluateStudent, RETRIEVAL_MEASURES, type StudentEvaluationInput } from '../../../eval/index.ts';
import { formatEvaluation } from '../../../eval/report/table.ts';
import { tokenize } from '../../../search/lexical/tokenizer.ts';
import { parseFrame, readDictionary } from '../../../zpkg/index.ts';

const test = suite<{ folder: string }>('evaluation of a student');

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-eval-test-'));
});

test.after(async (context) => {
  await rm(context.folder, { recursive: true, force: true });
});

const TOPICS = ['granite', 'orchid', 'harbour', 'violin', 'comet', 'saffron', 'glacier', 'lantern'];
const OTHERS = 4;

/** A document and a query a topic, and documents that nobody judges. */
const DATA: BeirData = {
  async *documents() {
    for (const [index, topic] of TOPICS.entries())
      yield { id: `d${index}`, title: topic, text: `${topic} stands here, and ${topic} again.` };
    for (let index = 0; index < OTHERS; index++)
      yield { id: `other${index}`, title: '', text: `Nothing that anybody asks for, number ${index}.` };
  },
  queries: new Map(TOPICS.map((topic, index) => [`q${index}`, topic])),
  qrels: new Map(TOPICS.map((_, index) => [`q${index}`, new Map([[`d${index}`, 1]])])),
};

/** Counts topics: a perfect teacher. */
function topicVectors(texts: readonly string[]): Vectors {
  const rows = texts.map((text) => {
    const counts = TOPICS.map((topic) => tokenize(text).filter((term) => term === topic).length + 1e-3);
    const norm = Math.hypot(...counts);
    return counts.map((count) => count / norm);
  });
  return { rows: rows.length, dimension: TOPICS.length, data: Float32Array.from(rows.flat()) };
}

const teacher: TextEmbedder = {
  description: { id: 'topics', revision: '1', dimension: TOPICS.length, settings: {} },
  embedDocuments: async (texts) => topicVectors(texts),
  embedQueries: async (texts) => topicVectors(texts),
  dispose: async () => {},
};

/** Reads the frames' symbols, never their text: topics that stand among the literals in one piece. */
function literalStudent(source: ChunkSource): Encoder {
  const dictionary = source.dictionary.length > 0 ? readDictionary(source.dictionary) : undefined;
  return {
    description: { id: 'literals', revision: '1', dimension: TOPICS.length, settings: {} },
    encodeQueries: async (texts) => topicVectors(texts),
    async encodeCorpus(ids) {
      const chunks = ids.map((id) => source.chunksOf(id)[0]!);
      const frames = await Promise.all(chunks.map((chunk) => source.compressedChunk(chunk)));
      const literals = frames.map((frame) => Buffer.from(parseFrame(frame, dictionary).literals).toString('latin1'));
      return { ...topicVectors(literals), owners: Int32Array.from(ids.keys()) };
    },
  };
}

const input = (folder: string, candidates: 'corpus' | 'judged'): StudentEvaluationInput => ({
  data: DATA,
  candidates,
  student: literalStudent,
  teacher,
  pack: { level: 3, targetChunkSize: 4096, dictionarySize: 0, dictionary: 'none' },
  decompressor: () => ({
    decompress() {
      throw new Error('nothing may be decompressed');
    },
  }),
  temporaryFolder: folder,
});

test('four rows, from compressed chunks alone, and nothing left behind', async ({ folder }) => {
  const result = await evaluateStudent(input(folder, 'corpus'));
  assert.equal(Object.keys(result.encoders), ['teacher', 'student', 'bm25', 'random']);
  for (const row of Object.values(result.encoders)) {
    assert.equal(
      Object.keys(row),
      RETRIEVAL_MEASURES.map(({ name }) => name),
    );
  }
  assert.is(result.encoders.teacher['ndcg_at_10'], 1);
  assert.is(result.encoders.student['ndcg_at_10'], 1);
  assert.is(result.encoders.bm25['ndcg_at_10'], 1);
  assert.ok(result.encoders.random['mrr_at_10']! < 0.9);
  assert.is(result.retention, 1);
  assert.equal(result.counts, {
    documents: TOPICS.length + OTHERS,
    chunks: TOPICS.length + OTHERS,
    queries: TOPICS.length,
    relevant_not_candidates: 0,
    queries_without_text: 0,
    queries_that_are_candidates: 0,
  });
  assert.ok(Math.abs(result.saving - (1 - (result.bytes.container + result.bytes.mapping) / result.bytes.text)) < 1e-12);
  assert.match(result.corpus_hash, /^[0-9a-f]{64}$/);
  assert.equal(await readdir(folder), []);
});

test('judged candidates are those of the split only', async ({ folder }) => {
  const [all, judged] = [await evaluateStudent(input(folder, 'corpus')), await evaluateStudent(input(folder, 'judged'))];
  assert.is(judged.counts.documents, TOPICS.length);
  assert.not.equal(judged.corpus_hash, all.corpus_hash);
});

test('a failure on the way leaves nothing behind either', async ({ folder }) => {
  const failing = (): Encoder => {
    throw new TypeError('broken student');
  };
  let message = '';
  try {
    await evaluateStudent({ ...input(folder, 'judged'), student: failing });
  } catch (error) {
    message = (error as Error).message;
  }
  assert.is(message, 'broken student');
  assert.equal(await readdir(folder), []);
  assert.ok(existsSync(folder));
});

test('no document to rank is refused', async ({ folder }) => {
  let code: unknown;
  try {
    await evaluateStudent({ ...input(folder, 'judged'), data: { ...DATA, qrels: new Map([['q0', new Map([['gone', 1]])]]) } });
  } catch (error) {
    code = (error as { code?: unknown }).code;
  }
  assert.is(code, 'EVAL_NO_CANDIDATES');
});

test('a document id that occurs twice is refused', async ({ folder }) => {
  async function* documents(): AsyncGenerator<Document> {
    for (const place of [1, 2]) yield { id: 'd0', title: '', text: `text ${place}`, origin: `corpus.jsonl:${place}` };
  }
  let error: unknown;
  try {
    await evaluateStudent({ ...input(folder, 'corpus'), data: { ...DATA, documents } });
  } catch (caught) {
    error = caught;
  }
  assert.is((error as { code?: unknown }).code, 'EVAL_DUPLICATE_DOCUMENT');
  assert.match((error as Error).message, 'corpus.jsonl:2');
});

test('a teacher that finds nothing has no retention', async ({ folder }) => {
  const blind: TextEmbedder = { ...teacher, embedQueries: async (texts) => topicVectors(texts.map(() => '')) };
  const judgments = new Map([
    [
      'q0',
      new Map([
        ['absent', 1],
        ['d0', 0],
      ]),
    ],
  ]);
  const result = await evaluateStudent({ ...input(folder, 'judged'), teacher: blind, data: { ...DATA, qrels: judgments } });
  assert.is(result.retention, null);
  assert.is(result.counts.relevant_not_candidates, 1);
  assert.match(formatEvaluation(result), /retention {2}-/);
});

test('queries that teacher and student share are encoded once', async ({ folder }) => {
  const asked: string[] = [];
  const counting: TextEmbedder = {
    ...teacher,
    embedQueries: async (texts) => {
      asked.push(...texts);
      return topicVectors(texts);
    },
  };
  const student = (source: ChunkSource, queries: TextEmbedder): Encoder => ({
    ...literalStudent(source),
    encodeQueries: (texts) => queries.embedQueries(texts),
  });
  const result = await evaluateStudent({ ...input(folder, 'corpus'), teacher: counting, student });
  assert.is(result.encoders.student['ndcg_at_10'], 1);
  assert.equal(asked, [...DATA.queries.values()]);
});

test('the table has the rows side by side and the figures below', async ({ folder }) => {
  const result = await evaluateStudent(input(folder, 'corpus'));
  const lines = formatEvaluation({ ...result, saving: 0.613, saving_training: 0.65 }).split('\n');
  assert.match(lines[0]!, /^ +nDCG@10 +recall@10 +recall@100 +MRR@10$/);
  assert.match(lines[1]!, /^teacher +1\.0000 +1\.0000 +1\.0000 +1\.0000$/);
  assert.equal(
    lines.slice(1, 5).map((line) => line.split(' ')[0]),
    ['teacher', 'student', 'bm25', 'random'],
  );
  assert.match(lines[6]!, /^retention {2}100\.0%/);
  assert.match(lines[7]!, /^saving {5}61\.3% .*training corpus 65\.0%$/);
  assert.match(lines[8]!, /12 documents in 12 chunks, 8 queries$/);
  assert.match(
    lines.join('\n'),
    /\nraw text +\d+ +100\.0%\n[\s\S]*\nzpkg +\d+ [\s\S]*\nencoding +documents\/s +MB of text\/s\nteacher +[\d.]+ +[\d.]+\nstudent /,
  );
});

test.run();

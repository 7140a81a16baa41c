import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BeirData } from '../../../data/index.ts';
import type { TextEmbedder, Vectors } from '../../../encoders/index.ts';
import {
  bm25Contender,
  chunkContender,
  EvaluationFolder,
  evaluateEncoders,
  RememberingEmbedder,
  textContender,
} from '../../../eval/index.ts';

export const DOCUMENTS = 600;
export const QUERIES = 20;

/** One finished call of an encoder. */
interface Call {
  readonly encoder: 'teacher' | 'student' | 'queries';
  readonly items: readonly string[];
}

const DATA: BeirData = {
  async *documents() {
    for (let index = 0; index < DOCUMENTS; index++)
      yield { id: `d${index}`, title: '', text: `document ${index} on topic ${index % QUERIES}` };
  },
  queries: new Map(Array.from({ length: QUERIES }, (_, index) => [`q${index}`, `topic ${index}`])),
  qrels: new Map(Array.from({ length: QUERIES }, (_, index) => [`q${index}`, new Map([[`d${index}`, 1]])])),
};

/** A vector that depends on the words' characters and on nothing else. */
function vectorsOf(texts: readonly string[]): Vectors {
  const dimension = 16;
  const data = new Float32Array(texts.length * dimension);
  texts.forEach((text, row) => {
    for (const character of text) data[row * dimension + (character.charCodeAt(0) % dimension)]! += 1;
    const vector = data.subarray(row * dimension, (row + 1) * dimension);
    const norm = Math.hypot(...vector) || 1;
    for (let index = 0; index < dimension; index++) vector[index]! /= norm;
  });
  return { rows: texts.length, dimension, data };
}

/**
 * Evaluates a teacher and a student into a folder, noting every finished call of an encoder in `<folder>.calls`.
 *
 * @param hangAt the call of the student (from 1) that never ends; it says so on standard output
 */
export async function evaluateInto(path: string, hangAt = 0): Promise<unknown> {
  const note = (encoder: Call['encoder'], items: readonly string[]): void =>
    appendFileSync(`${path}.calls`, `${JSON.stringify({ encoder, items })}\n`);
  const teacher: TextEmbedder = {
    description: { id: 'letters', revision: '1', dimension: 16, settings: {} },
    async embedDocuments(texts) {
      note('teacher', texts);
      return vectorsOf(texts);
    },
    async embedQueries(texts) {
      note('queries', texts);
      return vectorsOf(texts);
    },
    dispose: async () => undefined,
  };
  const folder = await EvaluationFolder.open(path, { test: 'killable' });
  try {
    const queries = new RememberingEmbedder(teacher, folder.vectors);
    let calls = 0;
    const student = chunkContender(
      'student',
      (chunks) => ({
        description: { id: 'bytes', revision: '1', dimension: 16, settings: { queries: teacher.description } },
        encodeQueries: (texts) => queries.embedQueries(texts),
        async encodeCorpus(ids) {
          calls++;
          if (calls === hangAt) {
            process.stdout.write('hanging\n');
            await new Promise((resolve) => setTimeout(resolve, 600_000));
          }
          const frames = await Promise.all(ids.map((id) => chunks.compressedChunk(chunks.chunksOf(id)[0]!)));
          note('student', ids);
          return {
            ...vectorsOf(frames.map((frame) => Buffer.from(frame).toString('latin1'))),
            owners: Int32Array.from(ids.keys()),
          };
        },
      }),
      null,
    );
    const { evaluation, details } = await evaluateEncoders({
      data: DATA,
      candidates: 'corpus',
      contenders: [textContender('teacher', queries), student, bm25Contender()],
      pack: { level: 3, dictionarySize: 0 },
      vectorLog: folder.vectors,
      onRankings: folder.addRankings,
    });
    const origin = { dataset: 'killable-beir', split: 'test' };
    await folder.finish({ ...evaluation, ...origin }, details, DATA, { ...origin, language: 'eng-Latn' });
    return evaluation.encoders;
  } finally {
    await folder.close();
  }
}

/** Finished calls of all evaluations into a folder so far. */
export async function callsOf(path: string): Promise<Call[]> {
  const lines = (await readFile(join(`${path}.calls`), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Call);
}

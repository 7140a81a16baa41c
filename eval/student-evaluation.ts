import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BeirData,
  type Document,
  DocumentReader,
  documentText,
  type PackManifest,
  type PackOptions,
  packCorpus,
} from '../data/index.ts';
import { type ChunkSource, type Encoder, RandomEncoder, TextCorpusEncoder, type TextEmbedder } from '../model/encoders/index.ts';
import { Bm25Retriever, ExactRetriever, type InnerProducts } from '../search/index.ts';
import { CemError } from '../zpkg/errors.ts';
import type { Decompressor } from '../zpkg/index.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import type { MeasureValues, Qrels } from './measures.ts';

/** Which documents are ranked: all of the corpus, or those that the split has judgments of. */
type Candidates = 'corpus' | 'judged';

export interface StudentEvaluationInput {
  readonly data: BeirData;
  readonly candidates: Candidates;
  /** Makes the student over the packed candidates: compressed chunks are all it is given. */
  readonly student: (source: ChunkSource) => Encoder;
  readonly teacher: TextEmbedder;
  /** How the candidates are packed; `dictionary` undefined trains one on them. */
  readonly pack: Pick<PackOptions, 'level' | 'targetChunkSize' | 'dictionarySize' | 'dictionary'>;
  readonly innerProducts?: InnerProducts;
  /** Replaces the reader's decompressor: a test installs one that throws. */
  readonly decompressor?: (dictionary: Uint8Array) => Decompressor;
  /** Where the candidates are packed; a folder of its own under the system's temporary one unless given. */
  readonly temporaryFolder?: string;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** Names of the rows, in the order of the table. */
export const ROWS = ['teacher', 'student', 'bm25', 'random'] as const;
type RowName = (typeof ROWS)[number];

export interface StudentEvaluation {
  readonly encoders: Readonly<Record<RowName, MeasureValues>>;
  /** nDCG@10 of the student's documents over nDCG@10 of the teacher's, for the teacher's queries; null when the teacher finds nothing. */
  readonly retention: number | null;
  /** 1 - (container + mapping) / UTF-8 bytes of the candidates' texts. */
  readonly saving: number;
  readonly candidates: Candidates;
  readonly counts: {
    readonly documents: number;
    readonly chunks: number;
    readonly queries: number;
    readonly relevant_not_candidates: number;
  };
  /** Each counts as 0 in the means. */
  readonly queries_without_results: Readonly<Record<RowName, number>>;
  readonly bytes: { readonly text: number; readonly container: number; readonly mapping: number };
  /** How the candidates were packed. */
  readonly codec: { readonly level: number; readonly target_chunk_size: number; readonly dictionary_bytes: number };
  /** SHA-256 over ids and texts of the candidates, in order. */
  readonly corpus_hash: string;
  readonly descriptions: Readonly<Record<RowName, unknown>>;
  /** How the candidates were searched. */
  readonly index: { readonly type: 'exact'; readonly similarity: 'inner product' };
  readonly timings: Timings;
}

interface Timings {
  readonly pack_seconds: number;
  /** Encoding (or indexing) all candidates. */
  readonly document_seconds: Readonly<Record<RowName, number>>;
  /** Encoding and searching all queries. */
  readonly query_seconds: Readonly<Record<RowName, number>>;
}

/**
 * The comparison that the product is judged by: the candidates are packed, the student ranks them from their compressed chunks, and the
 * teacher and BM25 from their texts. Nothing is decompressed.
 *
 * @throws CemError `EVAL_NO_CANDIDATES`, `EVAL_DUPLICATE_DOCUMENT`, and what packing, encoding and searching throw
 */
export async function evaluateStudent(input: StudentEvaluationInput): Promise<StudentEvaluation> {
  const texts = await candidateTexts(input);
  const folder = await mkdtemp(join(input.temporaryFolder ?? tmpdir(), 'cem-eval-'));
  try {
    return await evaluateTexts(input, texts, join(folder, 'candidates.zpkg'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function evaluateTexts(
  input: StudentEvaluationInput,
  texts: ReadonlyMap<string, string>,
  zpkg: string,
): Promise<StudentEvaluation> {
  const ids = [...texts.keys()];
  const [manifest, packSeconds] = await timed(() => packTexts(input, texts, zpkg));
  const reader = await DocumentReader.open(zpkg, input.decompressor ? { decompressor: input.decompressor } : {});
  try {
    const student = input.student(reader);
    const teacher = new TextCorpusEncoder(input.teacher, texts);
    const random = new RandomEncoder({ dimension: student.description.dimension });
    const progress = (stage: string, done: number, total: number): void => input.onProgress?.(stage, done, total);
    const exact = (name: RowName, encoder: Encoder): Promise<[ExactRetriever, number]> =>
      timed(() => {
        const stage = `encode documents (${name})`;
        progress(stage, 0, ids.length);
        return ExactRetriever.create(encoder, ids, {
          name,
          ...(input.innerProducts && { innerProducts: input.innerProducts }),
          onProgress: (done, total) => progress(stage, done, total),
        });
      });
    const [teacherSearch, teacherSeconds] = await exact('teacher', teacher);
    const [studentSearch, studentSeconds] = await exact('student', student);
    const [bm25, bm25Seconds] = await timed(() => Bm25Retriever.create(texts));
    const [randomSearch, randomSeconds] = await exact('random', random);
    progress('search', 0, ROWS.length * input.data.qrels.size);
    const evaluation = await evaluate({
      ids,
      queries: input.data.queries,
      qrels: input.data.qrels,
      retrievers: [teacherSearch, studentSearch, bm25, randomSearch],
      onProgress: (name, done, total) =>
        progress('search', (ROWS as readonly string[]).indexOf(name) * total + done, ROWS.length * total),
    });
    const encoders = byRow(evaluation, ({ average }) => average);
    const teacherScore = encoders.teacher['ndcg_at_10']!;
    return {
      encoders,
      retention: teacherScore > 0 ? encoders.student['ndcg_at_10']! / teacherScore : null,
      saving: manifest.saving,
      candidates: input.candidates,
      counts: {
        documents: evaluation.documents,
        chunks: manifest.chunks,
        queries: evaluation.queries,
        relevant_not_candidates: evaluation.relevantNotCandidates,
      },
      queries_without_results: byRow(evaluation, ({ queriesWithoutResults }) => queriesWithoutResults),
      bytes: { text: manifest.textBytes, container: manifest.containerBytes, mapping: manifest.mappingBytes },
      codec: {
        level: manifest.level,
        target_chunk_size: manifest.targetChunkSize,
        dictionary_bytes: manifest.dictionaryBytes,
      },
      corpus_hash: hashTexts(texts),
      descriptions: {
        teacher: teacher.description,
        student: student.description,
        bm25: bm25.settings,
        random: random.description,
      },
      index: { type: 'exact', similarity: 'inner product' },
      timings: {
        pack_seconds: packSeconds,
        document_seconds: { teacher: teacherSeconds, student: studentSeconds, bm25: bm25Seconds, random: randomSeconds },
        query_seconds: byRow(evaluation, ({ seconds }) => seconds),
      },
    };
  } finally {
    await reader.close();
  }
}

/** Text by id of the documents that are ranked, in the corpus' order. */
async function candidateTexts({ data, candidates }: StudentEvaluationInput): Promise<ReadonlyMap<string, string>> {
  const judged = candidates === 'judged' ? judgedIds(data.qrels) : undefined;
  const texts = new Map<string, string>();
  for await (const document of data.documents()) {
    if (judged !== undefined && !judged.has(document.id)) continue;
    if (texts.has(document.id)) throw duplicateDocument(document);
    texts.set(document.id, documentText(document));
  }
  if (texts.size > 0) return texts;
  throw new CemError(
    'EVAL_NO_CANDIDATES',
    `no document to rank: the corpus has none${judged ? ` of the ${judged.size} that the split judges` : ''}`,
  );
}

function duplicateDocument({ id, origin }: Document): CemError {
  const place = origin === undefined ? '' : ` (again at ${origin})`;
  return new CemError(
    'EVAL_DUPLICATE_DOCUMENT',
    `the document id ${JSON.stringify(id)} occurs twice${place}; judgments could mean either, so give each its own`,
    {
      details: { id, origin },
    },
  );
}

function judgedIds(qrels: Qrels): Set<string> {
  const ids = new Set<string>();
  for (const judgments of qrels.values()) for (const id of judgments.keys()) ids.add(id);
  return ids;
}

function packTexts(
  { pack, onProgress }: StudentEvaluationInput,
  texts: ReadonlyMap<string, string>,
  zpkg: string,
): Promise<PackManifest> {
  async function* documents(): AsyncGenerator<Document> {
    for (const [id, text] of texts) yield { id, title: '', text };
  }
  return packCorpus(documents, zpkg, {
    ...pack,
    onProgress: (stage, done, total) => onProgress?.(`candidates (${stage})`, done, total),
  });
}

function byRow<Value>(evaluation: Evaluation, value: (row: Evaluation['rows'][number]) => Value): Record<RowName, Value> {
  const row = (name: RowName): Value => {
    const found = evaluation.rows.find((candidate) => candidate.name === name);
    assert.ok(found, `row ${name}`);
    return value(found);
  };
  return { teacher: row('teacher'), student: row('student'), bm25: row('bm25'), random: row('random') };
}

/** Lengths go in too, so that no two corpora share a hash by where their borders lie. */
function hashTexts(texts: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [id, text] of texts) hash.update(JSON.stringify([id, text.length])).update(text);
  return hash.digest('hex');
}

async function timed<Value>(work: () => Promise<Value>): Promise<[Value, number]> {
  const start = performance.now();
  const value = await work();
  return [value, (performance.now() - start) / 1000];
}

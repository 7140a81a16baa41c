import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BeirData,
  type Document,
  DocumentReader,
  type PackManifest,
  type PackOptions,
  packCorpus,
} from '../../data/index.ts';
import { ExactRetriever, type InnerProducts } from '../../search/exact/index.ts';
import type { Retriever } from '../../search/index.ts';
import type { Decompressor } from '../../zpkg/index.ts';
import { type CandidateChoice, type Candidates, candidateTexts, hashTexts } from '../measures/candidates.ts';
import { evaluate, type QueryRanking } from '../measures/evaluate.ts';
import { type LengthGroup, lengthCurve } from '../measures/length-curve.ts';
import type { MeasureValues } from '../measures/measures.ts';
import { measureRivals, type RivalBytes } from '../storage/rival-storage.ts';
import type { Contender, EncoderContender, MaximumLength } from './contenders.ts';
import { MeteredEncoder } from './metered-encoder.ts';
import type { VectorLog } from './vector-log.ts';

/** Bytes of a value of a vector in the index. */
const VALUE_BYTES = Float32Array.BYTES_PER_ELEMENT;
const MEGABYTE = 1e6;

export interface EncoderEvaluationInput {
  readonly data: BeirData;
  readonly candidates: CandidateChoice;
  /** As in `evaluate`; by default as the data say. */
  readonly dropOwnId?: boolean;
  /** What is compared, in the order of the table; every one has a name of its own. */
  readonly contenders: readonly Contender[];
  /** How the candidates are packed; `dictionary` undefined trains one on them. */
  readonly pack: Pick<PackOptions, 'level' | 'targetChunkSize' | 'dictionarySize' | 'dictionary'>;
  readonly innerProducts?: InnerProducts;
  /** Replaces the reader's decompressor: a test installs one that throws. */
  readonly decompressor?: (dictionary: Uint8Array) => Decompressor;
  /** Where the candidates are packed; a folder of its own under the system's temporary one unless given. */
  readonly temporaryFolder?: string;
  /** Vectors that are there are not made again, and new ones are added. */
  readonly vectorLog?: VectorLog;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
  /** Called with the candidates' ids before any of them is packed or encoded; what it throws ends the evaluation. */
  readonly onCandidates?: (ids: Iterable<string>, data: BeirData) => void;
  /** As in `evaluate`. */
  readonly onRankings?: (row: string, rankings: readonly QueryRanking[]) => Promise<void>;
}

/** Everything that a figure depends on: without it nobody can measure it again. */
interface RowConditions {
  readonly encoder: string;
  readonly revision: string;
  readonly input: 'text' | 'compressed chunks' | 'id';
  /** Null: everything is read. */
  readonly maximum_length: MaximumLength | null;
  /** What is put before texts; null where nothing is. */
  readonly prompts: { readonly query: string | null; readonly document: string | null };
  /** Codec of the chunks, for what reads compressed ones. */
  readonly codec: string | null;
  readonly index: string;
  readonly corpus_hash: string;
  /** Whether the candidate with the query's own id was left out of its ranking. */
  readonly drop_own_id: boolean;
}

/** How fast a row encoded the candidates. */
interface EncodingSpeed {
  readonly documents_per_second: number;
  /** Speed over the documents' text in UTF-8, also where its compressed form was read; a megabyte is a million bytes. */
  readonly megabytes_per_second: number;
}

/** What was stored, and what others would store. Vectors by row, as float32. */
export interface StoredBytes extends RivalBytes {
  readonly text: number;
  readonly container: number;
  readonly mapping: number;
  readonly vectors: Readonly<Record<string, number>>;
}

/** What was measured, by row where not of the corpus. */
export interface EncoderEvaluation {
  readonly encoders: Readonly<Record<string, MeasureValues>>;
  /** nDCG@10 of row `student` over that of row `teacher`; null when the teacher finds nothing, or when one of them is not there. */
  readonly retention: number | null;
  /** 1 - (container + mapping) / UTF-8 bytes of the candidates' texts. */
  readonly saving: number;
  readonly candidates: CandidateChoice;
  readonly counts: {
    readonly documents: number;
    readonly chunks: number;
    readonly queries: number;
    readonly relevant_not_candidates: number;
    /** Not searched; each counts as 0 in the means. */
    readonly queries_without_text: number;
    /** Queries whose id is a candidate's too. */
    readonly queries_that_are_candidates: number;
  };
  /** Each counts as 0 in the means. */
  readonly queries_without_results: Readonly<Record<string, number>>;
  readonly bytes: StoredBytes;
  /** Speed of the rows that have an encoder. */
  readonly speed: Readonly<Record<string, EncodingSpeed>>;
  /** How the candidates were packed. */
  readonly codec: { readonly level: number; readonly target_chunk_size: number; readonly dictionary_bytes: number };
  /** SHA-256 over ids and texts of the candidates, in order. */
  readonly corpus_hash: string;
  /** As encoder and retriever describe themselves. */
  readonly descriptions: Readonly<Record<string, unknown>>;
  readonly conditions: Readonly<Record<string, RowConditions>>;
  readonly by_document_length: readonly LengthGroup[];
  readonly timings: {
    readonly pack_seconds: number;
    /** Encoding (or indexing) all candidates; for vectors that were there already, the time that they took then. */
    readonly document_seconds: Readonly<Record<string, number>>;
    /** Searching all queries; encoding is in it for the first row that asks an encoder for them, and in no other. */
    readonly query_seconds: Readonly<Record<string, number>>;
  };
}

/** The measures behind the means, and what they were measured on. */
export interface EvaluationDetails {
  readonly perQuery: Readonly<Record<string, ReadonlyMap<string, MeasureValues>>>;
  /** Candidate texts by id. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Packs the candidates and ranks them with every contender for every judged query. What a contender is given of a document (text or compressed chunks) is its own
 * affair. Nothing is decompressed.
 *
 * @throws CemError `EVAL_NO_CANDIDATES`, `EVAL_DUPLICATE_DOCUMENT`, as `evaluate`, and what packing, encoding and searching throw
 */
export async function evaluateEncoders(
  input: EncoderEvaluationInput,
): Promise<{ readonly evaluation: EncoderEvaluation; readonly details: EvaluationDetails }> {
  const texts = await candidateTexts(input.data, input.candidates);
  input.onCandidates?.(texts.keys(), input.data);
  const folder = await mkdtemp(join(input.temporaryFolder ?? tmpdir(), 'cem-eval-'));
  try {
    const zpkg = join(folder, 'candidates.zpkg');
    const [manifest, packSeconds] = await timed(() => packCandidates(input, texts, zpkg));
    const reader = await DocumentReader.open(zpkg, input.decompressor ? { decompressor: input.decompressor } : {});
    try {
      const rows: Row[] = [];
      for (const contender of input.contenders)
        rows.push(await makeRow(contender, { ids: [...texts.keys()], texts, chunks: reader }, input, rows));
      return await measure(input, texts, { ...manifest, packSeconds }, rows);
    } finally {
      await reader.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A contender that is ready to search. */
interface Row {
  readonly contender: Contender;
  readonly retriever: Retriever;
  readonly description: { readonly id: string; readonly revision: string; readonly settings: Readonly<Record<string, unknown>> };
  /** Encoding or indexing the candidates. */
  readonly seconds: number;
  /** Bytes of the row's own vectors; absent where there are none. */
  readonly vectorBytes?: number;
  readonly index: string;
}

async function makeRow(
  contender: Contender,
  candidates: Candidates,
  input: EncoderEvaluationInput,
  before: readonly Row[],
): Promise<Row> {
  if ('encoder' in contender) {
    const base = before.find((row) => row.contender.name === contender.documentsOf);
    return base?.retriever instanceof ExactRetriever
      ? requeryRow(contender, base.retriever, base, candidates)
      : makeEncoderRow(contender, candidates, input);
  }
  const [made, seconds] = await timed(() => contender.retriever(candidates));
  return { contender, ...made, seconds, index: contender.index };
}

/** A row over the document vectors of another: it has no vectors of its own, and the time to make them is the other's. */
async function requeryRow(
  contender: EncoderContender,
  documents: ExactRetriever,
  { seconds, index }: Row,
  candidates: Candidates,
): Promise<Row> {
  const encoder = await contender.encoder(candidates);
  return { contender, retriever: documents.askedBy(encoder, contender.name), description: encoder.description, seconds, index };
}

async function makeEncoderRow(
  contender: EncoderContender,
  candidates: Candidates,
  { vectorLog: log, innerProducts, onProgress }: EncoderEvaluationInput,
): Promise<Row> {
  const { name, contentOf } = contender;
  const stage = `encode documents (${name})`;
  onProgress?.(stage, 0, candidates.ids.length);
  const kept =
    log !== undefined && contentOf !== undefined ? { log, contentOf: (id: string) => contentOf(candidates, id) } : undefined;
  const encoder = new MeteredEncoder(await contender.encoder(candidates), kept);
  const retriever = await ExactRetriever.create(encoder, candidates.ids, {
    name,
    ...(innerProducts && { innerProducts }),
    onProgress: (done, total) => onProgress?.(stage, done, total),
  });
  return {
    contender,
    retriever,
    description: encoder.description,
    seconds: encoder.documentSeconds,
    vectorBytes: VALUE_BYTES * encoder.rows * encoder.description.dimension,
    index: 'exact, inner product',
  };
}

async function measure(
  input: EncoderEvaluationInput,
  texts: ReadonlyMap<string, string>,
  packed: PackManifest & { readonly packSeconds: number },
  rows: readonly Row[],
): Promise<{ evaluation: EncoderEvaluation; details: EvaluationDetails }> {
  const { data, onProgress, onRankings, dropOwnId = data.dropOwnId ?? false } = input;
  const names = rows.map(({ contender }) => contender.name);
  const judged = data.qrels.size;
  onProgress?.('search', 0, rows.length * judged);
  const measured = await evaluate({
    ids: [...texts.keys()],
    queries: data.queries,
    qrels: data.qrels,
    dropOwnId,
    retrievers: rows.map(({ retriever }) => retriever),
    onProgress: (name, done) => onProgress?.('search', names.indexOf(name) * judged + done, rows.length * judged),
    ...(onRankings && { onRankings }),
  });
  const rivals = await measureRivals(texts, packed.level, (done, total) => onProgress?.('storage of others', done, total));
  const corpusHash = hashTexts(texts);
  const byRow = <Value>(value: (row: Row, index: number) => Value): Record<string, Value> =>
    Object.fromEntries(rows.map((row, index) => [names[index]!, value(row, index)]));
  const encoderRows = rows.filter(({ vectorBytes }) => vectorBytes !== undefined);
  const perQuery = byRow((_, index) => measured.rows[index]!.perQuery);
  const encoders = byRow((_, index) => measured.rows[index]!.average);
  const bytesById = new Map(Array.from(texts, ([id, text]) => [id, Buffer.byteLength(text)]));
  const evaluation: EncoderEvaluation = {
    encoders,
    retention: retentionOf(encoders),
    saving: packed.saving,
    candidates: input.candidates,
    counts: {
      documents: measured.documents,
      chunks: packed.chunks,
      queries: measured.queries,
      relevant_not_candidates: measured.relevantNotCandidates,
      queries_without_text: measured.queriesWithoutText,
      queries_that_are_candidates: measured.queriesThatAreCandidates,
    },
    queries_without_results: byRow((_, index) => measured.rows[index]!.queriesWithoutResults),
    bytes: {
      text: packed.textBytes,
      container: packed.containerBytes,
      mapping: packed.mappingBytes,
      ...rivals,
      vectors: Object.fromEntries(encoderRows.map(({ contender, vectorBytes }) => [contender.name, vectorBytes!])),
    },
    speed: Object.fromEntries(
      encoderRows.map(({ contender, seconds }) => [contender.name, speedOf(texts.size, packed.textBytes, seconds)]),
    ),
    codec: { level: packed.level, target_chunk_size: packed.targetChunkSize, dictionary_bytes: packed.dictionaryBytes },
    corpus_hash: corpusHash,
    descriptions: byRow(({ description }) => description),
    conditions: byRow((row) => ({ ...conditionsOf(row, packed, corpusHash), drop_own_id: dropOwnId })),
    by_document_length: lengthCurve(data.qrels, bytesById, perQuery),
    timings: {
      pack_seconds: packed.packSeconds,
      document_seconds: byRow(({ seconds }) => seconds),
      query_seconds: byRow((_, index) => measured.rows[index]!.seconds),
    },
  };
  return { evaluation, details: { perQuery, texts } };
}

function retentionOf({ teacher, student }: Readonly<Record<string, MeasureValues>>): number | null {
  const best = teacher?.['ndcg_at_10'];
  const reached = student?.['ndcg_at_10'];
  return best === undefined || reached === undefined || best === 0 ? null : reached / best;
}

function speedOf(documents: number, bytes: number, seconds: number): EncodingSpeed {
  // A clock that did not move between two looks would make it infinite, which JSON does not have.
  const time = Math.max(seconds, 1e-6);
  return { documents_per_second: documents / time, megabytes_per_second: bytes / MEGABYTE / time };
}

function conditionsOf(
  { contender, description, index }: Row,
  packed: PackManifest,
  corpusHash: string,
): Omit<RowConditions, 'drop_own_id'> {
  const { id, revision, settings } = description;
  // What reads compressed chunks asks its queries of a text encoder.
  const queries = settings['queries'] as { settings?: Readonly<Record<string, unknown>> } | undefined;
  const prompt = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
  return {
    encoder: id,
    revision,
    input: contender.input,
    maximum_length: contender.maximumLength,
    prompts: { query: prompt((queries?.settings ?? settings)['queryPrompt']), document: prompt(settings['documentPrompt']) },
    codec:
      contender.input === 'compressed chunks'
        ? `zstd level ${packed.level}, chunks of ${packed.targetChunkSize} bytes at most, dictionary of ${packed.dictionaryBytes} bytes`
        : null,
    index,
    corpus_hash: corpusHash,
  };
}

function packCandidates(
  { pack, onProgress }: EncoderEvaluationInput,
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

async function timed<Value>(work: () => Promise<Value>): Promise<[Value, number]> {
  const start = performance.now();
  const value = await work();
  return [value, (performance.now() - start) / 1000];
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BeirData, PackManifest } from '../../data/index.ts';
import { ExactRetriever, type InnerProducts } from '../../search/exact/index.ts';
import type { Retriever, Scoring } from '../../search/index.ts';
import type { Decompressor } from '../../zpkg/index.ts';
import { type CandidateChoice, type Candidates, candidateTexts, hashTexts } from '../measures/candidates.ts';
import { evaluate, type QueryRanking } from '../measures/evaluate.ts';
import { type LengthGroup, lengthCurve } from '../measures/length-curve.ts';
import type { MeasureValues } from '../measures/measures.ts';
import { measureRivals, type RivalBytes } from '../storage/rival-storage.ts';
import { type StoredVectors, type SystemStorage, systemStorage } from '../storage/system-storage.ts';
import type { Contender, EncoderContender, MaximumLength } from './contenders.ts';
import { MeteredEncoder } from './metered-encoder.ts';
import { type CandidatePacking, type PassagePacking, packCandidates } from './packed-candidates.ts';
import { type SymbolCoverage, symbolCoverage } from './symbol-coverage.ts';
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
  readonly pack: CandidatePacking;
  /** As in `evaluate`. */
  readonly scoring?: Scoring | undefined;
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
  /** The passages that have a vector each; null where a document, or each of its chunks, has one, and for what makes no vectors. */
  readonly passages: PassagePacking | null;
  /** What of the chunks or passages was read, and what was too long; null for what reads no symbols. */
  readonly coverage: SymbolCoverage | null;
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
  /** Of documents and of passages; 0 where nothing is known of them. */
  readonly metadata: number;
  readonly vectors: Readonly<Record<string, number>>;
}

/** What was measured, by row where not of the corpus. */
export interface EncoderEvaluation {
  readonly encoders: Readonly<Record<string, MeasureValues>>;
  /** nDCG@10 of row `student` over that of row `teacher`; null when the teacher finds nothing, or when one of them is not there. */
  readonly retention: number | null;
  /** 1 - (container + mapping + metadata) / UTF-8 bytes of the candidates' texts. */
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
  /** Everything that search over the candidates needs to be stored, with the student's vectors (or those of the first row that has some); null where no row has vectors. */
  readonly system: SystemStorage | null;
  /** Speed of the rows that have an encoder. */
  readonly speed: Readonly<Record<string, EncodingSpeed>>;
  /** How the candidates were packed. */
  readonly codec: { readonly level: number; readonly target_chunk_size: number; readonly dictionary_bytes: number };
  /** What documents are ranked by; null where a document's text has one vector and each of its chunks has one. */
  readonly passages: PassagePacking | null;
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
    const [packed, packSeconds] = await timed(() => packCandidates(texts, zpkg, input.pack, input));
    try {
      const rows: Row[] = [];
      const candidates: Candidates = {
        ids: [...texts.keys()],
        texts,
        chunks: packed.chunks,
        ...(packed.passagesOf && { passagesOf: packed.passagesOf }),
      };
      for (const contender of input.contenders) rows.push(await makeRow(contender, candidates, input, rows));
      return await measure(input, texts, { ...packed.manifest, packing: packed.packing, packSeconds }, rows);
    } finally {
      await packed.close();
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
  /** The row's own vectors; absent where there are none. */
  readonly vectors?: StoredVectors;
  readonly index: string;
  /** What it read of the chunks' symbols. */
  readonly coverage?: SymbolCoverage;
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
  { seconds, index, coverage }: Row,
  candidates: Candidates,
): Promise<Row> {
  const encoder = await contender.encoder(candidates);
  const retriever = documents.askedBy(encoder, contender.name);
  return { contender, retriever, description: encoder.description, seconds, index, ...(coverage && { coverage }) };
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
    vectors: { rows: encoder.rows, dimension: encoder.description.dimension },
    index: 'exact, inner product',
    ...(contender.symbols && { coverage: await symbolCoverage(candidates.chunks, candidates.ids, contender.symbols) }),
  };
}

type MeasuredPack = PackManifest & { readonly packing: PassagePacking | null; readonly packSeconds: number };

async function measure(
  input: EncoderEvaluationInput,
  texts: ReadonlyMap<string, string>,
  packed: MeasuredPack,
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
    scoring: input.scoring,
    retrievers: rows.map(({ retriever }) => retriever),
    onProgress: (name, done) => onProgress?.('search', names.indexOf(name) * judged + done, rows.length * judged),
    ...(onRankings && { onRankings }),
  });
  const rivals = await measureRivals(texts, packed.level, (done, total) => onProgress?.('storage of others', done, total));
  const corpusHash = hashTexts(texts);
  const byRow = <Value>(value: (row: Row, index: number) => Value): Record<string, Value> =>
    Object.fromEntries(rows.map((row, index) => [names[index]!, value(row, index)]));
  const encoderRows = rows.flatMap(({ vectors, contender, seconds }) =>
    vectors === undefined ? [] : [{ name: contender.name, vectors, seconds }],
  );
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
      metadata: packed.metadataBytes,
      ...rivals,
      vectors: Object.fromEntries(encoderRows.map(({ name, vectors }) => [name, VALUE_BYTES * vectors.rows * vectors.dimension])),
    },
    system: systemOf(packed, encoderRows),
    speed: Object.fromEntries(encoderRows.map(({ name, seconds }) => [name, speedOf(texts.size, packed.textBytes, seconds)])),
    codec: { level: packed.level, target_chunk_size: packed.targetChunkSize, dictionary_bytes: packed.dictionaryBytes },
    passages: packed.packing,
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

function systemOf(
  packed: PackManifest,
  rows: readonly { readonly name: string; readonly vectors: StoredVectors }[],
): SystemStorage | null {
  const row = rows.find(({ name }) => name === 'student') ?? rows[0];
  if (row === undefined) return null;
  const parts = {
    text: packed.textBytes,
    container: packed.containerBytes,
    dictionary: packed.dictionaryBytes,
    mapping: packed.mappingBytes,
    metadata: packed.metadataBytes - packed.passageBytes,
    passages: packed.passageBytes,
  };
  return systemStorage(parts, row.vectors);
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
  { contender, description, index, coverage }: Row,
  packed: MeasuredPack,
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
        ? `zstd level ${packed.level}, ${frameText(packed)}, dictionary of ${packed.dictionaryBytes} bytes`
        : null,
    index,
    corpus_hash: corpusHash,
    passages: passagesOfRow(contender, packed),
    coverage: coverage ?? null,
  };
}

/** What a row's vectors are of. In windows that is a matter of frames: what reads texts reads whole documents. */
function passagesOfRow(contender: Contender, { packing }: MeasuredPack): PassagePacking | null {
  if (!('encoder' in contender && contender.readsPassages)) return null;
  return packing?.window_documents != null && contender.input === 'text' ? null : packing;
}

function frameText({ packing, targetChunkSize }: MeasuredPack): string {
  return packing?.window_documents == null
    ? `chunks of ${targetChunkSize} bytes at most`
    : `frames of ${packing.window_documents} neighbouring documents`;
}

async function timed<Value>(work: () => Promise<Value>): Promise<[Value, number]> {
  const start = performance.now();
  const value = await work();
  return [value, (performance.now() - start) / 1000];
}

import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import * as z from 'zod';
import { type JsonMeaning, messageOf, parseJson, UsageError } from '../../base/index.ts';
import { readLines } from '../../data/index.ts';

/** Names in an evaluation's folder. */
export const RECORD_FILES = {
  request: 'request.json',
  vectors: 'vectors.log',
  result: 'result.json',
  queries: 'queries.jsonl',
  qrels: 'qrels.txt',
  rankings: 'rankings',
  mteb: 'results',
} as const;

const byRow = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value);
const measures = byRow(z.number());

/** `PassagePacking` */
const passagesSchema = z.object({
  passage_bytes: z.number().nullable(),
  overlap_bytes: z.number(),
  window_documents: z.number().nullable(),
  passages: z.number(),
  document_score: z.string(),
});
/** `SymbolCoverage` */
const coverageSchema = z.object({
  chunks: z.number(),
  passages: z.number(),
  symbols: z.number(),
  symbols_read: z.number(),
  largest_passage_symbols: z.number(),
  passages_cut: z.number(),
});

const atPrecision = z.object({
  vectors: z.number(),
  all: z.number(),
  of_text: z.number().nullable(),
  system_saving: z.number().nullable(),
});
/** `SystemStorage` */
const systemSchema = z.object({
  rows: z.number(),
  dimension: z.number(),
  parts: z.object({
    text: z.number(),
    container: z.number(),
    dictionary: z.number(),
    mapping: z.number(),
    metadata: z.number(),
    passages: z.number(),
    terms: z.number().exactOptional(),
  }),
  without_vectors: z.number(),
  usual: z.number(),
  precisions: z.object({ single: atPrecision, half: atPrecision, int8: atPrecision, binary: atPrecision }),
});

/** What a report or a comparison takes from `result.json`; other keys are left alone. */
const recordSchema = z.object({
  dataset: z.string(),
  split: z.string(),
  encoders: byRow(measures),
  retention: z.number().nullable(),
  saving: z.number(),
  candidates: z.string(),
  counts: z.object({ documents: z.number(), chunks: z.number(), queries: z.number(), relevant_not_candidates: z.number() }),
  bytes: z.object({
    text: z.number(),
    container: z.number(),
    mapping: z.number(),
    // Evaluations of before it was recorded packed none.
    metadata: z.number().default(0),
    gzip: z.number(),
    gzip_per_document: z.number(),
    zstd: z.number(),
    zstd_per_document: z.number(),
    vectors: byRow(z.number()),
  }),
  // Not in evaluations of before it was counted.
  system: systemSchema.nullable().default(null),
  speed: byRow(z.object({ documents_per_second: z.number(), megabytes_per_second: z.number() })),
  corpus_hash: z.string(),
  conditions: byRow(
    z.object({
      encoder: z.string(),
      revision: z.string(),
      input: z.string(),
      maximum_length: z.object({ limit: z.number(), unit: z.string() }).nullable(),
      prompts: z.object({ query: z.string().nullable(), document: z.string().nullable() }),
      codec: z.string().nullable(),
      index: z.string(),
      corpus_hash: z.string(),
      // Evaluations of before it was recorded kept every candidate.
      drop_own_id: z.boolean().default(false),
      // They had no passages, and did not count symbols.
      passages: passagesSchema.nullable().default(null),
      coverage: coverageSchema.nullable().default(null),
    }),
  ),
  by_document_length: z.array(
    z.object({ from_bytes: z.number(), to_bytes: z.number(), queries: z.number(), ndcg_at_10: measures }),
  ),
});

const excerptSchema = z.object({ id: z.string(), excerpt: z.string() });

/** One judged query: what was measured of it, and enough text to see why. */
const querySchema = z.object({
  id: z.string(),
  text: z.string(),
  /** Candidates that are relevant to it. */
  relevant_count: z.number(),
  /** The most relevant of them. */
  relevant: z.array(excerptSchema.extend({ grade: z.number(), bytes: z.number() })),
  measures: byRow(measures),
  /** What each row ranked first; null where it found nothing. */
  first: byRow(excerptSchema.nullable()),
});
export type QueryRecord = z.infer<typeof querySchema>;

const MEANING: JsonMeaning = { code: 'EVAL_RECORD_MALFORMED', what: 'what cem eval writes', remedy: 'evaluate again' };

/** A finished evaluation as it lies in its folder. */
export interface EvaluationRecord extends z.infer<typeof recordSchema> {
  readonly path: string;
  /** The folder's own name. */
  readonly name: string;
  readonly queries: readonly QueryRecord[];
}

/**
 * Reads what `cem eval --output` wrote.
 *
 * @throws UsageError `EVAL_RECORD_MISSING` where no evaluation was finished
 * @throws FormatError `EVAL_RECORD_MALFORMED`, and as `readLines`
 */
export async function readEvaluationRecord(folder: string): Promise<EvaluationRecord> {
  const path = join(folder, RECORD_FILES.result);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(
      'EVAL_RECORD_MISSING',
      `${folder} holds no finished evaluation (${messageOf(cause)}): make one with cem eval --output ${folder}, or let it finish`,
      { cause },
    );
  });
  const record = parseJson(text, recordSchema, path, MEANING);
  const queries: QueryRecord[] = [];
  const queriesPath = join(folder, RECORD_FILES.queries);
  for await (const line of readLines(queriesPath)) {
    if (line.text !== '') queries.push(parseJson(line.text, querySchema, `${queriesPath}:${line.number}`, MEANING));
  }
  return { ...record, path: folder, name: basename(resolve(folder)), queries };
}

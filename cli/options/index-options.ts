import { UsageError } from '../../base/index.ts';
import { RETRIEVER_CHOICES } from '../../rag/index.ts';
import type { SearcherOptions } from '../../recipes/index.ts';
import { type VectorIndexInput, vectorIndexConfig } from '../../search/index.ts';
import { VECTOR_PRECISIONS, type VectorPrecision } from '../../search/postgres/index.ts';

/** Options of the commands that work on an index: `index`, `search`, `serve`. */
export const indexOption = { type: 'string', demandOption: true, describe: 'folder of the index' } as const;

export const databaseOption = {
  type: 'string',
  describe:
    'PostgreSQL with pgvector, as postgres://user:password@host:port/database; without it an embedded database in the index folder',
} as const;

/** Where a collection lies that several machines share. */
export const segmentsOption = {
  type: 'string',
  describe:
    's3://BUCKET/PREFIX under which segments lie, with --database: any number of machines share the collection, each with a folder of its own',
} as const;

export const modelsOption = {
  type: 'string',
  default: process.env['CEM_MODELS'],
  defaultDescription: 'CEM_MODELS',
  describe: 'folder where teachers are looked up before the hub',
} as const;

/** Who encodes the queries of an index, for `search` and `serve`. */
export const queriesOption = {
  choices: ['teacher', 'student'] as const,
  describe:
    "what encodes queries: the teacher, or the checkpoint's query student, which needs no teacher; by default the teacher where it is on this machine, else the student where the index has one",
} as const;

/** What ranks in an index that keeps terms, for `search` and `serve`. */
export const retrieversOption = {
  choices: RETRIEVER_CHOICES,
  defaultDescription: 'of a collection hybrid, of an index vectors',
  describe:
    'what ranks: vectors, words (bm25), or both, fused by their scores (hybrid); words where passages were packed with their terms',
} as const;

/** How an index keeps and finds its vectors, as options of `index` say it. */
export interface VectorIndexOptions {
  readonly precision?: VectorPrecision | undefined;
  readonly vectorIndex?: VectorIndexInput['kind'] | undefined;
  readonly hnswM?: number | undefined;
  readonly efConstruction?: number | undefined;
  readonly efSearch?: number | undefined;
}

export const precisionOption = {
  choices: VECTOR_PRECISIONS,
  describe:
    'how vectors are stored: 4 bytes a value; half: 2 (halfvec); int8: 1, and each search reads all of them; binary: 1, and a bit by which candidates are found; of a new index single',
} as const;

export const vectorIndexOption = {
  choices: ['none', 'hnsw'] as const,
  describe: 'what searches go by: every vector, exact, or a graph, approximate; of a new index none',
} as const;

export const partitionsOption = {
  type: 'number',
  describe:
    'of a new index: into how many tables its rows are spread by a hash of their document (2 to 1024), whose indexes are built at the same time; one unless given; for many millions of passages on a server',
} as const;

export const hnswOptions = {
  'hnsw-m': { type: 'number', describe: 'hnsw: neighbours of a node (16)' },
  'ef-construction': { type: 'number', describe: 'hnsw: candidates while it is built (64)' },
  'ef-search': { type: 'number', describe: 'hnsw: candidates in a search (100)' },
} as const;

/**
 * @returns undefined where nothing is said of the vector index
 * @throws UsageError `INDEX_OPTIONS` for numbers without `hnsw`, or out of bounds
 */
export function vectorIndexOfOptions({
  vectorIndex,
  hnswM,
  efConstruction,
  efSearch,
}: VectorIndexOptions): VectorIndexInput | undefined {
  const numbers = {
    ...(hnswM !== undefined && { m: hnswM }),
    ...(efConstruction !== undefined && { efConstruction }),
    ...(efSearch !== undefined && { efSearch }),
  };
  if (vectorIndex !== 'hnsw') {
    if (Object.keys(numbers).length === 0) return vectorIndex && { kind: vectorIndex };
    throw new UsageError(
      'INDEX_OPTIONS',
      '--hnsw-m, --ef-construction and --ef-search are those of --vector-index hnsw: give it too',
    );
  }
  const parsed = vectorIndexConfig.safeParse({ kind: 'hnsw', ...numbers });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const option =
    issue.path[0] === 'm' ? 'hnsw-m' : String(issue.path[0]).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError('INDEX_OPTIONS', `--${option}: ${issue.message}`, { details: { option } });
}

const BYTES_PER_MEGABYTE = 1e6;
const CODES_MEGABYTES = 512;

export const codesMemoryOption = {
  type: 'number',
  default: CODES_MEGABYTES,
  describe:
    'megabytes of memory that the codes of binary vectors may take (56 bytes a vector of 384 values); where they do not fit, the database looks through them; 0 for none',
} as const;

/**
 * @returns bytes
 * @throws UsageError `INDEX_OPTIONS`
 */
export function codesMemoryOf(megabytes = CODES_MEGABYTES): number {
  if (Number.isFinite(megabytes) && megabytes >= 0) return megabytes * BYTES_PER_MEGABYTE;
  throw new UsageError('INDEX_OPTIONS', `--codes-memory ${megabytes}: give megabytes, 0 or more`);
}

/** Which passages' codes stay in memory where not all fit, as options of `serve` say it. */
export interface TiersOptions {
  readonly tiers?: boolean | undefined;
  readonly hotDays?: number | undefined;
  readonly hotBonus?: number | undefined;
  readonly coldCandidates?: number | undefined;
}

export const tiersOptions = {
  tiers: {
    type: 'boolean',
    describe:
      'of binary vectors: where not all codes of an index or a collection fit into --codes-memory, or a graph is built, the codes of the passages that searches find most are kept there, and searched beside the database',
  },
  'hot-days': { type: 'number', describe: '--tiers: days after which a use counts half (30)' },
  'hot-bonus': {
    type: 'number',
    describe:
      '--tiers: added to the score of hot passages (0); with 0.2 what is asked for often comes before what answers the question',
  },
  'cold-candidates': {
    type: 'number',
    describe:
      '--tiers: rows of the database that are ranked in a search (300); fewer cost less, and find less of what is not hot',
  },
} as const;

/**
 * @returns undefined without tiers
 * @throws UsageError `INDEX_OPTIONS` for numbers without them
 */
export function tiersOf({ tiers = false, hotDays, hotBonus, coldCandidates }: TiersOptions): SearcherOptions['tiers'] {
  if (tiers) return { days: hotDays, bonus: hotBonus, coldCandidates };
  if (hotDays === undefined && hotBonus === undefined && coldCandidates === undefined) return undefined;
  throw new UsageError('INDEX_OPTIONS', '--hot-days, --hot-bonus and --cold-candidates are those of --tiers: give it too');
}

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CemError } from '../../base/index.ts';
import type { VectorPrecision } from '../../search/postgres/index.ts';

const PROGRAM = fileURLToPath(new URL('./store-search-program.ts', import.meta.url));

/** A store to be filled and searched. Files are little-endian float32 rows. */
export interface StoreSearchInput {
  readonly vectors: string;
  readonly queries: string;
  readonly dimension: number;
  readonly rows: number;
  /** Results a query. */
  readonly k: number;
  /** Name of the store's tables; rows that are there already stay. */
  readonly name: string;
  /** A server's URL; without it the embedded database in `folder`. */
  readonly database?: string | undefined;
  readonly folder: string;
  readonly precision: VectorPrecision;
  readonly hnsw: boolean;
  /** Tables over which rows are spread; one unless given. */
  readonly partitions?: number | undefined;
  readonly codesMemory: boolean;
  readonly candidates: number;
}

/** MB are 10^6 bytes. */
export interface StoreSearch {
  /** Milliseconds of each query. */
  readonly times: readonly number[];
  /** Processor time of a query in this process, all of its threads together: what an embedded search takes where nothing else runs. */
  readonly processorMilliseconds: number;
  /** Numbers of the rows found for each query, best first. */
  readonly found: readonly (readonly number[])[];
  readonly fillSeconds: number;
  /** Of the vector index. */
  readonly buildSeconds: number;
  /** The first search, in which codes are read. */
  readonly firstSearchSeconds: number;
  /** Table and indexes. */
  readonly databaseMegabytes: number;
  /** What searching added to this process's memory. */
  readonly searchMegabytes: number;
  readonly residentMegabytes: number;
}

/**
 * In a process of its own, whose memory is nothing else's.
 *
 * @throws CemError `BENCH_STORE`
 */
export async function measureStoreSearch(input: StoreSearchInput, say: (line: string) => void): Promise<StoreSearch> {
  const program = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), PROGRAM, JSON.stringify(input)]);
  let [output, errors] = ['', ''];
  program.stdout.on('data', (data: Buffer) => {
    output += data.toString();
  });
  program.stderr.on('data', (data: Buffer) => {
    errors = (errors + data.toString()).slice(-2000);
    say(data.toString().trim());
  });
  const code = await new Promise((resolve, reject) => program.on('close', resolve).on('error', reject));
  if (code === 0) return JSON.parse(output) as StoreSearch;
  throw new CemError('BENCH_STORE', `searching ${input.rows} vectors (${input.precision}) failed: ${errors}`);
}

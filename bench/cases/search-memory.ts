import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CemError } from '../../base/index.ts';
import type { VectorStorage } from '../../search/exact/index.ts';

/** What a large exact index takes. MB are 10^6 bytes. */
export interface SearchMemory {
  readonly rows: number;
  readonly peakMegabytes: number;
  /** After the search. */
  readonly residentMegabytes: number;
  /** Making the vectors and storing them. */
  readonly fillSeconds: number;
  readonly searchSeconds: number;
  readonly queries: number;
  /** Queries, being rows, whose best result is themselves. */
  readonly selfFound: number;
}

/**
 * In a process of its own, whose memory is nothing else's.
 *
 * @throws CemError `BENCH_MEMORY`
 */
export async function measureSearchMemory(rows: number, dimension: number, storage: VectorStorage): Promise<SearchMemory> {
  const program = fileURLToPath(new URL('./search-memory-program.ts', import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      import.meta.resolve('tsx'),
      program,
      String(rows),
      String(dimension),
      storage,
    ]);
    return JSON.parse(stdout) as SearchMemory;
  } catch (error) {
    throw new CemError('BENCH_MEMORY', `exact search of ${rows} vectors failed: ${(error as Error).message}`, { cause: error });
  }
}

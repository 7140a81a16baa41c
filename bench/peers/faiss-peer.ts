import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CemError } from '../../base/index.ts';

const PROGRAM = fileURLToPath(new URL('./faiss_peer.py', import.meta.url));
/** The last of what Python says when it fails. */
const ERROR_CHARACTERS = 2000;

export interface FaissPeerInput {
  /** A Python with the package faiss-cpu. */
  readonly python: string;
  /** Files of little-endian float32 rows. */
  readonly vectors: string;
  readonly queries: string;
  readonly dimension: number;
  readonly k: number;
  readonly threads: number;
  /** Exact (unless given), or a graph. */
  readonly kind?: 'flat' | 'hnsw';
}

/** What the program says once it is ready. */
interface Ready {
  readonly version: string;
  readonly build_seconds: number;
}

/** faiss IndexFlatIP or IndexHNSWFlat in a Python process that holds its vectors, for measurements taken in turns with ours. */
export class FaissPeer {
  readonly version: string;
  readonly buildSeconds: number;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor({ version, build_seconds }: Ready, process: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>) {
    this.version = version;
    this.buildSeconds = build_seconds;
    this.#process = process;
    this.#lines = lines;
  }

  /** @throws CemError `BENCH_FAISS` where Python or faiss is missing */
  static async start({ python, vectors, queries, dimension, k, threads, kind = 'flat' }: FaissPeerInput): Promise<FaissPeer> {
    const program = spawn(python, [PROGRAM, vectors, queries, String(dimension), String(k), String(threads), kind]);
    let said = '';
    program.stderr.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-ERROR_CHARACTERS);
    });
    program.on('error', (error) => {
      said += error.message;
    });
    // Writing to a program that has ended fails here as well as by the missing answer.
    program.stdin.on('error', () => {});
    const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) {
      throw new CemError(
        'BENCH_FAISS',
        `${python} cannot run faiss: ${said.trim()}; name a Python that has it (pip install faiss-cpu)`,
      );
    }
    return new FaissPeer(JSON.parse(first.value) as Ready, program, lines);
  }

  /** Searches all queries once; the seconds that took. */
  async search(): Promise<number> {
    return ((await this.#ask('search')) as { seconds: number }).seconds;
  }

  /** Searches query by query; the milliseconds of each. */
  async searchOneByOne(): Promise<number[]> {
    const { seconds } = (await this.#ask('one')) as { seconds: number[] };
    return seconds.map((ofQuery) => ofQuery * 1000);
  }

  /** What the last search found: row numbers of each query, best first. */
  async results(): Promise<number[][]> {
    return (await this.#ask('results')) as number[][];
  }

  close(): void {
    this.#process.stdin.end();
    this.#process.kill();
  }

  async #ask(line: string): Promise<unknown> {
    this.#process.stdin.write(`${line}\n`);
    const answer = await this.#lines.next();
    if (answer.done) throw new CemError('BENCH_FAISS', 'the faiss program ended in the middle of the measurement');
    return JSON.parse(answer.value);
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeBackend, parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { benchSearch } from './search.ts';

interface EvalBenchOptions {
  readonly vectors: number;
  readonly dimension: number;
  readonly queries: number;
  readonly k: number;
  readonly memory: number;
  readonly rounds: number;
  readonly python: string;
  readonly backend: string;
}

/** What evaluation spends its time on once vectors are there: exact search, beside faiss. */
export const evalBench: Bench<EvalBenchOptions> = {
  name: 'eval',
  describe: 'Exact search beside faiss IndexFlatIP',
  options: (parser) =>
    parser
      .option('vectors', {
        type: 'number',
        default: 100_000,
        describe: 'how many are searched',
        coerce: wholeNumber('vectors', 1),
      })
      .option('dimension', { type: 'number', default: 1024, describe: 'values of a vector', coerce: wholeNumber('dimension', 1) })
      .option('queries', { type: 'number', default: 1000, describe: 'searched for at once', coerce: wholeNumber('queries', 1) })
      .option('k', { type: 'number', default: 100, describe: 'results of a query', coerce: wholeNumber('k', 1) })
      .option('memory', {
        type: 'number',
        default: 1_000_000,
        describe: 'vectors of the index whose memory is measured; 0 leaves it out',
        coerce: wholeNumber('memory', 0),
      })
      .option('rounds', {
        type: 'number',
        default: 3,
        describe: 'rounds, the sides taking turns',
        coerce: wholeNumber('rounds', 1),
      })
      .option('python', { type: 'string', default: 'python3', describe: 'a Python with the package faiss-cpu' })
      .option('backend', { type: 'string', default: 'auto', describe: 'what multiplies' }),
  run: async ({ vectors, memory, backend, ...options }, say) => {
    say(describeBackend(await selectBackend(parseBackendRequest(backend))));
    const folder = await mkdtemp(join(tmpdir(), 'cem-bench-'));
    try {
      return await benchSearch({ ...options, rows: vectors, memoryRows: memory, folder, onStage: say });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

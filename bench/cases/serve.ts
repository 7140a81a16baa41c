import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { CemError } from '../../base/index.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { describeMachine } from '../measurement.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
/** No request fails, and the memory at the end is that at the beginning but for what garbage collection leaves. */
const MEMORY_BAR = 1.25;
const WARM_SECONDS = 5;

interface ServeBenchOptions {
  readonly collections: string;
  readonly collection: string;
  readonly queries: string;
  readonly connections: number;
  readonly seconds: number;
  readonly retrievers: string;
  readonly models: string | undefined;
}

interface Served {
  readonly address: string;
  readonly server: ChildProcess;
}

async function startServer({ collections, models }: ServeBenchOptions): Promise<Served> {
  const words = [
    'serve',
    '--collections',
    collections,
    '--port',
    '0',
    '--log',
    'silent',
    ...(models === undefined ? [] : ['--models', models]),
  ];
  const server = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), MAIN, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  server.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  for (;;) {
    const address = / at (http:\S+);/.exec(said)?.[1];
    if (address !== undefined) return { address, server };
    if (server.exitCode !== null) throw new CemError('BENCH_SERVE', `the server did not begin: ${said.trim()}`);
    await setTimeout(50);
  }
}

/** Bytes that the server's process has in memory. */
async function memoryOf(address: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
}

/** Searches over HTTP by many connections at once. */
export const serveBench: Bench<ServeBenchOptions> = {
  name: 'serve',
  describe: 'searches of a collection over HTTP: requests a second, times, failures, memory',
  options: (parser) =>
    parser
      .option('collections', { type: 'string', demandOption: true, describe: 'folder of collections, as `cem serve` takes it' })
      .option('collection', { type: 'string', demandOption: true, describe: 'name of the one that is searched' })
      .option('queries', { type: 'string', demandOption: true, describe: 'file with a query a line' })
      .option('connections', { type: 'number', default: 64, coerce: wholeNumber('connections', 1) })
      .option('seconds', { type: 'number', default: 60, coerce: wholeNumber('seconds', 1) })
      .option('retrievers', { type: 'string', default: 'hybrid', choices: ['vectors', 'bm25', 'hybrid'] })
      .option('models', { type: 'string', describe: 'folder of models' }),
  async run(options, say) {
    const { collection, connections, seconds, retrievers } = options;
    const queries = (await readFile(options.queries, 'utf8')).split('\n').filter((line) => line.trim() !== '');
    const { address, server } = await startServer(options);
    try {
      const requests = queries.map((query) => ({
        method: 'POST',
        path: '/v1/search',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ collection, query, k: 10, retrievers }),
      }));
      const load = (duration: number) => autocannon({ url: address, connections, duration, requests });
      await load(WARM_SECONDS);
      const before = await memoryOf(address);
      say(`${queries.length} queries by ${connections} connections for ${seconds} s`);
      const { errors, timeouts, non2xx, requests: made, latency } = await load(seconds);
      const after = await memoryOf(address);
      const { documents, units, passages } = (await (await fetch(`${address}/v1/collections/${collection}`)).json()) as Record<
        string,
        number
      >;
      return {
        bench: 'serve',
        date: new Date().toISOString().slice(0, 10),
        machine: describeMachine(),
        notes: [
          `${documents} documents, ${units} units, ${passages} passages; ${connections} connections for ${seconds} s, ${retrievers}, k = 10, the client on the same machine`,
        ],
        measurements: [
          { name: 'requests', value: made.average, unit: '/s' },
          { name: 'median', value: latency.p50, unit: 'ms' },
          { name: '99 of 100', value: latency.p99, unit: 'ms' },
          { name: 'failed', value: errors + timeouts + non2xx, unit: '', bar: { atMost: 0 } },
          {
            name: 'memory after it',
            value: after / 1e6,
            unit: 'MB',
            reference: { name: 'before it', value: before / 1e6 },
            bar: { atMost: MEMORY_BAR },
          },
        ],
      };
    } finally {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
  },
};

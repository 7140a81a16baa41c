import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CemError } from '../../base/index.ts';
import { NpyReader, type Vectors } from '../../encoders/index.ts';
import { recallAgainst } from '../../search/recall.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { describeMachine, type Measurement } from '../measurement.ts';
import { FaissPeer } from '../peers/faiss-peer.ts';
import { MixedVectors } from './mixed-vectors.ts';
import { quantile } from './quantile.ts';
import { measureStoreSearch, type StoreSearchInput } from './store-search.ts';
import { SyntheticVectors } from './synthetic-vectors.ts';

/** Issue 17: milliseconds of the slowest query of a hundred, embedded, and what it finds of the exact results, among a million vectors. */
const TIME_BAR = 20;
const RECALL_BAR = 0.95;
const BAR_ROWS = 1_000_000;
const K = 10;
const PARTITIONS = 16;

/** What is searched with: the stores by how they keep and find vectors, embedded or on a server, and faiss. */
const KINDS = {
  'faiss-flat': undefined,
  'faiss-hnsw': undefined,
  exact: { precision: 'single', hnsw: false, codesMemory: false, server: false },
  int8: { precision: 'int8', hnsw: false, codesMemory: false, server: false },
  'half-hnsw': { precision: 'half', hnsw: true, codesMemory: false, server: false },
  'binary-scan': { precision: 'binary', hnsw: false, codesMemory: false, server: false },
  'binary-memory': { precision: 'binary', hnsw: false, codesMemory: true, server: false },
  'server-exact': { precision: 'single', hnsw: false, codesMemory: false, server: true },
  'server-half-hnsw': { precision: 'half', hnsw: true, codesMemory: false, server: true },
  'server-binary-scan': { precision: 'binary', hnsw: false, codesMemory: false, server: true },
  'server-binary-hnsw': { precision: 'binary', hnsw: true, codesMemory: false, server: true },
  'server-binary-memory': { precision: 'binary', hnsw: false, codesMemory: true, server: true },
  'server-half-hnsw-parted': { precision: 'half', hnsw: true, codesMemory: false, server: true, partitions: PARTITIONS },
  'server-binary-hnsw-parted': { precision: 'binary', hnsw: true, codesMemory: false, server: true, partitions: PARTITIONS },
  'server-binary-memory-parted': { precision: 'binary', hnsw: false, codesMemory: true, server: true, partitions: PARTITIONS },
} as const;
type Kind = keyof typeof KINDS;
type StoreKind = Pick<StoreSearchInput, 'precision' | 'hnsw' | 'codesMemory' | 'partitions'> & { readonly server: boolean };

interface VectorSearchOptions {
  readonly rows: number;
  readonly dimension: number;
  readonly queries: number;
  readonly kinds: string;
  readonly candidates: number;
  readonly from: string | undefined;
  readonly questions: string | undefined;
  readonly database: string | undefined;
  readonly folder: string | undefined;
  readonly python: string;
}

async function readVectors(path: string): Promise<Vectors> {
  const reader = await NpyReader.open(path);
  try {
    return { rows: reader.rows, dimension: reader.dimension, data: await reader.read(0, reader.rows) };
  } finally {
    await reader.close();
  }
}

/** Row numbers and times of one way to search, with what it took to make ready. */
interface Measured {
  readonly times: readonly number[];
  readonly found: readonly (readonly number[])[];
  readonly ready: readonly Measurement[];
}

interface Files {
  readonly vectors: string;
  readonly queries: string;
}

async function measureFaiss(kind: 'flat' | 'hnsw', files: Files, dimension: number, python: string): Promise<Measured> {
  const peer = await FaissPeer.start({ python, ...files, dimension, k: K, threads: cpus().length, kind });
  try {
    await peer.search();
    const times = await peer.searchOneByOne();
    const ready = [{ name: `faiss-${kind}, index built`, value: peer.buildSeconds, unit: 's' }];
    return { times, found: await peer.results(), ready };
  } finally {
    peer.close();
  }
}

async function measureStore(kind: Kind, input: StoreSearchInput, say: (line: string) => void): Promise<Measured> {
  const measured = await measureStoreSearch(input, (line) => say(`${kind}: ${line}`));
  const figures: [string, number, string][] = [
    ...(input.database === undefined
      ? [['processor time of a query', measured.processorMilliseconds, 'ms'] as [string, number, string]]
      : []),
    ['rows written', measured.fillSeconds, 's'],
    ...(input.hnsw ? [['index built', measured.buildSeconds, 's'] as [string, number, string]] : []),
    ...(input.codesMemory
      ? [['codes read, with the first search', measured.firstSearchSeconds, 's'] as [string, number, string]]
      : []),
    ['table and indexes', measured.databaseMegabytes, 'MB'],
    ['memory of the process after the searches', measured.residentMegabytes, 'MB'],
  ];
  return { ...measured, ready: figures.map(([name, value, unit]) => ({ name: `${kind}, ${name}`, value, unit })) };
}

/** One query at a time against many vectors: how long it takes, what it finds of the exact results, what it costs to have. */
export const vectorSearchBench: Bench<VectorSearchOptions> = {
  name: 'search',
  describe: 'One query at a time among many vectors: stores of every precision, embedded and on a server, beside faiss',
  options: (parser) =>
    parser
      .option('rows', { type: 'number', default: 100_000, describe: 'vectors that are searched', coerce: wholeNumber('rows', 1) })
      .option('dimension', {
        type: 'number',
        default: 384,
        describe: 'values of a vector, without --from',
        coerce: wholeNumber('dimension', 1),
      })
      .option('queries', {
        type: 'number',
        default: 200,
        describe: 'how many, one after the other',
        coerce: wholeNumber('queries', 1),
      })
      .option('kinds', {
        type: 'string',
        default: 'faiss-hnsw,exact,binary-memory',
        describe: `what is measured, beside faiss-flat: ${Object.keys(KINDS).join(', ')}`,
      })
      .option('candidates', {
        type: 'number',
        default: 300,
        describe: 'rows that are ranked by their integers',
        coerce: wholeNumber('candidates', 1),
      })
      .option('from', {
        type: 'string',
        describe: 'vectors (.npy) that the searched ones are made from; without it they lie around 1,000 random centres',
      })
      .option('questions', {
        type: 'string',
        describe: "queries' vectors (.npy); without it some made as the searched ones are",
      })
      .option('database', { type: 'string', describe: 'PostgreSQL with pgvector, for the kinds of a server' })
      .option('folder', { type: 'string', describe: 'where databases are kept for the next run; without it they are removed' })
      .option('python', { type: 'string', default: 'python3', describe: 'a Python with the package faiss-cpu' }),
  run: async (options, say) => {
    const kinds = options.kinds.split(',') as Kind[];
    const unknown = kinds.find((kind) => !(kind in KINDS));
    if (unknown !== undefined) throw new CemError('BENCH_KIND', `${unknown} is none of ${Object.keys(KINDS).join(', ')}`);
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'cem-bench-')));
    await mkdir(folder, { recursive: true });
    const files = { vectors: join(folder, 'vectors.f32'), queries: join(folder, 'queries.f32') };
    const { rows, candidates } = options;
    try {
      const real = options.from === undefined ? undefined : await readVectors(options.from);
      const dimension = real?.dimension ?? options.dimension;
      const stream = (name: string) =>
        real === undefined ? new SyntheticVectors(dimension, 1, name) : new MixedVectors(real, 1, name);
      const queries = await queryVectors(options, stream('queries'));
      say(`${rows} vectors of ${dimension} values`);
      await writeFile(files.vectors, stream('rows').take(rows).data);
      await writeFile(files.queries, queries.data);
      const flat = await measureFaiss('flat', files, dimension, options.python);
      const measured: [string, Measured][] = [['faiss-flat', flat]];
      for (const kind of kinds) {
        const how = KINDS[kind];
        say(kind);
        if (how === undefined) {
          if (kind === 'faiss-hnsw') measured.push([kind, await measureFaiss('hnsw', files, dimension, options.python)]);
          continue;
        }
        const { server, ...store }: StoreKind = how;
        if (server && options.database === undefined) throw new CemError('BENCH_DATABASE', `${kind} needs --database`);
        const parted = store.partitions === undefined ? '' : `_p${store.partitions}`;
        const name = `bench_${store.precision}_${store.hnsw ? 'hnsw' : 'plain'}_${rows}_${dimension}${parted}`;
        const database = server ? options.database : undefined;
        const input = {
          ...store,
          ...files,
          dimension,
          rows,
          k: K,
          name,
          candidates,
          database,
          folder: join(folder, `${name}.pgdata`),
        };
        measured.push([kind, await measureStore(kind, input, say)]);
      }
      return {
        bench: options.rows >= BAR_ROWS ? 'search, a million' : 'search',
        date: new Date().toISOString().slice(0, 10),
        machine: describeMachine(),
        notes: [
          `${rows.toLocaleString('en')} vectors of ${dimension} values, ${real === undefined ? 'around 1,000 random centres' : 'made from real ones (each moved along the difference of two others)'}; ` +
            `${queries.rows} queries${options.questions === undefined ? ' made like them' : ' of real texts'}, one after the other, the best ${K} of each; ${candidates} candidates of binary codes.`,
          'Each store in a process of its own; `server` is PostgreSQL on the same machine, the others the embedded one.',
        ],
        measurements: measured.flatMap(([kind, each]) => measurementsOf(kind, each, flat, rows)),
      };
    } finally {
      if (options.folder === undefined) await rm(folder, { recursive: true });
    }
  },
};

async function queryVectors(
  { questions, queries }: VectorSearchOptions,
  made: { take(rows: number): Vectors },
): Promise<Vectors> {
  if (questions === undefined) return made.take(queries);
  const { rows, dimension, data } = await readVectors(questions);
  const count = Math.min(rows, queries);
  return { rows: count, dimension, data: data.subarray(0, count * dimension) };
}

function measurementsOf(kind: string, { times, found, ready }: Measured, exact: Measured, rows: number): Measurement[] {
  const barred = kind === 'binary-memory' && rows >= BAR_ROWS;
  return [
    { name: `${kind}, half of the queries within`, value: quantile(times, 0.5), unit: 'ms' },
    { name: `${kind}, 99 of 100 within`, value: quantile(times, 0.99), unit: 'ms', ...(barred && { bar: { atMost: TIME_BAR } }) },
    {
      name: `${kind}, recall@${K} against exact`,
      value: recallAgainst(exact.found, found),
      unit: '',
      ...(barred && { bar: { atLeast: RECALL_BAR } }),
    },
    ...ready,
  ];
}

import { rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { tf } from '../../model/backend/index.ts';
import { ExactIndex, tensorInnerProducts, type VectorStorage } from '../../search/exact/index.ts';
import { VECTOR_STORAGES } from '../../search/exact/vector-block.ts';
import { recallAgainst } from '../../search/recall.ts';
import { type BenchReport, describeMachine, type Measurement, median } from '../measurement.ts';
import { FaissPeer } from '../peers/faiss-peer.ts';
import { measureSearchMemory } from './search-memory.ts';
import { SyntheticVectors } from './synthetic-vectors.ts';

/** Issue 7: exact search against faiss IndexFlatIP, on `tensorflow`. */
const TIME_BAR = 1.5;
/** Issue 7: MB of resident memory for a million vectors of 1024 values. */
const MEMORY_BAR = 8000;
const MEMORY_STORAGE = 'float16';
/** Depth at which what a storage form loses is told. */
const RECALL_DEPTH = 10;

export interface SearchBenchInput {
  /** Documents' vectors. */
  readonly rows: number;
  readonly dimension: number;
  readonly queries: number;
  /** Results a query. */
  readonly k: number;
  /** Each figure is the median of so many rounds, taken in turns. */
  readonly rounds: number;
  /** Vectors, kept as float16, of the index whose memory is measured in a process of its own; 0 leaves it out. */
  readonly memoryRows: number;
  /** A Python with the package faiss-cpu. */
  readonly python: string;
  /** Empty and writable; what is written there is removed. */
  readonly folder: string;
  readonly onStage?: (stage: string) => void;
}

/** Threads that the backend computes with (see model/backend/tensorflow.ts); faiss is given as many. */
function threadCount(): number {
  return Number(process.env['CEM_THREADS']) || cpus().length;
}

/**
 * Exact search on the backend that is selected, against faiss over the same vectors, and what each storage form costs and loses.
 *
 * @throws CemError `BENCH_FAISS` where the Python has no faiss
 */
export async function benchSearch(input: SearchBenchInput): Promise<BenchReport> {
  const { rows, dimension, k, rounds, folder, memoryRows, onStage } = input;
  onStage?.('vectors');
  const vectors = new SyntheticVectors(dimension, 1, 'rows').take(rows);
  const queries = new SyntheticVectors(dimension, 1, 'queries').take(input.queries);
  const owners = Int32Array.from({ length: rows }, (_, row) => row);
  const files = { vectors: join(folder, 'vectors.f32'), queries: join(folder, 'queries.f32') };
  await writeFile(files.vectors, vectors.data);
  await writeFile(files.queries, queries.data);
  const threads = threadCount();
  const peer = await FaissPeer.start({ python: input.python, ...files, dimension, k, threads });
  try {
    const times: Record<VectorStorage | 'faiss', number[]> = { float32: [], float16: [], int8: [], faiss: [] };
    const found: Partial<Record<VectorStorage, number[][]>> = {};
    for (const storage of VECTOR_STORAGES) {
      onStage?.(storage);
      const index = new ExactIndex(dimension, { storage, innerProducts: tensorInnerProducts });
      index.add(vectors, owners);
      // One round more than is counted: the first warms both up.
      for (let round = 0; round <= rounds; round++) {
        const start = performance.now();
        const results = await index.search(queries, k, { compareTies: (left, right) => left - right });
        const seconds = (performance.now() - start) / 1000;
        if (round > 0) times[storage].push(seconds);
        found[storage] = results.map((best) => best.map(({ item }) => item));
        const theirs = await peer.search();
        if (round > 0) times.faiss.push(theirs);
      }
    }
    const exact = await peer.results();
    const best = exact.map((found) => found.slice(0, RECALL_DEPTH));
    const reference = { name: 'faiss IndexFlatIP', value: median(times.faiss) };
    const measurements = VECTOR_STORAGES.flatMap((storage): Measurement[] => [
      {
        name: `exact search, ${storage}`,
        value: median(times[storage]),
        unit: 's',
        reference,
        ...(storage === 'float32' && { bar: { atMost: TIME_BAR } }),
      },
      {
        name: `recall@${k} of ${storage} against faiss`,
        value: recallAgainst(exact, found[storage]!),
        unit: '',
        // Products are summed in another order, so that the last places may differ where scores are equal to the last digit.
        ...(storage === 'float32' && { bar: { atLeast: 0.9999 } }),
      },
      {
        name: `recall@${RECALL_DEPTH} of ${storage} against faiss`,
        value: recallAgainst(
          best,
          found[storage]!.map((items) => items.slice(0, RECALL_DEPTH)),
        ),
        unit: '',
      },
    ]);
    const memory: Measurement[] = [];
    if (memoryRows > 0) {
      onStage?.('memory');
      const { peakMegabytes, searchSeconds, queries } = await measureSearchMemory(memoryRows, dimension, MEMORY_STORAGE);
      const name = `${memoryRows.toLocaleString('en')} vectors in ${MEMORY_STORAGE}`;
      memory.push(
        { name: `peak memory, ${name}`, value: peakMegabytes, unit: 'MB', bar: { atMost: MEMORY_BAR } },
        { name: `a search among ${name}, of ${queries} at once`, value: searchSeconds / queries, unit: 's' },
      );
    }
    return {
      bench: 'eval',
      date: new Date().toISOString().slice(0, 10),
      machine: describeMachine(),
      notes: [
        `Search: ${rows.toLocaleString('en')} synthetic unit vectors of ${dimension} values around 1,000 centres, ${input.queries.toLocaleString('en')} queries, the best ${k} of each; ` +
          `backend ${tf.getBackend()}, faiss ${peer.version}, ${threads} threads each; medians of ${rounds} rounds a storage form, taken in turns with faiss.`,
        'Neighbours of a synthetic vector lie closer together than those of a text, so that the recall of float16 and int8 is below that on texts.',
      ],
      measurements: [...measurements, ...memory],
    };
  } finally {
    peer.close();
    await rm(files.vectors);
    await rm(files.queries);
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../configs/index.ts';
import { packCorpus, readCorpus } from '../../data/index.ts';
import { createTeacher, teacherConfig } from '../../encoders/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { CemModel } from '../../model/embedder.ts';
import { ZpkgReader } from '../../zpkg/index.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { type BenchReport, describeMachine, median } from '../measurement.ts';
import { first } from './first.ts';

const BAR = 10;
const SEED = 1;

interface IndexBenchOptions {
  readonly corpus: string;
  readonly config: string;
  readonly model: string;
  readonly models: string | undefined;
  readonly documents: number;
  readonly modelDocuments: number;
  readonly rounds: number;
  readonly backend: string;
}

/** What indexing costs: the student on compressed chunks, a text model on what they decompress to. */
export const indexBench: Bench<IndexBenchOptions> = {
  name: 'index',
  describe: 'Chunks to vectors: the student beside decompression and a text model',
  options: (parser) =>
    parser
      .option('corpus', { type: 'string', demandOption: true, describe: 'texts to measure with: what `cem pack` reads' })
      .option('config', {
        type: 'string',
        default: 'configs/small.yaml',
        describe: "the student's shape; its weights are random",
      })
      .option('model', { type: 'string', default: 'all-MiniLM-L6-v2', describe: 'the text model' })
      .option('models', { type: 'string', describe: 'where models are looked up before the hub (or CEM_MODELS)' })
      .option('documents', {
        type: 'number',
        default: 2048,
        describe: 'how many the student encodes in a round',
        coerce: wholeNumber('documents', 1),
      })
      .option('modelDocuments', {
        type: 'number',
        default: 256,
        describe: 'how many of them the text model encodes in a round',
        coerce: wholeNumber('model-documents', 1),
      })
      .option('rounds', {
        type: 'number',
        default: 3,
        describe: 'rounds, the sides taking turns',
        coerce: wholeNumber('rounds', 1),
      })
      .option('backend', { type: 'string', default: 'auto', describe: 'what computes the student' }),
  run: async (options, say) => {
    const folder = await mkdtemp(join(tmpdir(), 'cem-bench-'));
    try {
      return await measure(options, join(folder, 'bench.zpkg'), say);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function measure(options: IndexBenchOptions, zpkg: string, say: (line: string) => void): Promise<BenchReport> {
  const backend = await selectBackend(parseBackendRequest(options.backend));
  say(describeBackend(backend));
  const config = await loadConfig(options.config);
  const models = options.models ?? process.env['CEM_MODELS'];
  const teacher = await createTeacher(
    teacherConfig.parse({ kind: 'transformers', model: options.model }),
    models === undefined ? {} : { models },
  );
  const student = CemModel.create(config.model, teacher.description.dimension, SEED);
  await packCorpus(() => first(readCorpus(options.corpus), options.documents), zpkg, { level: config.pack.level });
  const reader = await ZpkgReader.open(zpkg);
  try {
    const chunks = Array.from({ length: reader.chunkCount }, (_, chunk) => chunk);
    const some = chunks.slice(0, options.modelDocuments);
    const encodeByStudent = async (numbers: readonly number[]): Promise<void> => {
      const frames = await Promise.all(numbers.map((chunk) => reader.compressedChunk(chunk)));
      await student.encodeChunks(frames, reader.dictionary);
    };
    const encodeByTeacher = async (numbers: readonly number[]): Promise<void> => {
      const texts = await Promise.all(numbers.map(async (chunk) => new TextDecoder().decode(await reader.chunk(chunk))));
      await teacher.embedDocuments(texts);
    };
    await encodeByStudent(some);
    await encodeByTeacher(some.slice(0, 8));
    const rates = { student: [] as number[], teacher: [] as number[] };
    for (let round = 0; round < options.rounds; round++) {
      say(`round ${round + 1} of ${options.rounds}`);
      rates.student.push(chunks.length / (await seconds(() => encodeByStudent(chunks))));
      rates.teacher.push(some.length / (await seconds(() => encodeByTeacher(some))));
    }
    const { contentBytes } = await reader.statistics();
    return {
      bench: 'index',
      date: new Date().toISOString().slice(0, 10),
      machine: describeMachine(),
      notes: [
        `${chunks.length} chunks of ${(contentBytes / chunks.length).toFixed(0)} bytes in the mean, level ${config.pack.level}; the student (${options.config}, ${student.graph.countParams()} weights and ${student.tables.size} in tables) on ${backend.name}, reading from the container; ${options.model} through transformers.js over the first ${some.length} of them, decompressed; medians of ${options.rounds} rounds, taken in turns.`,
      ],
      measurements: [
        {
          name: 'chunks to vectors, student',
          value: median(rates.student),
          unit: 'documents/s',
          reference: { name: `decompress + ${options.model}`, value: median(rates.teacher) },
          bar: { atLeast: BAR },
        },
      ],
    };
  } finally {
    await reader.close();
    student.dispose();
    await teacher.dispose();
  }
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

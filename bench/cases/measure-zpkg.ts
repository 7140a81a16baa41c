import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RandomNumbers } from '../../base/random.ts';
import { type Document, documentText, type PackOptions, packCorpus } from '../../data/index.ts';
import { parseFrame, readDictionary, trainDictionary, ZpkgReader } from '../../zpkg/index.ts';
import { type BenchReport, describeMachine, type Measurement, median } from '../measurement.ts';
import { measureZstd, trainByZstd } from '../peers/zstd-program.ts';

const DICTIONARY_SIZE = 65_536;
const READS = 20_000;
/** The default, at which zstd decides the time, and a fast one, at which everything else does. */
const LEVELS = [19, 3];
const MB = 1e6;

export interface ZpkgBenchInput {
  readonly documents: readonly Document[];
  /** Empty and writable; the caller removes it. */
  readonly folder: string;
  /** Each figure is the median of so many rounds. */
  readonly rounds: number;
  /** How long the zstd program measures each direction of a level. */
  readonly programSeconds?: number;
  readonly onStage?: (stage: string) => void;
}

/** What the container costs beside zstd itself: packing, size, random reads, symbols. */
export async function benchZpkg({
  documents,
  folder,
  rounds,
  programSeconds = 2,
  onStage,
}: ZpkgBenchInput): Promise<BenchReport> {
  const texts = documents.map((document) => Buffer.from(documentText(document)));
  const content = Buffer.concat(texts);
  const megabytes = content.length / MB;
  const contentPath = join(folder, 'content');
  await writeFile(contentPath, content);
  const source = async function* (): AsyncGenerator<Document> {
    yield* documents;
  };
  const output = join(folder, 'bench.zpkg');
  const pack = (options: PackOptions) => packCorpus(source, output, { ...options, metadata: false, force: true });

  onStage?.('dictionaries');
  const own = trainDictionary(texts, { size: DICTIONARY_SIZE, level: 19 });
  const theirs = await trainByZstd(texts, DICTIONARY_SIZE, 19, folder);
  const dictionaryPath = join(folder, 'dictionary');
  await writeFile(dictionaryPath, own);

  const measurements: Measurement[] = [];
  const sizes = { own: 0, theirs: 0 };
  sizes.theirs = (await pack({ level: 19, dictionary: theirs, workers: 1 })).containerBytes;
  let parseReference = 0;
  let blockSize = 0;
  for (const level of LEVELS) {
    onStage?.(`packing, level ${level}`);
    const rates: Record<'one' | 'two' | 'program' | 'decompress', number[]> = { one: [], two: [], program: [], decompress: [] };
    for (let round = 0; round < rounds; round++) {
      for (const [name, workers] of [
        ['one', 1],
        ['two', 2],
      ] as const) {
        const start = performance.now();
        const { chunks, containerBytes } = await pack({ level, dictionary: own, workers });
        rates[name].push((1000 * megabytes) / (performance.now() - start));
        blockSize = Math.round(content.length / chunks);
        if (level === 19) sizes.own = containerBytes;
      }
      const program = await measureZstd(contentPath, { level, blockSize, dictionaryPath, seconds: programSeconds });
      rates.program.push(program.compress);
      rates.decompress.push(program.decompress);
    }
    const reference = { name: `zstd -b${level} -B${blockSize} -D`, value: median(rates.program) };
    const bars = level === 19;
    measurements.push({
      name: `pack, level ${level}, one thread`,
      value: median(rates.one),
      unit: 'MB/s',
      reference,
      ...(bars && { bar: { atLeast: 0.8 } }),
    });
    measurements.push({
      name: `pack, level ${level}, two threads`,
      value: median(rates.two),
      unit: 'MB/s',
      reference: { name: 'one thread', value: median(rates.one) },
      ...(bars && { bar: { atLeast: 1 } }),
    });
    if (bars) parseReference = median(rates.decompress);
  }
  measurements.splice(2, 0, {
    name: 'container with our dictionary, level 19',
    value: sizes.own,
    unit: 'bytes',
    reference: { name: '`zstd --train` of the same size', value: sizes.theirs },
    bar: { atMost: 1.02 },
  });

  await pack({ level: 19, dictionary: own });
  const reader = await ZpkgReader.open(output);
  const handle = await open(output, 'r');
  try {
    onStage?.('random reads');
    measurements.push(await measureReads(reader, handle, rounds));
    onStage?.('symbols');
    const rate = await measureParsing(reader, megabytes, rounds);
    measurements.push({
      name: 'symbols parsed, level 19',
      value: rate,
      unit: 'MB/s of content',
      reference: { name: 'zstd -d in memory', value: parseReference },
    });
  } finally {
    await handle.close();
    await reader.close();
  }
  return {
    bench: 'zpkg',
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    notes: [
      `${documents.length} documents, ${megabytes.toFixed(1)} MB, ${blockSize} bytes a chunk in the mean; dictionary of ${own.length} bytes; medians of ${rounds} rounds, taken in turns.`,
      'Packing is all of it (both passes, checksums, index, mapping, fsync) from documents in memory; the program compresses blocks of one size in memory and writes nothing.',
    ],
    measurements,
  };
}

/** Chunks at random, one after the other, against reads of the same ranges without index and checksum. */
async function measureReads(reader: ZpkgReader, handle: FileHandle, rounds: number): Promise<Measurement> {
  const random = new RandomNumbers(1, 'bench reads');
  const chunks = Array.from({ length: READS }, () => random.integer(reader.chunkCount));
  const starts = new Float64Array(reader.chunkCount + 1);
  starts[0] = 32 + reader.dictionary.length;
  for (let chunk = 0; chunk < reader.chunkCount; chunk++) starts[chunk + 1] = starts[chunk]! + reader.chunkSize(chunk);
  const ours: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round < rounds; round++) {
    let start = performance.now();
    for (const chunk of chunks) await reader.compressedChunk(chunk);
    ours.push((1000 * READS) / (performance.now() - start));
    start = performance.now();
    for (const chunk of chunks) {
      const length = starts[chunk + 1]! - starts[chunk]!;
      await handle.read(new Uint8Array(length), 0, length, starts[chunk]!);
    }
    plain.push((1000 * READS) / (performance.now() - start));
  }
  return {
    name: 'random chunk reads',
    value: median(ours),
    unit: '/s',
    reference: { name: 'fs.read of the same bytes', value: median(plain) },
    bar: { atLeast: 0.5 },
  };
}

async function measureParsing(reader: ZpkgReader, megabytes: number, rounds: number): Promise<number> {
  const dictionary = reader.dictionary.length === 0 ? undefined : readDictionary(reader.dictionary);
  const frames: Uint8Array[] = [];
  for await (const { frame } of reader.frames()) frames.push(frame);
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (const frame of frames) parseFrame(frame, dictionary);
    rates.push((1000 * megabytes) / (performance.now() - start));
  }
  return median(rates);
}

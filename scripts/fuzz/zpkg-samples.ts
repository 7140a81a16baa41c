import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chinese, compress, english, noise } from '../../tests/zpkg/frame-samples.ts';
import { createCompressor, trainDictionary, ZpkgWriter, type ZpkgWriterOptions } from '../../zpkg/index.ts';
import type { Region } from './mutations.ts';

/** A frame as it was made, with the dictionary that it needs (empty: none). */
interface FrameSample {
  readonly frame: Uint8Array;
  readonly dictionary: Uint8Array;
}

/** A container as it was made. */
export interface ContainerSample {
  readonly bytes: Uint8Array;
  readonly dictionary: Uint8Array;
  readonly frames: readonly Uint8Array[];
  readonly contents: readonly Uint8Array[];
  /** Header, dictionary, chunks, index. */
  readonly regions: readonly Region[];
}

export interface ZpkgSamples {
  readonly frames: readonly FrameSample[];
  readonly containers: readonly ContainerSample[];
}

/** What the mutations start from: the same bytes every time. Small ones, because faults lie in structure and small inputs are fast. */
export async function makeZpkgSamples(): Promise<ZpkgSamples> {
  const raw = Buffer.concat([english(1500, 1), chinese(700, 2)]);
  const formatted = trainDictionary(
    Array.from({ length: 200 }, (_, seed) => (seed % 2 === 0 ? english(400, 300 + seed) : chinese(400, 300 + seed))),
    { size: 2048, level: 9 },
  );
  const dictionaries = [new Uint8Array(0), raw, formatted];
  const contents = [
    new Uint8Array(0),
    Uint8Array.of(120),
    english(60, 3),
    english(900, 4),
    chinese(1200, 5),
    noise(300, 6),
    new Uint8Array(5000).fill(97),
    Buffer.concat([english(400, 7), noise(200, 8), english(400, 7)]),
  ];
  const frames: FrameSample[] = [];
  for (const dictionary of dictionaries) {
    for (const level of [-5, 1, 3, 19, 22]) {
      for (const plainLiterals of [false, true]) {
        const compressor = createCompressor({ level, dictionary, plainLiterals });
        for (const content of contents) frames.push({ frame: compressor.compress(content), dictionary });
      }
    }
    // Frames of other writers: with the dictionary's id, with a checksum, of several blocks (the long ones seldom: they are slow).
    for (const content of contents) {
      const withDictionary = dictionary.length === 0 ? undefined : dictionary;
      frames.push({ frame: compress(content, 3, withDictionary), dictionary });
      frames.push({ frame: compress(content, 3, withDictionary, true), dictionary });
    }
    frames.push({ frame: compress(Buffer.concat([english(140_000, 9), noise(9000, 10)]), 1), dictionary: new Uint8Array(0) });
    frames.push({ frame: compress(new Uint8Array(300_000).fill(7), 1), dictionary: new Uint8Array(0) });
  }
  const folder = await mkdtemp(join(tmpdir(), 'cem-fuzz-samples-'));
  try {
    const containers: ContainerSample[] = [];
    for (const [number, options] of (
      [
        {},
        { wideIndex: true },
        { dictionary: raw },
        { dictionary: formatted },
        { dictionary: formatted, plainLiterals: true },
      ] as const
    ).entries()) {
      const held = contents.slice(0, number === 0 ? 2 : contents.length);
      containers.push(await makeContainer(join(folder, `${number}.zpkg`), held, options));
    }
    containers.push(await makeContainer(join(folder, 'empty.zpkg'), [], {}));
    return { frames, containers };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function makeContainer(
  path: string,
  contents: readonly Uint8Array[],
  options: ZpkgWriterOptions,
): Promise<ContainerSample> {
  const dictionary = options.dictionary ?? new Uint8Array(0);
  const compressor = createCompressor({ level: 9, dictionary, plainLiterals: options.plainLiterals === true });
  const frames = contents.map((content) => compressor.compress(content));
  const writer = await ZpkgWriter.create(path, options);
  for (const frame of frames) await writer.append(frame);
  await writer.finish();
  const bytes = await readFile(path);
  const chunksStart = 32 + dictionary.length;
  const indexStart = chunksStart + frames.reduce((sum, frame) => sum + frame.length, 0);
  const regions = [
    { start: 0, end: 32 },
    { start: 32, end: chunksStart },
    { start: chunksStart, end: indexStart },
    { start: indexStart, end: bytes.length },
  ].filter(({ start, end }) => end > start);
  return { bytes, dictionary, frames, contents, regions };
}

import { RandomNumbers } from '../../base/random.ts';
import type { SourceFile } from '../../ingest/index.ts';
import { mutate } from './mutations.ts';
import type { ParseSample } from './parse-samples.ts';
import { zipFile } from './zip-file.ts';

/** Bytes of a file to which repeats let it grow. */
const LARGEST = 1 << 16;

/**
 * Case `number` of `seed`: the same file every time. One to three changes of bits, numbers, cuts and splices; in every fourth a piece is repeated, up to thousands of times, which parsers that are slow in the square take
 * long for. Of an archive, in every second case an entry is changed and packed anew.
 */
export function makeParseCase(samples: readonly ParseSample[], seed: number, number: number): SourceFile {
  const random = new RandomNumbers(seed, `parse case ${number}`);
  const sample = samples[random.integer(samples.length)]!;
  const change = (bytes: Uint8Array, donors: readonly Uint8Array[]): Uint8Array => {
    const regions = [
      { start: 0, end: bytes.length },
      { start: 0, end: Math.min(256, bytes.length) },
    ];
    const changed = random.integer(8) === 0 ? bytes : mutate(bytes, random, regions, donors);
    return number % 4 === 3 ? repeated(changed, random) : changed;
  };
  const { entries } = sample;
  if (entries === undefined || number % 2 === 0)
    return {
      ...sample.file,
      bytes: change(
        sample.file.bytes,
        samples.map(({ file }) => file.bytes),
      ),
    };
  const changed = random.integer(entries.length);
  const donors = entries.map(({ bytes }) => bytes);
  const packed = entries.map((entry, index) => (index === changed ? { ...entry, bytes: change(entry.bytes, donors) } : entry));
  return { ...sample.file, bytes: zipFile(packed) };
}

function repeated(bytes: Uint8Array, random: RandomNumbers): Uint8Array {
  if (bytes.length === 0) return bytes;
  const start = random.integer(bytes.length);
  const piece = bytes.subarray(start, start + 1 + random.integer(40));
  const times = 1 << random.integer(15);
  const count = Math.max(1, Math.min(times, Math.floor(LARGEST / piece.length)));
  return Buffer.concat([bytes.subarray(0, start), ...new Array<Uint8Array>(count).fill(piece), bytes.subarray(start)]);
}

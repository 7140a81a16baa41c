import { RandomNumbers } from '../../base/random.ts';
import { mutate, type Region, writeNumber } from './mutations.ts';
import { repairChecksums } from './repair-checksums.ts';
import type { ContainerSample, ZpkgSamples } from './zpkg-samples.ts';

export interface FrameCase {
  readonly kind: 'frame';
  readonly bytes: Uint8Array;
  readonly dictionary: Uint8Array;
}

export interface ContainerCase {
  readonly kind: 'container';
  readonly bytes: Uint8Array;
  /** What it was made from; null when its checksums were made right again, so that nothing says what is right. */
  readonly original: ContainerSample | null;
}

export type ZpkgCase = FrameCase | ContainerCase;

/** Frame header descriptors with an 8-byte size (RFC 8878, 3.1.1.1.1): with a window descriptor, and single segment. */
const EIGHT_BYTE_SIZES = [0xc0, 0xe0];

/** Case `number` of `seed`: the same bytes every time. Frames and containers take turns, and of the containers every other one has right checksums. */
export function makeZpkgCase(samples: ZpkgSamples, seed: number, number: number): ZpkgCase {
  const random = new RandomNumbers(seed, `zpkg case ${number}`);
  if (number % 2 === 0) return makeFrameCase(samples, random);
  const original = samples.containers[random.integer(samples.containers.length)]!;
  const donors = samples.containers.map(({ bytes }) => bytes);
  const bytes = mutate(original.bytes, random, original.regions, donors);
  return number % 4 === 1
    ? { kind: 'container', bytes, original }
    : { kind: 'container', bytes: repairChecksums(bytes), original: null };
}

function makeFrameCase(samples: ZpkgSamples, random: RandomNumbers): FrameCase {
  // Long frames are the last two of each dictionary's and slow: one try in ten keeps them.
  let sample = samples.frames[random.integer(samples.frames.length)]!;
  if (sample.frame.length > 4096 && random.integer(10) > 0) sample = samples.frames[0]!;
  const { frame, dictionary } = sample;
  const regions: Region[] = [
    { start: 0, end: Math.min(frame.length, 14) },
    { start: Math.min(frame.length - 1, 6), end: Math.min(frame.length, 30) },
    { start: 0, end: frame.length },
  ];
  const donor = samples.frames[random.integer(samples.frames.length)]!.frame;
  let bytes = mutate(frame, random, regions, [donor, frame]);
  if (random.integer(16) === 0 && bytes.length > 5) {
    // The same blocks behind a header of another declared size, 2^60 as often as the true one's neighbours.
    const header = new Uint8Array(14);
    header.set(bytes.subarray(0, 4));
    header[4] = EIGHT_BYTE_SIZES[random.integer(2)]!;
    const single = header[4] === 0xe0;
    if (!single) header[5] = random.integer(256);
    writeNumber(header, single ? 5 : 6, random.integer(2) === 0 ? 1n << 60n : BigInt(random.integer(1 << 21)), 8);
    bytes = Buffer.concat([header.subarray(0, single ? 13 : 14), bytes.subarray(6)]);
  }
  return { kind: 'frame', bytes, dictionary };
}

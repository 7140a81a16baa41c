import type { RandomNumbers } from '../../base/random.ts';

/** Numbers that formats trip over: borders of widths and signs, what floating point cannot count, and 2^60. */
const AWKWARD = [
  0n,
  1n,
  127n,
  128n,
  255n,
  256n,
  0x7fffn,
  0xffffn,
  0x10000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  1n << 32n,
  1n << 53n,
  1n << 60n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
];

/** A range of bytes that a mutation falls into. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

type Mutation = (bytes: Uint8Array, random: RandomNumbers, region: Region, donor: Uint8Array) => Uint8Array;

function placeIn(random: RandomNumbers, { start, end }: Region): number {
  return start + random.integer(Math.max(1, end - start));
}

/** Writes `value` little-endian over `width` bytes; what lies behind the end is dropped. */
export function writeNumber(bytes: Uint8Array, position: number, value: bigint, width: number): void {
  for (let i = 0; i < width && position + i < bytes.length; i++) bytes[position + i] = Number((value >> BigInt(8 * i)) & 255n);
}

const flipBits: Mutation = (bytes, random, region) => {
  const changed = Uint8Array.from(bytes);
  for (let left = 1 + random.integer(8); left > 0 && changed.length > 0; left--) {
    const place = Math.min(placeIn(random, region), changed.length - 1);
    changed[place]! ^= 1 << random.integer(8);
  }
  return changed;
};

const replaceBytes: Mutation = (bytes, random, region) => {
  const changed = Uint8Array.from(bytes);
  const place = placeIn(random, region);
  const end = Math.min(changed.length, place + 1 + random.integer(8));
  for (let i = place; i < end; i++) changed[i] = random.integer(256);
  return changed;
};

const truncate: Mutation = (bytes, random, region) => bytes.slice(0, placeIn(random, region));

const append: Mutation = (bytes, random, _, donor) => {
  const from = random.integer(donor.length + 1);
  return Buffer.concat([bytes, donor.subarray(from, from + 1 + random.integer(64))]);
};

/** Sets a field of some width to an awkward number, or moves it by one. */
const setNumber: Mutation = (bytes, random, region) => {
  const changed = Uint8Array.from(bytes);
  const width = [1, 2, 3, 4, 8][random.integer(5)]!;
  const place = placeIn(random, region);
  if (random.integer(3) > 0) {
    writeNumber(changed, place, AWKWARD[random.integer(AWKWARD.length)]!, width);
    return changed;
  }
  let value = 0n;
  for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(changed[place + i] ?? 0);
  writeNumber(changed, place, value + (random.integer(2) === 0 ? 1n : -1n), width);
  return changed;
};

/** Puts a piece of another sample, or of this one, over what was there, or in between. */
const splice: Mutation = (bytes, random, region, donor) => {
  const from = random.integer(donor.length + 1);
  const piece = donor.subarray(from, from + 1 + random.integer(48));
  const place = Math.min(placeIn(random, region), bytes.length);
  const removed = random.integer(2) === 0 ? piece.length : 0;
  return Buffer.concat([bytes.subarray(0, place), piece, bytes.subarray(Math.min(bytes.length, place + removed))]);
};

const remove: Mutation = (bytes, random, region) => {
  const place = placeIn(random, region);
  return Buffer.concat([bytes.subarray(0, place), bytes.subarray(Math.min(bytes.length, place + 1 + random.integer(16)))]);
};

const MUTATIONS: readonly Mutation[] = [flipBits, flipBits, replaceBytes, truncate, append, setNumber, setNumber, splice, remove];

/** One to three mutations, each in one of the regions (the same chance for a small one as for a large one). */
export function mutate(
  bytes: Uint8Array,
  random: RandomNumbers,
  regions: readonly Region[],
  donors: readonly Uint8Array[],
): Uint8Array {
  let changed = bytes;
  for (let left = 1 + random.integer(3); left > 0; left--) {
    const mutation = MUTATIONS[random.integer(MUTATIONS.length)]!;
    const region = regions[random.integer(regions.length)]!;
    const bounded = { start: Math.min(region.start, changed.length), end: Math.min(region.end, changed.length) };
    changed = mutation(changed, random, bounded, donors[random.integer(donors.length)]!);
  }
  return changed;
}

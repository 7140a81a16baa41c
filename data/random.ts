/** Uniform numbers in [0, 1), 32 bits each. */
export type Random = () => number;

/** A small seeded generator (a Weyl sequence through the 32-bit finaliser of MurmurHash3): the same seed gives the same numbers everywhere. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

/**
 * Hash functions of BLT's n-gram embeddings, one prime each.
 * Source: facebookresearch/blt, `bytelatent/data/patcher` and transformers' `modeling_blt` (both agree).
 */
export const HASH_PRIMES: readonly number[] = [
  1000000007, 5915587277, 1500450271, 3267000013, 5754853343, 4093082899, 9576890767, 3628273133, 2860486313, 5463458053,
  3367900313,
];

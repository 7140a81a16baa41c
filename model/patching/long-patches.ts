/**
 * Cuts patches that are longer than allowed, greedily from their start: what is over becomes the next patch.
 * Source: `split_large_numbers` in facebookresearch/blt, `process_patch_lengths` in transformers.
 *
 * @param starts number of the first symbol of each patch, ascending from 0
 * @param count symbols of the chunk
 * @param maximumLength symbols of the longest patch; absent: no limit
 * @returns starts of the patches after cutting
 */
export function splitLongPatches(starts: ArrayLike<number>, count: number, maximumLength: number | undefined): Uint32Array {
  if (maximumLength === undefined) return Uint32Array.from(starts);
  const cut: number[] = [];
  for (let patch = 0; patch < starts.length; patch++) {
    const end = starts[patch + 1] ?? count;
    for (let start = starts[patch]!; start < end; start += maximumLength) cut.push(start);
  }
  return Uint32Array.from(cut);
}

import type { HeapValues, WasmKernel } from '../wasm/wasm-backend.ts';

/**
 * Writes `values` (of `shape`), repeated `repeats[axis]` times along each axis, into `output`: whole blocks are copied, and a repeated
 * block doubles itself, so that the work is moving memory and not computing indices.
 */
export function tileInto(values: HeapValues, shape: readonly number[], repeats: readonly number[], output: HeapValues): void {
  // Axes behind the last repeated one are one contiguous run.
  let last = shape.length - 1;
  let run = 1;
  while (last >= 0 && repeats[last] === 1) run *= shape[last--]!;
  let from = 0;
  const write = (axis: number, start: number): number => {
    if (axis > last) {
      if (run === 1) output[start] = values[from]!;
      else output.set(values.subarray(from, from + run), start);
      from += run;
      return start + run;
    }
    let end = start;
    for (let index = 0; index < shape[axis]!; index++) end = write(axis + 1, end);
    const block = end - start;
    const stop = start + block * repeats[axis]!;
    if (block === 1) output.fill(output[start]!, start, stop);
    else while (end < stop) end += copyBlock(output, start, end, Math.min(end - start, stop - end));
    return stop;
  };
  if (output.length > 0) write(0, 0);
}

function copyBlock(values: HeapValues, from: number, to: number, length: number): number {
  values.copyWithin(to, from, from + length);
  return length;
}

/** Tile, which every broadcast (where, sum's and mean's gradients) goes through: the stock kernel computes an index vector per element. */
export const tile: WasmKernel = ({ inputs, attrs, backend }) => {
  const x = inputs['x']!;
  const repeats = attrs['reps'] as number[];
  const output = backend.makeOutput(
    x.shape.map((size, axis) => size * repeats[axis]!),
    x.dtype,
  );
  tileInto(backend.typedArrayFromHeap(x), x.shape, repeats, backend.typedArrayFromHeap(output));
  return output;
};

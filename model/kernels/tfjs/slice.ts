import { tf } from '../../tf.ts';
import type { HeapValues, WasmBackend, WasmKernel } from '../wasm/wasm-backend.ts';

/** Below this many elements a loop is faster than making a view and copying it. */
const SHORT_RUN = 16;

/**
 * Copies the box `begin`, `size` of `values` (of `shape`) into `output`, run by contiguous run.
 */
function sliceInto(
  values: HeapValues,
  shape: readonly number[],
  begin: readonly number[],
  size: readonly number[],
  output: HeapValues,
): void {
  // Axes that are taken whole at the end belong to one contiguous run with the axis before them.
  let last = shape.length - 1;
  let inner = 1;
  while (last > 0 && size[last] === shape[last]) inner *= shape[last--]!;
  const run = last < 0 ? 1 : size[last]! * inner;
  const strides = tf.util.computeStrides([...shape, 1]);
  let to = 0;
  const copy = (axis: number, from: number): void => {
    if (axis >= last) {
      const start = last < 0 ? 0 : from + begin[last]! * inner;
      if (run < SHORT_RUN) for (let index = 0; index < run; index++) output[to + index] = values[start + index]!;
      else output.set(values.subarray(start, start + run), to);
      to += run;
      return;
    }
    for (let index = 0; index < size[axis]!; index++) copy(axis + 1, from + (begin[axis]! + index) * strides[axis]!);
  };
  if (output.length > 0) copy(0, 0);
}

function sliceTensor(backend: WasmBackend, x: tf.TensorInfo, begin: readonly number[], size: readonly number[]): tf.TensorInfo {
  const output = backend.makeOutput(size, x.dtype);
  sliceInto(backend.typedArrayFromHeap(x), x.shape, begin, size, backend.typedArrayFromHeap(output));
  return output;
}

/** Slice: the stock kernel copies the whole tensor off the heap before it takes its part. */
export const slice: WasmKernel = ({ inputs, attrs, backend }) => {
  const x = inputs['x']!;
  const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attrs['begin'] as number[], attrs['size'] as number[]) as [
    number[],
    number[],
  ];
  tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
  return sliceTensor(backend, x, begin, size);
};

/** SplitV: one slice per part. */
export const split: WasmKernel<tf.TensorInfo[]> = ({ inputs, attrs, backend }) => {
  const x = inputs['x']!;
  const axis = tf.util.parseAxisParam(attrs['axis'] as number, x.shape)[0]!;
  const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs['numOrSizeSplits'] as number | number[], axis);
  const begin = new Array<number>(x.shape.length).fill(0);
  return sizes.map((part) => {
    const output = sliceTensor(backend, x, begin, x.shape.with(axis, part));
    begin[axis]! += part;
    return output;
  });
};

/** Unpack (unstack): one slice per index of the axis, which is then dropped. */
export const unpack: WasmKernel<tf.TensorInfo[]> = ({ inputs, attrs, backend }) => {
  const value = inputs['value']!;
  const axis = tf.util.parseAxisParam(attrs['axis'] as number, value.shape)[0]!;
  return Array.from({ length: value.shape[axis]! }, (_, index) => {
    const begin = new Array<number>(value.shape.length).fill(0).with(axis, index);
    const output = sliceTensor(backend, value, begin, value.shape.with(axis, 1));
    return { ...output, shape: value.shape.toSpliced(axis, 1) };
  });
};

import { tf } from '../../tf.ts';
import type { WasmKernelArguments } from '../wasm/wasm-backend.ts';

/**
 * Adds each row of `values` to the row of `output` that its id names. Ids outside of `output` are dropped, as TensorFlow drops negative ones.
 *
 * @param values [ids.length, width]
 * @param output [segments, width], zero at the start
 */
export function addRowsToSegments(
  values: ArrayLike<number>,
  ids: ArrayLike<number>,
  width: number,
  output: Float32Array | Int32Array,
): void {
  const segments = output.length / width;
  for (let row = 0; row < ids.length; row++) {
    const segment = ids[row]!;
    if (segment < 0 || segment >= segments) continue;
    const from = row * width;
    const to = segment * width;
    for (let column = 0; column < width; column++) output[to + column]! += values[from + column]!;
  }
}

/** UnsortedSegmentSum, the gradient of gather, which the stock wasm backend lacks: [...ids.shape, ...rest] -> [segments, ...rest]. */
export function segmentSum({ inputs, attrs, backend }: WasmKernelArguments): tf.TensorInfo {
  const x = inputs['x']!;
  const segmentIds = inputs['segmentIds']!;
  const rest = x.shape.slice(segmentIds.shape.length);
  const dtype = x.dtype === 'int32' ? 'int32' : 'float32';
  const output = backend.makeOutput([attrs['numSegments'] as number, ...rest], dtype);
  const sums = backend.typedArrayFromHeap(output) as Float32Array | Int32Array;
  sums.fill(0);
  if (sums.length > 0)
    addRowsToSegments(backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(segmentIds), tf.util.sizeFromShape(rest), sums);
  return output;
}

/** The parts of tfjs-backend-cpu's backend that the kernel uses. */
interface CpuBackend {
  readonly data: { get(dataId: object): { readonly values: ArrayLike<number> } };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: Float32Array | Int32Array): tf.TensorInfo;
}

interface CpuKernelArguments extends Pick<WasmKernelArguments, 'inputs' | 'attrs'> {
  readonly backend: CpuBackend;
}

/** The same for the plain JavaScript backend, whose stock kernel walks all values once for every segment. */
export function segmentSumOnCpu({ inputs, attrs, backend }: CpuKernelArguments): tf.TensorInfo {
  const x = inputs['x']!;
  const segmentIds = inputs['segmentIds']!;
  const shape = [attrs['numSegments'] as number, ...x.shape.slice(segmentIds.shape.length)];
  const width = tf.util.sizeFromShape(shape.slice(1));
  const output =
    x.dtype === 'int32' ? new Int32Array(tf.util.sizeFromShape(shape)) : new Float32Array(tf.util.sizeFromShape(shape));
  if (output.length > 0)
    addRowsToSegments(backend.data.get(x.dataId).values, backend.data.get(segmentIds.dataId).values, width, output);
  return backend.makeTensorInfo(shape, x.dtype === 'int32' ? 'int32' : 'float32', output);
}

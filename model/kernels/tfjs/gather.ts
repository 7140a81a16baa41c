import * as assert from 'node:assert/strict';
import { tf } from '../../tf.ts';
import type { HeapValues, WasmKernel } from '../wasm/wasm-backend.ts';

/** Below this many elements a loop is faster than making a view and copying it. */
const SHORT_ROW = 16;

/** How gather sees its operand: [batch, outer, axis, width]; the indices as [batch, count]; the result as [batch, outer, count, width]. */
interface GatherShape {
  readonly batch: number;
  readonly outer: number;
  readonly axis: number;
  readonly count: number;
  readonly width: number;
}

/** Copies the rows that the indices name, row by row. */
function gatherInto(values: HeapValues, indices: ArrayLike<number>, shape: GatherShape, output: HeapValues): void {
  const { batch, outer, axis, count, width } = shape;
  let to = 0;
  for (let item = 0; item < batch; item++) {
    for (let block = 0; block < outer; block++) {
      const base = (item * outer + block) * axis;
      for (let index = 0; index < count; index++, to += width) {
        const from = (base + indices[item * count + index]!) * width;
        if (width < SHORT_ROW) for (let column = 0; column < width; column++) output[to + column] = values[from + column]!;
        else output.set(values.subarray(from, from + width), to);
      }
    }
  }
}

/** GatherV2 (embedding lookup): the stock kernel computes an index vector per element instead of copying rows. */
export const gather: WasmKernel = ({ inputs, attrs, backend }) => {
  const x = inputs['x']!;
  const indices = inputs['indices']!;
  const axis = tf.util.parseAxisParam(attrs['axis'] as number, x.shape)[0]!;
  const info = tf.backend_util.segment_util.collectGatherOpShapeInfo(x, indices, axis, attrs['batchDims'] as number);
  const output = backend.makeOutput(info.outputShape, x.dtype);
  const indexValues = backend.typedArrayFromHeap(indices);
  const size = x.shape[axis]!;
  for (const index of indexValues)
    assert.ok(index >= 0 && index < size, `gather: index ${index} is outside of axis ${axis} of [${x.shape}]`);
  const shape = {
    batch: info.batchSize,
    outer: info.outerSize,
    axis: info.dimSize,
    count: indexValues.length / info.batchSize,
    width: info.sliceSize,
  };
  if (tf.util.sizeFromShape(info.outputShape) > 0)
    gatherInto(backend.typedArrayFromHeap(x), indexValues, shape, backend.typedArrayFromHeap(output));
  return output;
};

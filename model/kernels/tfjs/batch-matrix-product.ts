import * as assert from 'node:assert/strict';
import { tf } from '../../tf.ts';
import type { WasmKernel, WasmKernelArguments } from '../wasm/wasm-backend.ts';
import { wasmLibrary } from '../wasm/wasm-library.ts';

const FLOAT_BYTES = 4;

/**
 * For every item of the broadcast batch, the number of the operand's own batch item: [batch].
 * An axis of size 1 is repeated, missing leading axes too.
 */
export function broadcastItems(own: readonly number[], broadcast: readonly number[]): Int32Array {
  const items = new Int32Array(broadcast.reduce((product, size) => product * size, 1));
  const strides = new Array<number>(broadcast.length).fill(0);
  let stride = 1;
  for (let axis = own.length - 1; axis >= 0; axis--) {
    strides[axis + broadcast.length - own.length] = own[axis] === 1 ? 0 : stride;
    stride *= own[axis]!;
  }
  for (let item = 0; item < items.length; item++) {
    let rest = item;
    let from = 0;
    for (let axis = broadcast.length - 1; axis >= 0; axis--) {
      from += (rest % broadcast[axis]!) * strides[axis]!;
      rest = Math.floor(rest / broadcast[axis]!);
    }
    items[item] = from;
  }
  return items;
}

/**
 * BatchMatMul by our own product (c/wasm/matrix-product.c). The stock kernel is fast for two untransposed rank-2 operands only; gradients (one operand transposed) and attention
 * (batched) fall into plain loops there.
 *
 * a: [...batch, rows, inner] (or transposed), b: [...batch, inner, columns] (or transposed); batch axes broadcast.
 */
export const batchMatrixProduct: WasmKernel = ({ inputs, attrs, backend }: WasmKernelArguments) => {
  const a = inputs['a']!;
  const b = inputs['b']!;
  assert.ok(
    a.dtype === 'float32' && b.dtype === 'float32',
    `matMul on wasm takes float32 only, got ${a.dtype} and ${b.dtype}: cast first`,
  );
  const transposed = { left: attrs['transposeA'] === true, right: attrs['transposeB'] === true };
  const [rows, inner] = lastAxes(a.shape, transposed.left);
  const [rightInner, columns] = lastAxes(b.shape, transposed.right);
  assert.equal(
    inner,
    rightInner,
    `matMul: inner sizes differ: [${a.shape}] and [${b.shape}], transposed ${transposed.left}, ${transposed.right}`,
  );
  const leftBatch = a.shape.slice(0, -2);
  const rightBatch = b.shape.slice(0, -2);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(leftBatch, rightBatch);
  const output = backend.makeOutput([...batch, rows, columns], 'float32');
  if (inner === 0) {
    backend.typedArrayFromHeap(output).fill(0);
    return output;
  }
  if (tf.util.sizeFromShape(output.shape) === 0) return output;
  const library = wasmLibrary(backend);
  const left = { address: library.addressOf(a.dataId), step: a.shape.at(-1)!, transposed: transposed.left };
  const right = { address: library.addressOf(b.dataId), step: b.shape.at(-1)!, transposed: transposed.right };
  const product = { left, right, rows, inner, columns, output: library.addressOf(output.dataId), outputStep: columns };
  if (tf.util.sizeFromShape(rightBatch) === 1 && !transposed.left) {
    // One right operand for the whole batch (a weight): the batch is more rows of one product.
    library.multiply({ ...product, rows: rows * tf.util.sizeFromShape(batch) });
    return output;
  }
  const leftItems = broadcastItems(leftBatch, batch);
  const rightItems = broadcastItems(rightBatch, batch);
  for (let item = 0; item < leftItems.length; item++) {
    library.multiply({
      ...product,
      left: { ...left, address: left.address + leftItems[item]! * rows * inner * FLOAT_BYTES },
      right: { ...right, address: right.address + rightItems[item]! * inner * columns * FLOAT_BYTES },
      output: product.output + item * rows * columns * FLOAT_BYTES,
    });
  }
  return output;
};

/** Rows and columns of the matrices as they are multiplied. */
function lastAxes(shape: readonly number[], transposed: boolean): readonly [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

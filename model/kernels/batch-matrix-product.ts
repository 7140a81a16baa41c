import * as assert from 'node:assert/strict';
import { tf } from '../backend/tf.ts';
import { runWasmKernel, type WasmBackend, type WasmKernel, type WasmKernelArguments } from './wasm-backend.ts';

/** Rank-2 product on tensors that the compiled module knows by number: the only form that reaches XNNPACK. */
type Product = (left: number, leftShape: Uint8Array, right: number, rightShape: Uint8Array, output: number) => void;

const products = new WeakMap<WasmBackend, Product>();

function productOf(backend: WasmBackend): Product {
  const known = products.get(backend);
  if (known) return known;
  const parameters = ['number', 'array', 'number', 'number', 'array', 'number', 'number', 'number', 'number'];
  const compiled = backend.wasm.cwrap(tf.BatchMatMul, null, parameters);
  const product: Product = (left, leftShape, right, rightShape, output) =>
    compiled(left, leftShape, 3, right, rightShape, 3, 0, 0, output);
  products.set(backend, product);
  return product;
}

/** A shape as the compiled kernels read it. */
function shapeBytes(shape: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(shape).buffer);
}

/** The tensor with its last two axes exchanged; the caller disposes it. */
function transposeLast(x: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const rank = x.shape.length;
  const permutation = Array.from({ length: rank }, (_, axis) => axis);
  permutation[rank - 2] = rank - 1;
  permutation[rank - 1] = rank - 2;
  return runWasmKernel(tf.Transpose, { inputs: { x }, attrs: { perm: permutation }, backend });
}

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
 * BatchMatMul with every product on XNNPACK's path. The stock kernel takes it only for two untransposed rank-2 operands; gradients (one
 * operand transposed) and attention (batched) fall into plain loops there. Here an operand is transposed first, and a batch is one
 * rank-2 product per item, on views of the operands' memory.
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
  const left = attrs['transposeA'] ? transposeLast(a, backend) : a;
  const right = attrs['transposeB'] ? transposeLast(b, backend) : b;
  const [rows, inner] = left.shape.slice(-2) as [number, number];
  const [rightInner, columns] = right.shape.slice(-2) as [number, number];
  assert.equal(
    inner,
    rightInner,
    `matMul: inner sizes differ: [${a.shape}] and [${b.shape}], transposed ${attrs['transposeA']}, ${attrs['transposeB']}`,
  );
  const leftBatch = left.shape.slice(0, -2);
  const rightBatch = right.shape.slice(0, -2);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(leftBatch, rightBatch);
  const output = backend.makeOutput([...batch, rows, columns], 'float32');
  if (inner === 0) backend.typedArrayFromHeap(output).fill(0);
  else if (tf.util.sizeFromShape(output.shape) > 0) multiply(backend, left, right, output, batch);
  if (left !== a) backend.disposeData(left.dataId);
  if (right !== b) backend.disposeData(right.dataId);
  return output;
};

function multiply(
  backend: WasmBackend,
  left: tf.TensorInfo,
  right: tf.TensorInfo,
  output: tf.TensorInfo,
  batch: readonly number[],
): void {
  const product = productOf(backend);
  const [rows, inner] = left.shape.slice(-2) as [number, number];
  const columns = right.shape.at(-1)!;
  const leftData = backend.dataIdMap.get(left.dataId);
  const rightData = backend.dataIdMap.get(right.dataId);
  const outputData = backend.dataIdMap.get(output.dataId);
  const rightShape = shapeBytes([1, inner, columns]);
  if (tf.util.sizeFromShape(right.shape.slice(0, -2)) === 1) {
    // One right operand for the whole batch (a weight): the batch is more rows of one product.
    const allRows = rows * tf.util.sizeFromShape(batch as number[]);
    product(leftData.id, shapeBytes([1, allRows, inner]), rightData.id, rightShape, outputData.id);
    return;
  }
  const leftItems = broadcastItems(left.shape.slice(0, -2), batch);
  const rightItems = broadcastItems(right.shape.slice(0, -2), batch);
  const leftShape = shapeBytes([1, rows, inner]);
  const { registerTensor, disposeData } = backend.wasm.tfjs;
  const FLOAT_BYTES = 4;
  for (let item = 0; item < leftItems.length; item++) {
    const first = backend.dataIdNextNumber;
    backend.dataIdNextNumber += 3;
    registerTensor(first, rows * inner, leftData.memoryOffset + leftItems[item]! * rows * inner * FLOAT_BYTES);
    registerTensor(first + 1, inner * columns, rightData.memoryOffset + rightItems[item]! * inner * columns * FLOAT_BYTES);
    registerTensor(first + 2, rows * columns, outputData.memoryOffset + item * rows * columns * FLOAT_BYTES);
    product(first, leftShape, first + 1, rightShape, first + 2);
    disposeData(first);
    disposeData(first + 1);
    disposeData(first + 2);
  }
}

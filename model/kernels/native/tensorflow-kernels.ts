import { tf } from '../../tf.ts';
import type { TensorFlowBackend } from './tensorflow-backend.ts';

interface Call {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: TensorFlowBackend;
}

type Kernel = (call: Call) => tf.TensorInfo;

const BACKEND = 'tensorflow';
let registered = false;

/**
 * Chooses other operations of TensorFlow for some kernels of tfjs-node, on a CPU; repeated calls change nothing.
 */
export function registerTensorFlowKernels(): void {
  if (registered) return;
  registered = true;
  wrap(tf.BatchMatMul, matrixProduct);
  wrap(tf.Reshape, reshape);
}

function wrap(kernelName: string, change: (call: Call) => tf.TensorInfo | undefined): void {
  const stock = tf.getKernel(kernelName, BACKEND);
  const run = stock.kernelFunc as unknown as Kernel;
  const kernel: Kernel = (call) => change(call) ?? run(call);
  tf.unregisterKernel(kernelName, BACKEND);
  tf.registerKernel({ ...stock, kernelFunc: kernel as unknown as tf.KernelFunc });
}

/**
 * Two matrices, the second as it is: TensorFlow 2.21 runs its operation for matrices faster than the one for stacks of them, which tfjs-node takes for both. On Zen 4, GFLOP/s of one
 * thread: 84 to 98 (16384 x 128 by 128 x 128), 101 to 108 (1024 x 768 by 768 x 2048); the first transposed, as in gradients of weights: 87 to 107 (16384 x 512 by 16384 x 128), 98 to 107
 * (1024 x 768 by 1024 x 2048). With the second transposed it is the slower one, by up to a tenth.
 */
function matrixProduct({ inputs, attrs, backend }: Call): tf.TensorInfo | undefined {
  const { a, b } = inputs as Record<'a' | 'b', tf.TensorInfo>;
  const { transposeA, transposeB } = attrs as Record<'transposeA' | 'transposeB', boolean>;
  if (transposeB || a.shape.length !== 2 || b.shape.length !== 2 || a.dtype !== 'float32' || b.dtype !== 'float32')
    return undefined;
  const { TF_ATTR_BOOL, TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
  const attributes = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'transpose_a', type: TF_ATTR_BOOL, value: transposeA },
    { name: 'transpose_b', type: TF_ATTR_BOOL, value: false },
  ];
  return backend.executeSingleOutput('MatMul', attributes, [a, b]);
}

/** A tensor that has the wanted shape already, as gradients of sums often have: the same numbers under another name, as tfjs' other backends do with any shape. */
function reshape({ inputs, attrs, backend }: Call): tf.TensorInfo | undefined {
  const { x } = inputs as Record<'x', tf.TensorInfo>;
  const { shape } = attrs as { shape: number[] };
  if (!tf.util.arraysEqual(shape, x.shape)) return undefined;
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
}

import { tf } from '../../tf.ts';
import { runWasmKernel, type WasmKernel } from '../wasm/wasm-backend.ts';
import { batchMatrixProduct } from './batch-matrix-product.ts';

/** Kernels of activations that take one tensor. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  relu: tf.Relu,
  relu6: tf.Relu6,
  elu: tf.Elu,
  sigmoid: tf.Sigmoid,
};

/**
 * `activation(a b + bias)` by our own product. The stock kernel keeps the right operand in an order of its own from one call to the next, and would not see that an optimiser has changed a
 * weight where it lies.
 */
export const fusedMatrixProduct: WasmKernel = ({ inputs, attrs, backend }) => {
  const { a, b, bias, preluActivationWeights: alpha } = inputs as Record<string, tf.TensorInfo>;
  const run = (name: string, given: Record<string, tf.TensorInfo>, attributes = {}): tf.TensorInfo => {
    const result = runWasmKernel(name, { inputs: given, attrs: attributes, backend });
    backend.disposeData(last.dataId);
    return result;
  };
  let last = batchMatrixProduct({ inputs: { a: a!, b: b! }, attrs, backend });
  if (bias) last = run(tf.Add, { a: last, b: bias });
  const activation = (attrs['activation'] as string | undefined) ?? 'linear';
  if (activation === 'prelu') return run(tf.Prelu, { x: last, alpha: alpha! });
  if (activation === 'leakyrelu') return run(tf.LeakyRelu, { x: last }, { alpha: attrs['leakyreluAlpha'] });
  const kernel = ACTIVATIONS[activation];
  return kernel === undefined ? last : run(kernel, { x: last });
};

import { tf } from '../../../tf.ts';
import type { ProductPrecision } from '../../contract/compile-function.ts';
import { broadcastTo, convert, operation, reshape, transpose } from '../program/operations.ts';
import type { Value } from '../program/value.ts';
import type { XlaCall, XlaKernel, XlaKernels } from './call.ts';
import { add, ELEMENTWISE_KERNELS } from './elementwise.ts';

const { backend_util, util } = tf;

/**
 * On processors XLA's library reads a large left operand with exchanged axes down its columns, at a fifth of its speed (docs/backends.md). From so many numbers on, and where the result is at
 * most this share of it wide, the operands change places and the result is transposed instead: gradients of attention for values and keys are such products.
 */
const LARGE_OPERAND = 65_536;
const NARROW_RESULT = 0.25;

/** [..., rows, inner] x [..., inner, columns], either with its last two axes exchanged; batch axes are broadcast. */
function matrixProduct(
  a: Value,
  b: Value,
  transposeA: boolean,
  transposeB: boolean,
  { precision, onProcessors }: XlaCall,
): Value {
  const [leftBatch, rightBatch] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batch = backend_util.assertAndGetBroadcastShape([...leftBatch], [...rightBatch]);
  const rows = a.shape.at(transposeA ? -1 : -2)!;
  const inner = a.shape.at(transposeA ? -2 : -1)!;
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  util.assert(inner === b.shape.at(transposeB ? -1 : -2), () => `products of [${a.shape}] and [${b.shape}] do not fit`);
  const shape = [...batch, rows, columns];
  const [left, right] = [convert(a, 'f32'), convert(b, 'f32')];
  const matrixOf = (x: Value): Value => reshape(x, x.shape.slice(-2));
  const items = util.sizeFromShape(batch);
  if (items === 1) return reshape(dot(matrixOf(left), matrixOf(right), 0, transposeA, transposeB, precision), shape);
  // One matrix on the right of many: one tall product.
  if (util.sizeFromShape(rightBatch) === 1 && !transposeA) {
    const tall = reshape(broadcastTo(left, [...batch, rows, inner]), [items * rows, inner]);
    return reshape(dot(tall, matrixOf(right), 0, false, transposeB, precision), shape);
  }
  const spread = (x: Value): Value => reshape(broadcastTo(x, [...batch, ...x.shape.slice(-2)]), [items, ...x.shape.slice(-2)]);
  if (onProcessors && transposeA && rows * inner >= LARGE_OPERAND && columns <= NARROW_RESULT * rows) {
    const exchanged = dot(spread(right), spread(left), 1, !transposeB, false, precision);
    // Without the barrier XLA makes one product of both again.
    const kept = operation('optimization_barrier', [exchanged], exchanged.type, exchanged.shape);
    return reshape(transpose(kept, [0, 2, 1]), shape);
  }
  return reshape(dot(spread(left), spread(right), 1, transposeA, transposeB, precision), shape);
}

/** @param batch 0, or 1: the first axis of both counts products */
function dot(a: Value, b: Value, batch: 0 | 1, transposeA: boolean, transposeB: boolean, precision: ProductPrecision): Value {
  const [left, right] = precision === 'bf16' ? [convert(a, 'bf16'), convert(b, 'bf16')] : [a, b];
  const axes = batch ? '0' : '';
  const [over, under] = [batch + (transposeA ? 0 : 1), batch + (transposeB ? 1 : 0)];
  const numbers =
    `#stablehlo.dot<lhs_batching_dimensions = [${axes}], rhs_batching_dimensions = [${axes}], ` +
    `lhs_contracting_dimensions = [${over}], rhs_contracting_dimensions = [${under}]>`;
  // An accelerator may round operands of float32 to fewer bits by default.
  const exactness = precision === 'float32' ? 'HIGHEST' : 'DEFAULT';
  const exact = `#stablehlo<precision ${exactness}>`;
  const shape = [...a.shape.slice(0, batch), a.shape[batch + (transposeA ? 1 : 0)]!, b.shape[batch + (transposeB ? 0 : 1)]!];
  const attributes = `dot_dimension_numbers = ${numbers}, precision_config = [${exact}, ${exact}]`;
  return operation('dot_general', [left, right], 'f32', shape, attributes);
}

function product(call: XlaCall): Value {
  const [transposeA, transposeB] = [call.attribute<boolean>('transposeA'), call.attribute<boolean>('transposeB')];
  return matrixProduct(call.value('a'), call.value('b'), transposeA, transposeB, call);
}

const ACTIVATIONS: Readonly<Record<string, string>> = {
  elu: 'Elu',
  leakyrelu: 'LeakyRelu',
  relu: 'Relu',
  relu6: 'Relu6',
  sigmoid: 'Sigmoid',
};

const fusedProduct: XlaKernel = (call) => {
  const bare = product(call);
  const shifted = call.has('bias') ? add(bare, broadcastTo(call.value('bias'), bare.shape)) : bare;
  const activation = call.attribute<string | undefined>('activation') ?? 'linear';
  if (activation === 'linear') return shifted;
  const kernel = activation === 'prelu' ? ELEMENTWISE_KERNELS['Prelu'] : ELEMENTWISE_KERNELS[ACTIVATIONS[activation] ?? ''];
  util.assert(kernel !== undefined, () => `the backend xla has no activation ${activation}`);
  return kernel!({
    inputs: call.inputs,
    has: call.has,
    precision: call.precision,
    onProcessors: call.onProcessors,
    values: [shifted],
    value: (name) => (name === 'x' ? shifted : call.value('preluActivationWeights')),
    attribute: <Type>(name: string) => call.attribute<Type>(name === 'alpha' ? 'leakyreluAlpha' : name),
  });
};

export const PRODUCT_KERNELS: XlaKernels = { BatchMatMul: product, _FusedMatMul: fusedProduct };

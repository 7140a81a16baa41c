import { tf } from '../../../tf.ts';
import {
  broadcastInto,
  combiner,
  compare,
  constant,
  convert,
  integers,
  iota,
  operation,
  replacer,
  reshape,
  select,
} from '../program/operations.ts';
import type { Value } from '../program/value.ts';
import type { XlaKernel, XlaKernels } from './call.ts';

/**
 * Entries of an axis by their numbers. A number outside is taken for the nearest one inside.
 *
 * @param batch first axes of both, which are gone through together
 */
function gatherAxis(x: Value, indices: Value, axis: number, batch = 0): Value {
  const rest = indices.shape.slice(batch);
  const shape = [...x.shape.slice(0, axis), ...rest, ...x.shape.slice(axis + 1)];
  const offsets = [
    ...Array.from({ length: axis - batch }, (_, index) => batch + index),
    ...Array.from({ length: x.shape.length - axis - 1 }, (_, index) => axis + rest.length + index),
  ];
  const batchAxes = Array.from({ length: batch }, (_, index) => index).join(', ');
  const numbers =
    `#stablehlo.gather<offset_dims = [${offsets.join(', ')}], collapsed_slice_dims = [${axis}], ` +
    `operand_batching_dims = [${batchAxes}], start_indices_batching_dims = [${batchAxes}], ` +
    `start_index_map = [${axis}], index_vector_dim = ${indices.shape.length}>`;
  const sizes = x.shape.map((size, index) => (index === axis || index < batch ? 1 : size));
  const attributes = `dimension_numbers = ${numbers}, slice_sizes = ${integers(sizes)}, indices_are_sorted = false`;
  return operation('gather', [x, convert(indices, 's32')], x.type, shape, attributes);
}

/** Entries by several numbers each: [..., axes] of the first axes. */
const gatherNd: XlaKernel = (call) => {
  const [x, indices] = [call.value('params'), call.value('indices')];
  const depth = indices.shape.at(-1)!;
  const places = indices.shape.slice(0, -1);
  const axes = Array.from({ length: depth }, (_, axis) => axis).join(', ');
  const offsets = x.shape.slice(depth).map((_, index) => places.length + index);
  const numbers =
    `#stablehlo.gather<offset_dims = [${offsets.join(', ')}], collapsed_slice_dims = [${axes}], ` +
    `start_index_map = [${axes}], index_vector_dim = ${places.length}>`;
  const sizes = x.shape.map((size, axis) => (axis < depth ? 1 : size));
  const attributes = `dimension_numbers = ${numbers}, slice_sizes = ${integers(sizes)}, indices_are_sorted = false`;
  return operation('gather', [x, convert(indices, 's32')], x.type, [...places, ...x.shape.slice(depth)], attributes);
};

/**
 * Puts slices into a tensor or adds them to zeros; those outside are dropped.
 *
 * @param indices [..., depth] int32 numbers of the first axes
 * @param updates [..., rest of shape]
 * @param region combines what is there with what comes
 */
function scatter(into: Value, indices: Value, updates: Value, region: string): Value {
  const { shape, type } = into;
  const depth = indices.shape.at(-1)!;
  const places = indices.shape.length - 1;
  const axes = Array.from({ length: depth }, (_, axis) => axis).join(', ');
  const windows = shape.slice(depth).map((_, index) => places + index);
  const numbers =
    `#stablehlo.scatter<update_window_dims = [${windows.join(', ')}], inserted_window_dims = [${axes}], ` +
    `scatter_dims_to_operand_dims = [${axes}], index_vector_dim = ${places}>`;
  const attributes = `scatter_dimension_numbers = ${numbers}, indices_are_sorted = false, unique_indices = false`;
  return operation('scatter', [into, indices, updates], type, shape, attributes, region);
}

function scatterSum(indices: Value, updates: Value, shape: readonly number[]): Value {
  return scatter(constant(updates.type, 0, shape), indices, updates, combiner('add', updates.type));
}

/** Where several updates name one place, one of them is there afterwards. */
const tensorScatterUpdate: XlaKernel = (call) => {
  const [into, updates] = [call.value('tensor'), call.value('updates')];
  return scatter(into, convert(call.value('indices'), 's32'), updates, replacer(into.type));
};

const segmentSum: XlaKernel = (call) => {
  const [x, ids] = [call.value('x'), call.value('segmentIds')];
  const segments = call.attribute<number>('numSegments');
  const rest = x.shape.slice(ids.shape.length);
  return scatterSum(reshape(convert(ids, 's32'), [...ids.shape, 1]), x, [segments, ...rest]);
};

const oneHot: XlaKernel = (call) => {
  const indices = call.value('indices');
  const depth = call.attribute<number>('depth');
  const shape = [...indices.shape, depth];
  const dtype = call.attribute<tf.DataType | undefined>('dtype') ?? 'float32';
  const type = dtype === 'int32' ? 's32' : dtype === 'bool' ? 'pred' : 'f32';
  const axes = indices.shape.map((_, axis) => axis);
  const hit = compare('EQ', broadcastInto(convert(indices, 's32'), shape, axes), iota('s32', shape, axes.length));
  return select(hit, constant(type, call.attribute('onValue'), shape), constant(type, call.attribute('offValue'), shape));
};

export const INDEXING_KERNELS: XlaKernels = {
  GatherNd: gatherNd,
  GatherV2: (call) => {
    const x = call.value('x');
    const [axis] = tf.util.parseAxisParam(call.attribute<number>('axis'), [...x.shape]) as [number];
    const indices = call.value('indices');
    const batch = call.attribute<number | undefined>('batchDims') ?? 0;
    return gatherAxis(x, indices, axis, batch < 0 ? batch + indices.shape.length : batch);
  },
  OneHot: oneHot,
  ScatterNd: (call) => scatterSum(convert(call.value('indices'), 's32'), call.value('updates'), call.attribute('shape')),
  TensorScatterUpdate: tensorScatterUpdate,
  UnsortedSegmentSum: segmentSum,
};

import { tf } from '../../../tf.ts';
import {
  broadcastInto,
  broadcastTo,
  concatenate,
  constant,
  iota,
  pad,
  reshape,
  reverse,
  sameShape,
  slice,
  transpose,
} from '../program/operations.ts';
import type { Value } from '../program/value.ts';
import type { XlaCall, XlaKernel, XlaKernels } from './call.ts';
import { add, like, multiply, valueTypeOf } from './elementwise.ts';

const { slice_util, util, backend_util } = tf;

/** Parts of an axis. */
function parts(x: Value, axis: number, sizes: readonly number[]): Value[] {
  let from = 0;
  return sizes.map((size) => {
    const begin = x.shape.map((_, index) => (index === axis ? from : 0));
    from += size;
    return slice(x, begin, x.shape.with(axis, size));
  });
}

const split: XlaKernel = (call) => {
  const x = call.value('x');
  const [axis] = util.parseAxisParam(call.attribute<number>('axis'), [...x.shape]) as [number];
  const shaped = { shape: [...x.shape] } as tf.Tensor;
  return parts(x, axis, backend_util.prepareSplitSize(shaped, call.attribute('numOrSizeSplits'), axis));
};

const unpack: XlaKernel = (call) => {
  const x = call.value('value');
  const [axis] = util.parseAxisParam(call.attribute<number>('axis'), [...x.shape]) as [number];
  const shape = x.shape.toSpliced(axis, 1);
  const ones = Array.from({ length: x.shape[axis]! }, () => 1);
  return parts(x, axis, ones).map((part) => reshape(part, shape));
};

const pack: XlaKernel = (call) => {
  const axis = call.attribute<number>('axis');
  const place = axis < 0 ? axis + call.values[0]!.shape.length + 1 : axis;
  return concatenate(
    call.values.map((x) => reshape(x, x.shape.toSpliced(place, 0, 1))),
    place,
  );
};

const concat: XlaKernel = (call) => {
  const [axis] = util.parseAxisParam(call.attribute<number>('axis'), [...call.values[0]!.shape]) as [number];
  const filled = call.values.filter((x) => x.size > 0);
  return concatenate(filled.length > 0 ? filled : call.values.slice(0, 1), axis);
};

const tile: XlaKernel = (call) => {
  const x = call.value('x');
  const repeats = call.attribute<number[]>('reps');
  const shape = x.shape.map((size, axis) => size * repeats[axis]!);
  if (sameShape(shape, x.shape)) return { shared: 'x', shape };
  if (x.shape.every((size, axis) => size === 1 || repeats[axis] === 1)) return broadcastTo(x, shape);
  const apart = x.shape.flatMap((size, axis) => [repeats[axis]!, size]);
  const axes = x.shape.map((_, axis) => 2 * axis + 1);
  return reshape(broadcastInto(x, apart, axes), shape);
};

const stridedSlice: XlaKernel = (call) => {
  const x = call.value('x');
  const masks = ['beginMask', 'endMask', 'ellipsisMask', 'newAxisMask', 'shrinkAxisMask'] as const;
  const [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] = masks.map((name) => call.attribute<number>(name));
  const { begin, end, strides, finalShapeSparse, finalShape } = slice_util.sliceInfo(
    [...x.shape],
    call.attribute('begin'),
    call.attribute('end'),
    call.attribute('strides'),
    beginMask!,
    endMask!,
    ellipsisMask!,
    newAxisMask!,
    shrinkAxisMask!,
  );
  const shape = slice_util.computeOutShape(begin, end, strides);
  // Backwards is forwards from the last place that is taken, turned around.
  const backwards = strides.flatMap((stride, axis) => (stride < 0 ? [axis] : []));
  const first = begin.map((from, axis) => (strides[axis]! < 0 ? from + (shape[axis]! - 1) * strides[axis]! : from));
  const taken = slice(x, first, shape, strides.map(Math.abs));
  return reshape(reverse(taken, backwards), finalShapeSparse.length === finalShape.length ? finalShape : finalShapeSparse);
};

const range: XlaKernel = (call) => {
  const [start, stop, step] = ['start', 'stop', 'step'].map((name) => call.attribute<number>(name)) as [number, number, number];
  const type = valueTypeOf(call.attribute('dtype')) ?? 'f32';
  const isEmpty = start === stop || (start < stop && step < 0) || (stop < start && step > 1);
  const size = isEmpty ? 0 : Math.abs(Math.ceil((stop - start) / step));
  const by = stop < start && step === 1 ? -1 : step;
  const places = iota(type, [size], 0);
  return add(multiply(places, like(places, by)), like(places, start));
};

const padding: XlaKernel = (call) => {
  const paddings = call.attribute<[number, number][]>('paddings');
  const [low, high] = [paddings.map(([before]) => before), paddings.map(([, behind]) => behind)];
  return pad(call.value('x'), low, high, call.attribute('constantValue'));
};

function reshaped(call: XlaCall, name: string, shape: readonly number[]): { shared: string; shape: readonly number[] } {
  return { shared: name, shape: util.inferFromImplicitShape([...shape], util.sizeFromShape([...call.value(name).shape])) };
}

export const SHAPE_KERNELS: XlaKernels = {
  Concat: concat,
  ExpandDims: (call) => {
    const { shape } = call.value('input');
    const dim = call.attribute<number>('dim');
    return reshaped(call, 'input', shape.toSpliced(dim < 0 ? shape.length + 1 + dim : dim, 0, 1));
  },
  Fill: (call) => {
    const value = call.attribute<number>('value');
    return constant(
      valueTypeOf(call.attribute<tf.DataType | undefined>('dtype') ?? 'float32') ?? 'f32',
      value,
      call.attribute('shape'),
    );
  },
  Identity: (call) => reshaped(call, 'x', call.value('x').shape),
  Pack: pack,
  PadV2: padding,
  Range: range,
  Reshape: (call) => reshaped(call, 'x', call.attribute('shape')),
  Reverse: (call) => {
    const x = call.value('x');
    return reverse(x, util.parseAxisParam(call.attribute<number | number[]>('dims'), [...x.shape]));
  },
  Slice: (call) => {
    const x = call.value('x');
    const [begin, size] = slice_util.parseSliceParams(
      call.inputs['x'] as tf.Tensor,
      call.attribute('begin'),
      call.attribute('size'),
    );
    if (sameShape(size!, x.shape)) return { shared: 'x', shape: x.shape };
    return slice(x, begin!, size!);
  },
  SplitV: split,
  StridedSlice: stridedSlice,
  Tile: tile,
  Transpose: (call) => {
    const perm = call.attribute<number[]>('perm');
    if (perm.every((axis, index) => axis === index)) return reshaped(call, 'x', call.value('x').shape);
    return transpose(call.value('x'), perm);
  },
  Unpack: unpack,
};

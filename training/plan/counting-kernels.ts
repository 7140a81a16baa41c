import { tf } from '../../model/index.ts';
import type { CountingBackend } from './counting-backend.ts';

/** What a kernel is called with. */
interface Call {
  readonly inputs: Record<string, tf.TensorInfo>;
  readonly attributes: Record<string, unknown>;
  readonly backend: CountingBackend;
}
type CountingKernel = (call: Call) => tf.TensorInfo | tf.TensorInfo[];

const { util, backend_util, slice_util } = tf;

/** A result like the first input. */
const likeInput: CountingKernel = ({ inputs, backend }) => {
  const x = Object.values(inputs)[0]!;
  return backend.allocate(x.shape, x.dtype);
};

const likeInputBool: CountingKernel = ({ inputs, backend }) => backend.allocate(Object.values(inputs)[0]!.shape, 'bool');

function broadcast(inputs: Record<string, tf.TensorInfo>): number[] {
  return backend_util.assertAndGetBroadcastShape(inputs['a']!.shape, inputs['b']!.shape);
}

const arithmetic: CountingKernel = ({ inputs, backend }) => backend.allocate(broadcast(inputs), inputs['a']!.dtype);
const comparison: CountingKernel = ({ inputs, backend }) => backend.allocate(broadcast(inputs), 'bool');

const reduction: CountingKernel = ({ inputs, attributes, backend }) => {
  const x = Object.values(inputs)[0]!;
  // Max names its axes otherwise than the rest.
  const { axis, reductionIndices, keepDims } = attributes as { axis?: number[]; reductionIndices?: number[]; keepDims?: boolean };
  const axes = util.parseAxisParam((axis ?? reductionIndices)!, x.shape);
  const shape = x.shape.flatMap((size, index) => (axes.includes(index) ? (keepDims ? [1] : []) : [size]));
  return backend.allocate(shape, x.dtype);
};

/** In the shape that the attributes say, from the same buffer. */
const reshape: CountingKernel = ({ inputs, attributes, backend }) => {
  const x = inputs['x']!;
  return backend.share(x, util.inferFromImplicitShape(attributes['shape'] as number[], util.sizeFromShape(x.shape)));
};

const product: CountingKernel = ({ inputs, attributes, backend }) => {
  const [a, b] = [inputs['a']!, inputs['b']!];
  const [rows, inner] = lastTwo(a.shape, attributes['transposeA'] === true);
  const [, columns] = lastTwo(b.shape, attributes['transposeB'] === true);
  const batch = backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  backend.operations += 2 * util.sizeFromShape(batch) * rows * inner * columns;
  return backend.allocate([...batch, rows, columns], 'float32');
};

function lastTwo(shape: readonly number[], transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

const KERNELS: Readonly<Record<string, CountingKernel>> = {
  ...Object.fromEntries(
    [
      ...[
        'Abs',
        'Cos',
        'Cumsum',
        'Erf',
        'Exp',
        'Log',
        'LogSoftmax',
        'Neg',
        'OnesLike',
        'Relu',
        'Rsqrt',
        'Sigmoid',
        'Sign',
        'Sin',
      ],
      ...['Softmax', 'Sqrt', 'Square', 'Step', 'Tanh', 'ZerosLike', 'Reverse', 'ClipByValue'],
    ].map((name) => [name, likeInput]),
  ),
  ...Object.fromEntries(['IsNan', 'LogicalNot'].map((name) => [name, likeInputBool])),
  ...Object.fromEntries(
    ['Add', 'FloorDiv', 'Maximum', 'Minimum', 'Mod', 'Multiply', 'Pow', 'RealDiv', 'SquaredDifference', 'Sub'].map((name) => [
      name,
      arithmetic,
    ]),
  ),
  ...Object.fromEntries(
    ['Equal', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'LogicalAnd', 'LogicalOr', 'NotEqual'].map((name) => [
      name,
      comparison,
    ]),
  ),
  ...Object.fromEntries(['All', 'Any', 'Max', 'Mean', 'Min', 'Prod', 'Sum'].map((name) => [name, reduction])),
  BatchMatMul: product,
  _FusedMatMul: product,
  Reshape: reshape,
  Identity: ({ inputs, backend }) => backend.share(inputs['x']!, inputs['x']!.shape),
  ExpandDims: ({ inputs, attributes, backend }) => {
    const { shape } = inputs['input']!;
    const axis = attributes['dim'] as number;
    const place = axis < 0 ? shape.length + 1 + axis : axis;
    return backend.share(inputs['input']!, [...shape.slice(0, place), 1, ...shape.slice(place)]);
  },
  Cast: ({ inputs, attributes, backend }) => {
    const x = inputs['x']!;
    const dtype = attributes['dtype'] as tf.DataType;
    return dtype === x.dtype ? backend.share(x, x.shape) : backend.allocate(x.shape, dtype);
  },
  Concat: ({ inputs, attributes, backend }) => {
    const all = Object.values(inputs);
    const [axis] = util.parseAxisParam(attributes['axis'] as number, all[0]!.shape);
    const shape = backend_util.computeOutShape(
      all.map((x) => x.shape),
      axis!,
    );
    return backend.allocate(shape, all[0]!.dtype);
  },
  Pack: ({ inputs, attributes, backend }) => {
    const all = Object.values(inputs);
    const shape = [...all[0]!.shape];
    shape.splice(attributes['axis'] as number, 0, all.length);
    return backend.allocate(shape, all[0]!.dtype);
  },
  Fill: ({ attributes, backend }) =>
    backend.allocate(attributes['shape'] as number[], (attributes['dtype'] as tf.DataType) ?? 'float32'),
  GatherV2: ({ inputs, attributes, backend }) => {
    const [x, indices] = [inputs['x']!, inputs['indices']!];
    const [axis] = util.parseAxisParam(attributes['axis'] as number, x.shape);
    return backend.allocate([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis! + 1)], x.dtype);
  },
  OneHot: ({ inputs, attributes, backend }) =>
    backend.allocate(
      [...inputs['indices']!.shape, attributes['depth'] as number],
      (attributes['dtype'] as tf.DataType) ?? 'float32',
    ),
  PadV2: ({ inputs, attributes, backend }) => {
    const paddings = attributes['paddings'] as [number, number][];
    const shape = inputs['x']!.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
    return backend.allocate(shape, inputs['x']!.dtype);
  },
  Range: ({ attributes, backend }) => {
    const { start, stop, step, dtype } = attributes as { start: number; stop: number; step: number; dtype: tf.DataType };
    return backend.allocate([Math.max(0, Math.ceil((stop - start) / step))], dtype);
  },
  Select: ({ inputs, backend }) => backend.allocate(inputs['t']!.shape, inputs['t']!.dtype),
  Slice: ({ inputs, attributes, backend }) => {
    const { begin, size } = attributes as { begin: number | number[]; size: number | number[] };
    const [, shape] = slice_util.parseSliceParams(inputs['x'] as tf.Tensor, begin, size);
    return backend.allocate(shape!, inputs['x']!.dtype);
  },
  SplitV: ({ inputs, attributes, backend }) => {
    const x = inputs['x']!;
    const [axis] = util.parseAxisParam(attributes['axis'] as number, x.shape);
    const sizes = backend_util.prepareSplitSize(x as tf.Tensor, attributes['numOrSizeSplits'] as number | number[], axis);
    return sizes.map((size) =>
      backend.allocate(
        x.shape.map((whole, index) => (index === axis ? size : whole)),
        x.dtype,
      ),
    );
  },
  Tile: ({ inputs, attributes, backend }) => {
    const reps = attributes['reps'] as number[];
    return backend.allocate(
      inputs['x']!.shape.map((size, axis) => size * reps[axis]!),
      inputs['x']!.dtype,
    );
  },
  Transpose: ({ inputs, attributes, backend }) => {
    const x = inputs['x']!;
    return backend.allocate(
      (attributes['perm'] as number[]).map((axis) => x.shape[axis]!),
      x.dtype,
    );
  },
  UnsortedSegmentSum: ({ inputs, attributes, backend }) => {
    const [x, ids] = [inputs['x']!, inputs['segmentIds']!];
    return backend.allocate([attributes['numSegments'] as number, ...x.shape.slice(ids.shape.length)], x.dtype);
  },
};

/** Makes the kernels that model, losses and optimiser call known under a backend's name; another kernel's name is in tfjs's error. */
export function registerCountingKernels(backendName: string): void {
  for (const [kernelName, kernel] of Object.entries(KERNELS)) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) =>
        kernel({
          inputs: inputs as Record<string, tf.TensorInfo>,
          attributes: (attrs ?? {}) as Record<string, unknown>,
          backend: backend as CountingBackend,
        }),
    });
  }
}

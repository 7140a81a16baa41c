import { tf } from '../../../../model/backend/index.ts';

/** Deterministic values in [-1, 1): a linear congruential generator (constants of Numerical Recipes). */
function values(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function tensor(shape: number[], seed = 1): tf.Tensor {
  return tf.tensor(values(tf.util.sizeFromShape(shape), seed), shape);
}

/** Integers from -limit to limit. */
function integers(shape: number[], limit: number, seed = 1): tf.Tensor {
  const numbers = values(tf.util.sizeFromShape(shape), seed).map((value) => Math.round(value * limit));
  return tf.tensor(Int32Array.from(numbers), shape, 'int32');
}

const odd = () => tensor([3, 1, 5], 1);
const wide = () => tensor([2, 5], 2);
const positive = (shape: number[]) => tensor(shape).abs().add(0.1);
const truths = (shape: number[], seed = 1) => tensor(shape, seed).greater(0);
const SHAPES: readonly number[][] = [[], [7], [3, 5], [2, 3, 4], [0, 3]];

type Make = () => tf.Tensor | tf.Tensor[];

function unary(make: (x: tf.Tensor) => tf.Tensor): Make[] {
  return SHAPES.map((shape) => () => make(tensor(shape, 5).mul(2)));
}

/** Of floats that are broadcast either way, and of a number. */
function binary(make: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Make[] {
  return [
    () => make(odd(), wide()),
    () => make(wide(), odd()),
    () => make(tensor([4]), tf.scalar(0.5)),
    () => make(integers([3, 4], 9, 1), integers([4], 9, 2).mul(2).add(1)),
  ];
}

function reductions(make: (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor, shape = [3, 4, 5]): Make[] {
  return [
    () => make(tensor(shape)),
    () => make(tensor(shape), 1),
    () => make(tensor(shape), [-1, 0], true),
    () => make(integers(shape, 5), [1, 2]),
    () => make(tensor([4])),
  ];
}

/** What makes each kernel run, by its name. A result is compared with that of tfjs' plain JavaScript. */
export const CASES: Readonly<Record<string, readonly Make[]>> = {
  Abs: unary(tf.abs),
  Add: binary(tf.add),
  AddN: [() => tf.addN([tensor([3, 2], 1), tensor([3, 2], 2), tensor([3, 2], 3)])],
  All: [() => truths([3, 4]).all(), () => truths([3, 4], 3).all(1), () => tf.ones([3, 2], 'bool').all([0], true)],
  Any: [() => truths([3, 4]).any(), () => tf.zeros([3, 2], 'bool').any(1)],
  ArgMax: [() => tensor([3, 6]).argMax(1), () => tensor([3, 6]).argMax(0), () => tf.tensor1d([1, 5, 5, 2]).argMax()],
  ArgMin: [() => tensor([3, 6]).argMin(-1), () => tf.tensor1d([4, 1, 1]).argMin()],
  Atan: unary(tf.atan),
  Atan2: binary((a, b) => tf.atan2(a.cast('float32'), b.cast('float32'))),
  BatchMatMul: [], // kernels.test.ts, against plain loops
  Cast: [
    () => tensor([9]).mul(4).cast('int32'),
    () => tensor([9]).cast('bool'),
    () => integers([5], 3).cast('float32'),
    () => truths([5]).cast('int32'),
    () => truths([5]).cast('float32').add(0.5),
  ],
  Ceil: unary(tf.ceil),
  ClipByValue: unary((x) => tf.clipByValue(x, -0.5, 0.75)),
  Concat: [
    () => tf.concat([tensor([2, 3]), tensor([1, 3], 2), tensor([0, 3])], 0),
    () => tf.concat([tensor([2, 3, 1]), tensor([2, 1, 1], 2)], -2),
    () => tf.concat([tf.zeros([0]), tf.zeros([0])]),
  ],
  Cos: unary(tf.cos),
  Cosh: unary(tf.cosh),
  Cumprod: [() => tf.cumprod(tensor([3, 5]), 1), () => tf.cumprod(tensor([7]), 0, true, true)],
  Cumsum: [
    () => tf.cumsum(tensor([3, 7]), 1),
    () => tf.cumsum(tensor([3, 7]), 0),
    () => tf.cumsum(tensor([9]), 0, true, false),
    () => tf.cumsum(tensor([2, 8]), 1, true, true),
    () => tf.cumsum(integers([6], 9), 0, false, true),
    () => tf.cumsum(tensor([1]), 0),
  ],
  Elu: unary(tf.elu),
  EluGrad: [() => tf.grad((x) => tf.elu(x))(tensor([3, 4]).mul(3))],
  Equal: binary(tf.equal),
  Erf: unary(tf.erf),
  Exp: unary(tf.exp),
  ExpandDims: [() => tf.expandDims(tensor([2, 3]), 1).mul(2), () => tf.expandDims(tensor([2, 3]), -1)],
  Expm1: unary(tf.expm1),
  Fill: [() => tf.fill([2, 3], 7), () => tf.fill([3], 2, 'int32')],
  Floor: unary(tf.floor),
  // Plain JavaScript calls quotients of floats int32.
  FloorDiv: binary((a, b) => tf.floorDiv(a, b).cast('float32')),
  GatherNd: [
    () => tf.gatherND(tensor([4, 3, 2]), tf.tensor2d([1, 2, 3, 0], [2, 2], 'int32')),
    () => tf.gatherND(tensor([4, 3]), tf.tensor2d([1, 3, 0], [3, 1], 'int32')),
  ],
  GatherV2: [
    ...[1, 3, 40].map((width) => () => tf.gather(tensor([3, width]), tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32'))),
    () => tf.gather(tensor([2, 4, 3]), tf.tensor1d([2, 2, 0], 'int32'), -1),
    () => tf.gather(tensor([2, 4, 3]), tf.tensor2d([3, 1, 0, 0], [2, 2], 'int32'), 1),
    () => tf.gather(tensor([2, 3, 4]), tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32'), 1, 1),
    () => tf.gather(tensor([2, 3, 4]), tf.tensor2d([2, 0, 1, 1, 3, 0], [2, 3], 'int32'), 2, 1),
    () => tf.gather(tensor([5]), tf.scalar(3, 'int32')),
    () => tf.gather(integers([5, 2], 9), tf.tensor1d([4, 0], 'int32')),
  ],
  Greater: binary(tf.greater),
  GreaterEqual: binary(tf.greaterEqual),
  Identity: [() => tf.clone(tensor([3]))],
  IsFinite: [() => tf.isFinite(tf.tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY]))],
  IsInf: [() => tf.isInf(tf.tensor1d([1, Number.NaN, Number.NEGATIVE_INFINITY]))],
  IsNan: [() => tf.isNaN(tf.tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY]))],
  LeakyRelu: unary((x) => tf.leakyRelu(x, 0.1)),
  Less: binary(tf.less),
  LessEqual: binary(tf.lessEqual),
  Log: [() => tf.log(positive([3, 4]))],
  Log1p: [() => tf.log1p(positive([3, 4]))],
  LogSoftmax: [() => tf.logSoftmax(tensor([3, 6]).mul(20)), () => tf.logSoftmax(tensor([2, 3, 4]))],
  LogicalAnd: [() => tf.logicalAnd(truths([3, 4]), truths([4], 2))],
  LogicalNot: [() => tf.logicalNot(truths([3, 4]))],
  LogicalOr: [() => tf.logicalOr(truths([3, 4]), truths([3, 1], 2))],
  Max: reductions(tf.max),
  Maximum: binary(tf.maximum),
  Mean: reductions(tf.mean),
  Min: reductions(tf.min),
  Minimum: binary(tf.minimum),
  Mod: binary(tf.mod),
  Multiply: binary(tf.mul),
  Neg: unary(tf.neg),
  NotEqual: binary(tf.notEqual),
  OneHot: [
    () => tf.oneHot(tf.tensor1d([0, 2, 5, -1], 'int32'), 4),
    () => tf.oneHot(tf.tensor2d([0, 2, 1, 1], [2, 2], 'int32'), 3, 5, -1),
  ],
  OnesLike: unary(tf.onesLike),
  Pack: [() => tf.stack([tensor([2, 3], 1), tensor([2, 3], 2)], 1), () => tf.stack([tf.scalar(1), tf.scalar(2)])],
  PadV2: [
    () =>
      tf.pad(
        tensor([2, 3]),
        [
          [1, 0],
          [0, 2],
        ],
        4,
      ),
    () => tf.pad(tensor([3]), [[0, 0]]),
  ],
  Pow: [() => tf.pow(positive([2, 1, 5]), tensor([3, 1])), () => tf.pow(integers([4], 5), tf.scalar(2, 'int32'))],
  Prelu: [() => tf.prelu(tensor([3, 4]), tensor([4], 2))],
  Prod: reductions(tf.prod),
  Range: [
    () => tf.range(0, 7),
    () => tf.range(1, 9, 3, 'int32'),
    () => tf.range(5, 0),
    () => tf.range(5, 0, -2),
    () => tf.range(3, 3),
  ],
  RealDiv: [() => tf.div(odd(), wide()), () => tf.div(tensor([3, 4]), 3)],
  Reciprocal: [() => tf.reciprocal(positive([5]))],
  Relu: unary(tf.relu),
  Relu6: unary((x) => tf.relu6(x.mul(8))),
  Reshape: [() => tensor([2, 6]).reshape([3, -1]).add(1), () => tensor([2, 6]).reshape([12])],
  Reverse: [() => tf.reverse(tensor([2, 3, 4]), [0, -1]), () => tf.reverse(tensor([3]))],
  Round: [() => tf.round(tf.tensor1d([0.5, 1.5, -0.5, 2.4, -2.6]))],
  Rsqrt: [() => tf.rsqrt(positive([3, 4]))],
  ScatterNd: [() => tf.scatterND(tf.tensor2d([1, 3, 1], [3, 1], 'int32'), tensor([3, 2]), [5, 2])],
  Select: [
    () => tf.where(tensor([4, 1, 5]).greater(0), tensor([4, 3, 5], 5), 7),
    () => tf.where(truths([3, 4]), integers([3, 4], 9), tf.scalar(1, 'int32')),
  ],
  Selu: unary(tf.selu),
  Sigmoid: unary(tf.sigmoid),
  Sign: unary(tf.sign),
  Sin: unary(tf.sin),
  Sinh: unary(tf.sinh),
  Slice: [
    () => tensor([40]).slice([3], [30]),
    () => tensor([4, 5]).slice([0, 2], [4, 1]),
    () => tensor([3, 4]).slice([0, 0], [0, 4]),
    () => tensor([3, 4]).slice([1, 0], [-1, -1]),
    () => tensor([2, 3, 4, 3, 4]).slice([1, 1, 1, 0, 2], [1, 2, 2, 3, 2]),
  ],
  Softmax: [() => tf.softmax(tensor([3, 6]).mul(20)), () => tf.softmax(tensor([2, 3, 4]))],
  Softplus: unary((x) => tf.softplus(x.mul(10))),
  SplitV: [() => tf.split(tensor([4, 6]), 3, 1), () => tf.split(tensor([2, 6, 3]), [1, 5], -2)],
  Sqrt: [() => tf.sqrt(positive([3, 4]))],
  Square: unary(tf.square),
  SquaredDifference: binary(tf.squaredDifference),
  Step: unary((x) => tf.step(x, 0.25)),
  StridedSlice: [
    () => tf.stridedSlice(tensor([5, 6]), [1, 5], [5, 0], [2, -2]),
    () => tf.stridedSlice(tensor([4, 3]), [1, 0], [2, 3], [1, 1], 0, 0, 0, 0, 1),
  ],
  Sub: binary(tf.sub),
  Sum: [...reductions(tf.sum), () => tf.sum(truths([3, 4]), 1)],
  Tan: unary(tf.tan),
  Tanh: unary(tf.tanh),
  Tile: [
    () => tf.tile(tensor([3]), [4]),
    () => tf.tile(tensor([2, 3]), [1, 1]),
    () => tf.tile(tensor([2, 1, 3]), [1, 5, 1]),
    () => tf.tile(tensor([2, 3, 2]), [2, 3, 4]),
    () => tf.tile(tensor([0, 2]), [3, 2]),
    () => tf.tile(truths([1, 3]), [3, 2]),
  ],
  TopK: [() => Object.values(tf.topk(tensor([3, 9]), 4)), () => Object.values(tf.topk(tf.tensor1d([1, 3, 3, 2, 3]), 3))],
  Transpose: [() => tf.transpose(tensor([2, 3, 4]), [2, 0, 1]), () => tf.transpose(tensor([3, 2]))],
  Unpack: [() => tf.unstack(tensor([3, 4, 2]), 1)],
  TensorScatterUpdate: [
    () => tf.tensorScatterUpdate(tensor([5, 3]), tf.tensor2d([[0], [2], [4]], [3, 1], 'int32'), tensor([3, 3], 2)),
    // Padding names the last row again and again, with equal values.
    () => tf.tensorScatterUpdate(tensor([4]), tf.tensor2d([[1], [3], [3]], [3, 1], 'int32'), tf.tensor1d([7, 0, 0])),
    () =>
      tf.tensorScatterUpdate(
        tensor([3, 2]),
        tf.tensor2d(
          [
            [2, 1],
            [0, 0],
          ],
          [2, 2],
          'int32',
        ),
        tf.tensor1d([5, 6]),
      ),
  ],
  UnsortedSegmentSum: [
    () => tf.unsortedSegmentSum(tensor([5, 3]), tf.tensor1d([2, 0, 2, -1, 1], 'int32'), 3),
    () => tf.unsortedSegmentSum(tensor([4]), tf.tensor1d([0, 0, 2, 5], 'int32'), 4),
    () => tf.unsortedSegmentSum(integers([4, 2, 2], 9), tf.tensor1d([1, 1, 0, 1], 'int32'), 2),
  ],
  ZerosLike: unary(tf.zerosLike),
  _FusedMatMul: [
    () => tf.fused.matMul({ a: tensor([3, 4]) as tf.Tensor2D, b: tensor([4, 2], 2) as tf.Tensor2D, bias: tensor([2], 3) }),
    () =>
      tf.fused.matMul({
        a: tensor([2, 4, 3]) as tf.Tensor3D,
        b: tensor([2, 4, 5], 2) as tf.Tensor3D,
        transposeA: true,
        activation: 'relu',
      }),
  ],
};

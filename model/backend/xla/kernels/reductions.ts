import { tf } from '../../../tf.ts';
import {
  broadcastTo,
  compare,
  convert,
  elementwise,
  iota,
  operationOfMany,
  pad,
  type Reduction,
  reduce,
  reverse,
  select,
  slice,
  unary,
} from '../program/operations.ts';
import { tensorType, type Value } from '../program/value.ts';
import type { XlaCall, XlaKernel, XlaKernels } from './call.ts';
import { divide, like, multiply, subtract } from './elementwise.ts';

/** The axes that a kernel reduces; Max, Min and Prod name them otherwise than the rest. */
function axesOf(call: XlaCall, x: Value): number[] {
  const axes = call.attribute<number[] | undefined>('axis') ?? call.attribute<number[] | undefined>('reductionIndices');
  return tf.util.parseAxisParam(axes ?? x.shape.map((_, axis) => axis), [...x.shape]);
}

function reduction(kind: Reduction, prepare: (x: Value) => Value = (x) => x): XlaKernel {
  return (call) => {
    const x = prepare(call.values[0]!);
    return reduce(kind, x, axesOf(call, x), call.attribute<boolean | undefined>('keepDims') ?? false);
  };
}

const numbers = (x: Value): Value => (x.type === 'pred' ? convert(x, 's32') : x);

const mean: XlaKernel = (call) => {
  const x = convert(call.values[0]!, 'f32');
  const axes = axesOf(call, x);
  const sum = reduce('add', x, axes, call.attribute<boolean | undefined>('keepDims') ?? false);
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return multiply(sum, like(sum, 1 / count));
};

/** The first place of the largest or smallest number along an axis. */
function place(kind: 'maximum' | 'minimum'): XlaKernel {
  return (call) => {
    const x = call.value('x');
    const [axis] = tf.util.parseAxisParam(call.attribute<number | number[]>('axis'), [...x.shape]) as [number];
    const best = broadcastTo(reduce(kind, x, [axis], true), x.shape);
    const places = iota('s32', x.shape, axis);
    const last = like(places, x.shape[axis]! - 1);
    return reduce('minimum', select(compare('EQ', x, best), places, last), [axis]);
  };
}

/** Sums or products of what comes before, in log2(size) passes over everything. */
function cumulative(kind: 'add' | 'multiply', neutral: number): XlaKernel {
  return (call) => {
    const x = call.value('x');
    const [axis] = tf.util.parseAxisParam(call.attribute<number>('axis'), [...x.shape]) as [number];
    const isReversed = call.attribute<boolean | undefined>('reverse') ?? false;
    const turned = isReversed ? reverse(x, [axis]) : x;
    const size = x.shape[axis]!;
    let sums = call.attribute<boolean | undefined>('exclusive') ? shifted(turned, axis, 1, neutral) : turned;
    for (let reach = 1; reach < size; reach *= 2) sums = elementwise(kind, sums, shifted(sums, axis, reach, neutral));
    return isReversed ? reverse(sums, [axis]) : sums;
  };
}

/** Each number `by` places later along an axis. */
function shifted(x: Value, axis: number, by: number, value: number): Value {
  const none = x.shape.map(() => 0);
  const kept = slice(x, none, x.shape.with(axis, Math.max(0, x.shape[axis]! - by)));
  return pad(kept, none.with(axis, Math.min(by, x.shape[axis]!)), none, value);
}

/** What is subtracted from the numbers of each last axis before their exponentials are taken. */
function withoutLargest(x: Value): Value {
  return subtract(x, broadcastTo(reduce('maximum', x, [x.shape.length - 1], true), x.shape));
}

function sumOfLast(x: Value): Value {
  return broadcastTo(reduce('add', x, [x.shape.length - 1], true), x.shape);
}

/** Largest numbers of the last axis in descending order with their places; of equal ones the first come first. */
const topK: XlaKernel = (call) => {
  const x = call.value('x');
  const k = call.attribute<number>('k');
  return descending(x).map((sorted) =>
    slice(
      sorted,
      x.shape.map(() => 0),
      x.shape.with(-1, k),
    ),
  );
};

/** The last axis sorted, and the places where its numbers were. */
function descending(x: Value): Value[] {
  const axis = x.shape.length - 1;
  const places = iota('s32', x.shape, axis);
  const [number, integer] = [tensorType(x.type, []), tensorType('s32', [])];
  const region = [
    `^bb0(%l: ${number}, %r: ${number}, %m: ${integer}, %n: ${integer}):`,
    `%s = "stablehlo.compare"(%l, %r) <{comparison_direction = #stablehlo<comparison_direction GT>}> : (${number}, ${number}) -> ${tensorType('pred', [])}`,
    `"stablehlo.return"(%s) : (${tensorType('pred', [])}) -> ()`,
  ].join('\n');
  const results = [x, places].map(({ type, shape }) => ({ type, shape }));
  return operationOfMany('stablehlo.sort', [x, places], results, `dimension = ${axis} : i64, is_stable = true`, region);
}

export const REDUCTION_KERNELS: XlaKernels = {
  All: reduction('and'),
  Any: reduction('or'),
  ArgMax: place('maximum'),
  ArgMin: place('minimum'),
  Cumprod: cumulative('multiply', 1),
  Cumsum: cumulative('add', 0),
  LogSoftmax: (call) => {
    const x = withoutLargest(call.value('logits'));
    return subtract(x, unary('log', sumOfLast(unary('exponential', x))));
  },
  Max: reduction('maximum'),
  Mean: mean,
  Min: reduction('minimum'),
  Prod: reduction('multiply', numbers),
  Softmax: (call) => {
    const powers = unary('exponential', withoutLargest(call.value('logits')));
    return divide(powers, sumOfLast(powers));
  },
  Sum: reduction('add', numbers),
  TopK: topK,
};

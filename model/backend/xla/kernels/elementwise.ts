import { tf } from '../../../tf.ts';
import {
  broadcastTo,
  type Comparison,
  compare,
  constant,
  convert,
  elementwise,
  operation,
  select,
  unary,
} from '../program/operations.ts';
import type { Value, ValueType } from '../program/value.ts';
import type { XlaCall, XlaKernel, XlaKernels } from './call.ts';

const { backend_util } = tf;

/** A number in the shape and type of a value. */
export function like(x: Value, value: number): Value {
  return constant(x.type, value, x.shape);
}

export const add = (a: Value, b: Value): Value => elementwise('add', a, b);
export const subtract = (a: Value, b: Value): Value => elementwise('subtract', a, b);
export const multiply = (a: Value, b: Value): Value => elementwise('multiply', a, b);
export const divide = (a: Value, b: Value): Value => elementwise('divide', a, b);

/** The sign of zero and of NaN is what StableHLO gives. */
function isNegative(x: Value): Value {
  return compare('LT', x, like(x, 0));
}

/** Kernels of one input. */
const UNARY: Readonly<Record<string, (x: Value, call: XlaCall) => Value>> = {
  Abs: (x) => unary('abs', x),
  Atan: (x) => elementwise('atan2', x, like(x, 1)),
  Ceil: (x) => unary('ceil', x),
  ClipByValue: (x, call) =>
    elementwise(
      'minimum',
      elementwise('maximum', x, like(x, call.attribute('clipValueMin'))),
      like(x, call.attribute('clipValueMax')),
    ),
  Cos: (x) => unary('cosine', x),
  Cosh: (x) => multiply(add(unary('exponential', x), unary('exponential', unary('negate', x))), like(x, 0.5)),
  Elu: (x) => select(isNegative(x), unary('exponential_minus_one', x), x),
  Erf: (x) => unary('chlo.erf', x),
  Exp: (x) => unary('exponential', float(x)),
  Expm1: (x) => unary('exponential_minus_one', x),
  Floor: (x) => unary('floor', x),
  IsFinite: (x) => unaryToBool('is_finite', x),
  IsInf: (x) => compare('EQ', unary('abs', x), like(x, Number.POSITIVE_INFINITY)),
  IsNan: (x) => compare('NE', x, x),
  LeakyRelu: (x, call) => select(isNegative(x), multiply(x, like(x, call.attribute('alpha'))), x),
  Log: (x) => unary('log', float(x)),
  Log1p: (x) => unary('log_plus_one', x),
  LogicalNot: (x) => unary('not', convert(x, 'pred')),
  Neg: (x) => unary('negate', x),
  OnesLike: (x) => like(x, 1),
  Reciprocal: (x) => divide(like(x, 1), x),
  Relu: (x) => elementwise('maximum', x, like(x, 0)),
  Relu6: (x) => elementwise('minimum', elementwise('maximum', x, like(x, 0)), like(x, 6)),
  Round: (x) => unary('round_nearest_even', x),
  Rsqrt: (x) => unary('rsqrt', float(x)),
  Selu: (x) =>
    multiply(
      select(
        isNegative(x),
        multiply(unary('exponential_minus_one', x), like(x, backend_util.SELU_SCALEALPHA)),
        multiply(x, like(x, backend_util.SELU_SCALE)),
      ),
      like(x, 1),
    ),
  Sigmoid: (x) => unary('logistic', x),
  Sign: (x) => unary('sign', x),
  Sin: (x) => unary('sine', x),
  Sinh: (x) => multiply(subtract(unary('exponential', x), unary('exponential', unary('negate', x))), like(x, 0.5)),
  Softplus: (x) =>
    add(unary('log_plus_one', unary('exponential', unary('negate', unary('abs', x)))), elementwise('maximum', x, like(x, 0))),
  Sqrt: (x) => unary('sqrt', float(x)),
  Square: (x) => multiply(x, x),
  Step: (x, call) =>
    select(
      compare('NE', x, x),
      x,
      select(compare('GT', x, like(x, 0)), like(x, 1), like(x, call.attribute<number | undefined>('alpha') ?? 0)),
    ),
  Tan: (x) => divide(unary('sine', x), unary('cosine', x)),
  Tanh: (x) => unary('tanh', x),
  ZerosLike: (x) => like(x, 0),
};

function float(x: Value): Value {
  return convert(x, 'f32');
}

function unaryToBool(name: string, x: Value): Value {
  return operation(name, [x], 'pred', x.shape);
}

/** Both inputs in one shape, by tfjs' rule. */
function pair(call: XlaCall): [Value, Value] {
  const [a, b] = [call.value('a'), call.value('b')];
  const shape = backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
  return [broadcastTo(a, shape), broadcastTo(b, shape)];
}

/** Towards minus infinity. */
function floorDivide(a: Value, b: Value): Value {
  if (a.type === 'f32') return unary('floor', divide(a, b));
  const quotient = divide(a, b);
  const isInexact = compare('NE', multiply(quotient, b), a);
  const isBelow = compare('NE', isNegative(a), isNegative(b));
  return select(elementwise('and', isInexact, isBelow), subtract(quotient, like(a, 1)), quotient);
}

/** The remainder has the sign of the divisor. */
function floorModulo(a: Value, b: Value): Value {
  const rest = elementwise('remainder', a, b);
  const differs = compare('NE', isNegative(a), isNegative(b));
  return select(differs, elementwise('remainder', add(rest, b), b), rest);
}

const BINARY: Readonly<Record<string, (a: Value, b: Value) => Value>> = {
  Add: add,
  Atan2: (a, b) => elementwise('atan2', a, b),
  EluGrad: (dy, y) => select(compare('GE', y, like(y, 0)), dy, multiply(dy, add(y, like(y, 1)))),
  FloorDiv: floorDivide,
  Maximum: (a, b) => elementwise('maximum', a, b),
  Minimum: (a, b) => elementwise('minimum', a, b),
  Mod: floorModulo,
  Multiply: multiply,
  Pow: (a, b) => elementwise('power', a, b),
  RealDiv: divide,
  SquaredDifference: (a, b) => {
    const difference = subtract(a, b);
    return multiply(difference, difference);
  },
  Sub: subtract,
};

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  Equal: 'EQ',
  Greater: 'GT',
  GreaterEqual: 'GE',
  Less: 'LT',
  LessEqual: 'LE',
  NotEqual: 'NE',
};

/** Of two types the wider, as tfjs has it before most kernels anyway. */
function withOneType([a, b]: [Value, Value]): [Value, Value] {
  const order: readonly ValueType[] = ['pred', 's32', 'bf16', 'f32'];
  const type = order[Math.max(order.indexOf(a.type), order.indexOf(b.type))]!;
  return [convert(a, type), convert(b, type)];
}

const TO_VALUE_TYPE: Readonly<Record<string, ValueType>> = { float32: 'f32', int32: 's32', bool: 'pred' };

export function valueTypeOf(dtype: tf.DataType): ValueType | undefined {
  return TO_VALUE_TYPE[dtype];
}

const cast: XlaKernel = (call) => {
  const x = call.value('x');
  const type = valueTypeOf(call.attribute('dtype'));
  if (type === undefined || type === x.type) return { shared: 'x', shape: x.shape };
  return type === 'pred' ? compare('NE', x, like(x, 0)) : convert(x, type);
};

const chooseByCondition: XlaKernel = (call) => {
  const [condition, yes, no] = [call.value('condition'), call.value('t'), call.value('e')];
  const [a, b] = withOneType([yes, no]);
  // A vector of conditions chooses rows.
  const axes = condition.shape.map((_, axis) => axis);
  const whole =
    condition.shape.length === yes.shape.length
      ? broadcastTo(condition, yes.shape)
      : operation('broadcast_in_dim', [condition], 'pred', yes.shape, `broadcast_dimensions = array<i64: ${axes.join(', ')}>`);
  return select(convert(whole, 'pred'), a, b);
};

export const ELEMENTWISE_KERNELS: XlaKernels = {
  ...Object.fromEntries(Object.entries(UNARY).map(([name, make]) => [name, (call: XlaCall) => make(call.values[0]!, call)])),
  ...Object.fromEntries(
    Object.entries(BINARY).map(([name, make]) => [name, (call: XlaCall) => make(...withOneType(pair(call)))]),
  ),
  ...Object.fromEntries(
    Object.entries(COMPARISONS).map(([name, direction]) => [
      name,
      (call: XlaCall) => compare(direction, ...withOneType(pair(call))),
    ]),
  ),
  EluGrad: (call) => BINARY['EluGrad']!(call.value('dy'), call.value('y')),
  LogicalAnd: (call) => elementwise('and', ...pair(call)),
  LogicalOr: (call) => elementwise('or', ...pair(call)),
  Prelu: (call) => {
    const [x, alpha] = [call.value('x'), broadcastTo(call.value('alpha'), call.value('x').shape)];
    return select(isNegative(x), multiply(x, alpha), x);
  },
  AddN: (call) => call.values.reduce(add),
  Cast: cast,
  Select: chooseByCondition,
};

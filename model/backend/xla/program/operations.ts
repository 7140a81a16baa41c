import { splatLiteral } from './literal.ts';
import { tensorType, Value, type ValueType } from './value.ts';

/** `array<i64: 1, 2>` */
export function integers(values: readonly number[]): string {
  return values.length === 0 ? 'array<i64>' : `array<i64: ${values.join(', ')}>`;
}

/** A value that is to be computed by one operation, of the dialect `stablehlo` where the name says no other. */
export function operation(
  name: string,
  inputs: readonly Value[],
  type: ValueType,
  shape: readonly number[],
  attributes = '',
  region = '',
): Value {
  return new Value(type, shape, { name: name.includes('.') ? name : `stablehlo.${name}`, inputs, attributes, region });
}

/** An operation of several results; `partOf` gives each. */
export function operationOfMany(
  name: string,
  inputs: readonly Value[],
  results: readonly { type: ValueType; shape: readonly number[] }[],
  attributes = '',
  region = '',
): Value[] {
  const resultTypes = results.map(({ type, shape }) => tensorType(type, shape));
  const whole = new Value('f32', [], { name, inputs, attributes, region, resultTypes });
  return results.map(
    ({ type, shape }, index) => new Value(type, shape, { name: PART, inputs: [whole], attributes: String(index), region: '' }),
  );
}

/** The name of what takes a result of several; no operation of StableHLO. */
export const PART = 'part';

/** All elements one number, which is written into the program. */
export function constant(type: ValueType, value: number, shape: readonly number[] = []): Value {
  const attributes = `value = ${splatLiteral(type, value, tensorType(type, shape))}`;
  return operation('constant', [], type, shape, attributes);
}

export function unary(name: string, x: Value): Value {
  return operation(name, [x], x.type, x.shape);
}

/** Element by element; shapes and types are equal. */
export function elementwise(name: string, a: Value, b: Value): Value {
  return operation(name, [a, b], a.type, a.shape);
}

export type Comparison = 'EQ' | 'NE' | 'GT' | 'GE' | 'LT' | 'LE';

export function compare(direction: Comparison, a: Value, b: Value): Value {
  const attributes = `comparison_direction = #stablehlo<comparison_direction ${direction}>`;
  return operation('compare', [a, b], 'pred', a.shape, attributes);
}

/** `condition ? yes : no`, all of one shape. */
export function select(condition: Value, yes: Value, no: Value): Value {
  return operation('select', [condition, yes, no], yes.type, yes.shape);
}

export function convert(x: Value, type: ValueType): Value {
  return x.type === type ? x : operation('convert', [x], type, x.shape);
}

export function reshape(x: Value, shape: readonly number[]): Value {
  return sameShape(x.shape, shape) ? x : operation('reshape', [x], x.type, shape);
}

/** @param axes the axis of `shape` for each axis of x, whose size is that or 1 */
export function broadcastInto(x: Value, shape: readonly number[], axes: readonly number[]): Value {
  return operation('broadcast_in_dim', [x], x.type, shape, `broadcast_dimensions = ${integers(axes)}`);
}

/** By tfjs' rule: axes are counted from the end. */
export function broadcastTo(x: Value, shape: readonly number[]): Value {
  if (sameShape(x.shape, shape)) return x;
  const missing = shape.length - x.shape.length;
  return broadcastInto(
    x,
    shape,
    x.shape.map((_, axis) => axis + missing),
  );
}

export function transpose(x: Value, permutation: readonly number[]): Value {
  if (permutation.every((axis, index) => axis === index)) return x;
  const shape = permutation.map((axis) => x.shape[axis]!);
  return operation('transpose', [x], x.type, shape, `permutation = ${integers(permutation)}`);
}

/** 0, 1, 2, … along an axis. */
export function iota(type: ValueType, shape: readonly number[], axis: number): Value {
  return operation('iota', [], type, shape, `iota_dimension = ${axis} : i64`);
}

export function slice(x: Value, begin: readonly number[], size: readonly number[], strides?: readonly number[]): Value {
  if (!strides && sameShape(size, x.shape)) return x;
  const steps = strides ?? begin.map(() => 1);
  const limits = begin.map((first, axis) => (size[axis] === 0 ? first : first + (size[axis]! - 1) * steps[axis]! + 1));
  const attributes = `start_indices = ${integers(begin)}, limit_indices = ${integers(limits)}, strides = ${integers(steps)}`;
  return operation('slice', [x], x.type, size, attributes);
}

export function pad(x: Value, low: readonly number[], high: readonly number[], value: number): Value {
  const shape = x.shape.map((size, axis) => size + low[axis]! + high[axis]!);
  const interior = integers(low.map(() => 0));
  const attributes = `edge_padding_low = ${integers(low)}, edge_padding_high = ${integers(high)}, interior_padding = ${interior}`;
  return operation('pad', [x, constant(x.type, value)], x.type, shape, attributes);
}

export function concatenate(values: readonly Value[], axis: number): Value {
  const [first] = values;
  if (values.length === 1) return first!;
  const shape = first!.shape.with(
    axis,
    values.reduce((sum, value) => sum + value.shape[axis]!, 0),
  );
  return operation('concatenate', values, first!.type, shape, `dimension = ${axis} : i64`);
}

export function reverse(x: Value, axes: readonly number[]): Value {
  return axes.length === 0 ? x : operation('reverse', [x], x.type, x.shape, `dimensions = ${integers(axes)}`);
}

export type Reduction = 'add' | 'multiply' | 'maximum' | 'minimum' | 'and' | 'or';

/** What leaves every number as it is. */
function identityOf(kind: Reduction, type: ValueType): number {
  if (kind === 'add' || kind === 'or') return 0;
  if (kind === 'multiply' || kind === 'and') return 1;
  const largest = type === 's32' ? 2 ** 31 - 1 : Number.POSITIVE_INFINITY;
  if (kind === 'minimum') return largest;
  return type === 's32' ? -(2 ** 31) : -largest;
}

/** The region of a reduction or a scatter: two numbers to one. */
export function combiner(kind: Reduction, type: ValueType): string {
  const scalar = tensorType(type, []);
  return [
    `^bb0(%l: ${scalar}, %r: ${scalar}):`,
    `%s = "stablehlo.${kind}"(%l, %r) : (${scalar}, ${scalar}) -> ${scalar}`,
    `"stablehlo.return"(%s) : (${scalar}) -> ()`,
  ].join('\n');
}

/** The region of a scatter that takes what comes for what is there. */
export function replacer(type: ValueType): string {
  const scalar = tensorType(type, []);
  return [`^bb0(%l: ${scalar}, %r: ${scalar}):`, `"stablehlo.return"(%r) : (${scalar}) -> ()`].join('\n');
}

export function reduce(kind: Reduction, x: Value, axes: readonly number[], keepDims = false): Value {
  const shape = x.shape.filter((_, axis) => !axes.includes(axis));
  const start = constant(x.type, identityOf(kind, x.type));
  const attributes = `dimensions = ${integers([...axes].sort((a, b) => a - b))}`;
  const reduced = axes.length === 0 ? x : operation('reduce', [x, start], x.type, shape, attributes, combiner(kind, x.type));
  if (!keepDims) return reduced;
  return reshape(
    reduced,
    x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  );
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

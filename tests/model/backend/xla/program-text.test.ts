import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { arrayLiteral } from '../../../../model/backend/xla/program/literal.ts';
import { broadcastTo, constant, elementwise, reduce, unary } from '../../../../model/backend/xla/program/operations.ts';
import { writeProgram } from '../../../../model/backend/xla/program/program-text.ts';
import { Value } from '../../../../model/backend/xla/program/value.ts';

const test = suite('model/backend/xla/program-text');

test('a program in generic form; equal operations are one, parameters stand in the order of their use', () => {
  const [unused, x, y] = [new Value('f32', [9]), new Value('f32', [2, 3]), new Value('f32', [3])];
  const sum = () => elementwise('add', x, broadcastTo(y, [2, 3]));
  const product = elementwise('multiply', sum(), sum());
  const { text, parameters } = writeProgram([product], { isDonated: (value) => value === x });
  assert.equal(parameters, [y, x]);
  assert.not(parameters.includes(unused));
  assert.is(
    text,
    `module @cem {
func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<2x3xf32> {tf.aliasing_output = 0 : i32}) -> (tensor<2x3xf32>) {
%0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<2x3xf32>
%1 = "stablehlo.add"(%arg1, %0) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
%2 = "stablehlo.multiply"(%1, %1) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
"func.return"(%2) : (tensor<2x3xf32>) -> ()
}
}
`,
  );
});

test('the text depends on the operations alone, not on the numbers of what is there', () => {
  const record = (numbers: number[]) => {
    const x = new Value('f32', [2]);
    x.host = Float32Array.from(numbers);
    return writeProgram([unary('negate', reduce('add', x, [0]))]).text;
  };
  assert.is(record([1, 2]), record([3, 4]));
  assert.match(record([1, 2]), '"stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 0>}> ({');
});

test('constants are exact', () => {
  const literal = (value: number) => constant('f32', value).operation!.attributes;
  // 1, minus infinity, the float32 nearest to 0.1
  assert.is(literal(1), 'value = dense<0x3F800000> : tensor<f32>');
  assert.is(literal(Number.NEGATIVE_INFINITY), 'value = dense<0xFF800000> : tensor<f32>');
  assert.is(literal(0.1), 'value = dense<0x3DCCCCCD> : tensor<f32>');
  // Little-endian: 1 and 2 as float32.
  assert.is(arrayLiteral('f32', Float32Array.of(1, 2), [2], 'tensor<2xf32>'), 'dense<"0x0000803F00000040"> : tensor<2xf32>');
  const truths = Uint8Array.of(1, 0, 0, 1);
  assert.is(arrayLiteral('pred', truths, [2, 2], 'tensor<2x2xi1>'), 'dense<[[true, false], [false, true]]> : tensor<2x2xi1>');
  assert.is(arrayLiteral('s32', new Int32Array(0), [0], 'tensor<0xi32>'), 'dense<> : tensor<0xi32>');
});

test('memory is freed when nobody needs it: neither a tensor nor what is still to be computed', () => {
  const freed: string[] = [];
  const there = (name: string) => {
    const value = new Value('f32', [2]);
    value.memory = { dispose: () => freed.push(name) };
    return value;
  };
  const x = there('x');
  x.hold();
  const y = unary('negate', unary('abs', x));
  y.hold();
  x.letGo();
  assert.equal(freed, []);
  y.settle({ dispose: () => freed.push('y') });
  assert.equal(freed, ['x']);
  y.letGo();
  assert.equal(freed, ['x', 'y']);
  // What a kernel records in vain needs nothing.
  Value.releaseUnused();
  const z = there('z');
  z.hold();
  elementwise('add', unary('abs', z), z);
  Value.releaseUnused();
  z.letGo();
  assert.equal(freed, ['x', 'y', 'z']);
});

test.run();

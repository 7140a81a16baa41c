import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CemError } from '../../../../base/index.ts';
import { checkAttributes, type OpAttributes, readDeclarations } from '../../../../model/kernels/compiled/op-attributes.ts';

const test = suite('attributes of compiled ops');

const DECLARED = readDeclarations(['heads: int', 'N: int >= 1', 'epsilon : float', 'causal:bool']);

function refusal(given: OpAttributes): CemError | undefined {
  try {
    checkAttributes('CemOp', DECLARED, given);
    return undefined;
  } catch (error) {
    return error as CemError;
  }
}

test('declarations are names and kinds, in their order', () => {
  assert.equal(
    [...DECLARED],
    [
      ['heads', 'int'],
      ['N', 'int'],
      ['epsilon', 'float'],
      ['causal', 'bool'],
    ],
  );
});

test('a call has all of them and no other, each of its kind', () => {
  const good = { heads: 2, N: 1, epsilon: 0.1, causal: true };
  assert.is(refusal(good), undefined);
  const { N: _, ...missing } = good;
  for (const [given, message, attribute] of [
    [missing, 'CemOp takes the attributes heads, N, epsilon, causal, got heads, epsilon, causal', 'N'],
    [
      { ...good, window: 3 },
      'CemOp takes the attributes heads, N, epsilon, causal, got heads, N, epsilon, causal, window',
      'window',
    ],
    [{ ...good, causal: 1 }, 'CemOp: the attribute causal is of kind bool, got 1', 'causal'],
    [{ ...good, heads: false }, 'CemOp: the attribute heads is of kind int, got false', 'heads'],
  ] as const) {
    const error = refusal(given);
    assert.is(error?.code, 'COMPILED_KERNEL');
    assert.is(error?.message, message);
    assert.is(error?.details['attribute'], attribute);
  }
});

test.run();

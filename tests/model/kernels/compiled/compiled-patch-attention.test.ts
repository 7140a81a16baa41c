import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../../model/backend/index.ts';
import { compiledKernels } from '../../../../model/kernels/compiled/compiled-kernels.ts';
import { compiledPatchAttention } from '../../../../model/kernels/compiled/compiled-patch-attention.ts';
import {
  attendBlocks,
  attendRuns,
  composedBlocks,
  composedRuns,
  type PatchOperands,
} from '../../../../model/layers/patch-attention.ts';
import { patchSegments } from '../../../../model/layers/segments.ts';
import { testBackend } from '../../../backend.ts';
import { checkGradients } from '../../gradient-check.ts';
import { randomValues } from '../../tiny-model.ts';

const test = suite('model/kernels/compiled-patch-attention');
let available = false;

test.before(async () => {
  await testBackend();
  available = compiledKernels()?.has('CemPatchAttention') ?? false;
  if (!available)
    console.log('tests/model/kernels/compiled/compiled-patch-attention.test.ts: skipped, this backend has no compiled kernels');
});

interface Case {
  readonly what: string;
  readonly batch: number;
  readonly symbols: number;
  /** Patches a row. */
  readonly patches: number;
  readonly queries: number;
  readonly heads: number;
  readonly width: number;
  /** A row's members: 1 or 0 for patches of one size, else numbers of patches. */
  readonly members: (row: number, symbol: number) => number;
}

const blocks: readonly Case[] = [
  { what: 'all real', batch: 2, symbols: 24, patches: 6, queries: 2, heads: 2, width: 16, members: () => 1 },
  {
    what: 'padding',
    batch: 2,
    symbols: 24,
    patches: 3,
    queries: 3,
    heads: 3,
    width: 5,
    members: (row, symbol) => (symbol < 24 - 11 * row ? 1 : 0),
  },
  {
    what: 'several tasks a row',
    batch: 1,
    symbols: 800,
    patches: 100,
    queries: 1,
    heads: 1,
    width: 40,
    members: (_, symbol) => (symbol < 701 ? 1 : 0),
  },
  {
    what: 'patches across the borders of tasks',
    batch: 1,
    symbols: 600,
    patches: 3,
    queries: 2,
    heads: 1,
    width: 4,
    members: () => 1,
  },
];

/** Runs of 1, 2, …, 9, 1, 2, … symbols. */
function runOf(symbol: number): number {
  const [period, within] = [Math.floor(symbol / 45), symbol % 45];
  return period * 9 + Math.floor((Math.sqrt(8 * within + 1) - 1) / 2);
}

const runs: readonly Case[] = [
  { what: 'runs', batch: 2, symbols: 40, patches: 9, queries: 2, heads: 2, width: 16, members: (_, symbol) => runOf(symbol) },
  {
    what: 'padding and patches without a symbol',
    batch: 3,
    symbols: 30,
    patches: 9,
    queries: 2,
    heads: 3,
    width: 6,
    members: (row, symbol) => (symbol < 30 - 15 * row ? runOf(symbol) : -1),
  },
  {
    what: 'several tasks a row',
    batch: 1,
    symbols: 700,
    patches: 160,
    queries: 1,
    heads: 1,
    width: 32,
    members: (_, symbol) => (symbol < 650 ? runOf(symbol) : -1),
  },
  {
    what: 'one patch over several tasks',
    batch: 1,
    symbols: 700,
    patches: 2,
    queries: 1,
    heads: 2,
    width: 4,
    members: (_, symbol) => (symbol < 3 ? 0 : 1),
  },
];

function operandsOf({ what, batch, symbols, patches, queries, heads, width }: Case): tf.Tensor[] {
  const made = (name: string, ...shape: number[]) =>
    tf.mul(tf.tensor(randomValues(tf.util.sizeFromShape(shape), `${what}/${name}`), shape), 2);
  const [asking, asked] = [
    [batch * patches, queries, heads * width],
    [batch, symbols, heads * width],
  ] as const;
  return [made('query', ...asking), made('key', ...asked), made('value', ...asked), made('weight', ...asking)];
}

function membersOf({ batch, symbols, members }: Case): tf.Tensor2D {
  const values = Array.from({ length: batch }, (_, row) => Array.from({ length: symbols }, (__, symbol) => members(row, symbol)));
  return tf.tensor2d(values, [batch, symbols]);
}

type Attention = (operands: PatchOperands) => tf.Tensor;

/** Output and gradients, weighted: zero where `occupied` [batch * patches] is. */
function outputAndGradients(one: Case, occupied: tf.Tensor, attend: Attention): tf.Tensor[] {
  return tf.tidy(() => {
    const [query, key, value, weight] = operandsOf(one) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const share = tf.mul(weight, occupied.reshape([-1, 1, 1]));
    const run = (...[q, k, v]: tf.Tensor[]) => tf.tidy(() => attend({ query: q!, key: k!, value: v! }));
    const gradients = tf.grads((...tensors) => tf.sum(tf.mul(run(...tensors), share)))([query, key, value]);
    return [tf.mul(run(query, key, value), occupied.reshape([-1, 1, 1])), ...gradients];
  });
}

async function compare(one: Case, occupied: tf.Tensor, compiled: Attention, twin: Attention): Promise<void> {
  const before = tf.memory().numTensors;
  const [ours, twins] = [compiled, twin].map((attend) => outputAndGradients(one, occupied, attend)) as [tf.Tensor[], tf.Tensor[]];
  for (const [index, name] of ['output', 'query', 'key', 'value'].entries()) {
    const [got, expected] = [await ours[index]!.data(), await twins[index]!.data()];
    // Numbers reach 10; sums have some ten terms, and some hundred in patches of 200 symbols.
    for (const [place, number] of expected.entries())
      if (!(Math.abs(number - got[place]!) < 2e-5)) assert.unreachable(`${name}: ${got[place]} for ${number}`);
  }
  tf.dispose([...ours, ...twins]);
  assert.is(tf.memory().numTensors, before, 'tensors left');
}

for (const one of blocks) {
  test(`patches of one size equal the slow twin, gradients too: ${one.what}`, async () => {
    if (!available) return;
    const mask = membersOf(one);
    const size = one.symbols / one.patches;
    const occupied = tf.max(mask.reshape([-1, size]), 1);
    await compare(
      one,
      occupied,
      (operands) => attendBlocks(operands, mask, one.heads, size),
      (operands) => composedBlocks(operands, mask, one.heads, size),
    );
    tf.dispose([mask, occupied]);
  });
}

for (const one of runs) {
  test(`runs equal the slow twin, gradients too: ${one.what}`, async () => {
    if (!available) return;
    const ids = tf.cast(membersOf(one), 'int32') as tf.Tensor2D;
    const all = tf.ones([one.batch * one.patches]);
    const segmentsOf = () => patchSegments(ids, one.patches, one.symbols);
    await compare(
      one,
      all,
      (operands) => attendRuns(operands, ids, segmentsOf(), one.heads),
      (operands) => composedRuns(operands, segmentsOf(), one.heads),
    );
    tf.dispose([ids, all]);
  });
}

test('gradients equal central differences', async () => {
  if (!available) return;
  const one = runs[1]!;
  const variables = operandsOf(one)
    .slice(0, 3)
    .map((tensor, index) => ({
      name: ['query', 'key', 'value'][index]!,
      shape: tensor.shape,
      values: tensor.dataSync() as Float32Array,
    }));
  await checkGradients('patch attention', variables, ([query, key, value]) => {
    const ids = tf.cast(membersOf(one), 'int32') as tf.Tensor2D;
    return attendRuns({ query: query!, key: key!, value: value! }, ids, patchSegments(ids, one.patches, one.symbols), one.heads);
  });
});

test('what does not fit is refused by the op', () => {
  if (!available) return;
  const [query, key, members] = [tf.zeros([6, 2, 4]), tf.zeros([2, 9, 4]), tf.zeros([2, 9])] as [
    tf.Tensor3D,
    tf.Tensor3D,
    tf.Tensor2D,
  ];
  const attempts: [readonly tf.Tensor[], number, number][] = [
    [[query, key, key, members], 3, 3],
    [[query, key, key, members], 2, 4],
    [[tf.zeros([5, 2, 4]), key, key, members], 2, 3],
    [[query, key, tf.zeros([2, 9, 8]), members], 2, 3],
    [[query, key, key, tf.zeros([9, 2])], 2, 3],
  ];
  for (const [inputs, heads, patchSize] of attempts) {
    assert.throws(
      () => compiledKernels()!.run('CemPatchAttention', { heads, patch_size: patchSize }, inputs, 1),
      (error: { code?: string }) => error.code === 'COMPILED_KERNEL',
    );
  }
  assert.is(compiledPatchAttention(query, key, tf.zeros([2, 9, 8]), members, 2), undefined);
});

test.run();

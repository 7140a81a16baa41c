import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Part, stages } from '../../bench/gpu/parts.ts';
import { findingsOf, formatCheck, stepRows } from '../../bench/gpu/report.ts';
import { type PartResult, readTestSums, runPart } from '../../bench/gpu/run-part.ts';
import { peerSizes, stepArguments, stepShapes } from '../../bench/gpu/sizes.ts';

const test = suite('the check of a GPU');

/** A part that runs a line of JavaScript. */
function part(program: string, more: Partial<Part> = {}): Part {
  return { name: 'a part', command: process.execPath, args: ['-e', program], seconds: 60, ...more };
}

test('a part gives the objects that it prints, each at once, with its facts; other lines are passed over', async () => {
  const seen: unknown[] = [];
  const program = `console.log('loading'); console.log('{"a": 1}'); console.log('{half'); process.stdout.write('{"a": 2}')`;
  const { status, lines, said } = await runPart(part(program, { facts: { what: 'step' } }), 60, (line) => seen.push(line));
  assert.is(status, 'done');
  assert.equal(lines, [
    { what: 'step', a: 1 },
    { what: 'step', a: 2 },
  ]);
  assert.equal(seen, lines);
  assert.is(said, undefined);
});

test('a part that fails keeps what it found before, and says why', async () => {
  const failed = await runPart(part(`console.log('{"a": 1}'); throw new Error('no device')`), 60, () => undefined);
  assert.equal([failed.status, failed.lines], ['failed', [{ a: 1 }]]);
  assert.match(failed.said!, 'no device');
  const missing = await runPart(part('', { command: '/no/such/program' }), 60, () => undefined);
  assert.is(missing.status, 'failed');
  assert.match(missing.said!, 'ENOENT');
});

test('a part that takes too long is stopped with what it started', async () => {
  // The child would hold the pipe open until it ends.
  const program = `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600000)'], { stdio: 'inherit' }); console.log('{"a": 1}'); setTimeout(() => {}, 600000)`;
  const late = await runPart(part(program), 3, () => undefined);
  assert.is(late.status, 'time limit');
});

test('sums of the runner of tests, with its colours', () => {
  const output = '  FAIL  model/a.test.ts: one\n\n  Total:     12\n  Passed:    \u001b[32m11\u001b[39m\n  Skipped:   1\n';
  assert.equal(readTestSums(output), { total: 12, passed: 11, skipped: 1, failures: ['model/a.test.ts: one'] });
});

const result = (lines: readonly Record<string, unknown>[], more: Partial<PartResult> = {}): PartResult => ({
  name: 'part',
  status: 'done',
  seconds: 1,
  lines,
  ...more,
});
const ours = (shape: string, dtype: string, secondsPerStep: number) => ({
  what: 'step',
  side: 'ours',
  shape,
  dtype,
  secondsPerStep,
});
const peer = (encoder: string, compile: string, dtype: string, secondsPerStep: number) => ({
  what: 'step',
  side: 'peer',
  encoder,
  compile,
  dtype,
  secondsPerStep,
  batch: 8,
});

test('a step is held against the fastest peer of its shape and precision', () => {
  const results = [
    result([ours('base, batch 8', 'bf16', 0.006)]),
    result([peer('plain', 'none', 'bf16', 0.012), peer('plain', 'reduce-overhead', 'bf16', 0.008)]),
    result([peer('transformers', 'none', 'float32', 0.02), { what: 'step', side: 'peer', batch: 8, error: 'no' }]),
  ];
  const rows = stepRows(results, () => 'base, batch 8');
  assert.equal(
    rows.map(({ dtype, ours: own, ratio, peers }) => [dtype, own, ratio, [...peers.keys()]]),
    [
      ['bf16', 0.006, 0.75, ['plain', 'plain, reduce-overhead']],
      ['float32', undefined, undefined, ['transformers']],
    ],
  );
});

test('retention is held against the same training on a processor, suites against none failing', () => {
  const training = (backend: string, retention: number) => ({
    what: 'training',
    backend,
    dtype: 'float32',
    steps: 200,
    retention,
  });
  const suites = { what: 'suites', total: 9, passed: 9, failures: [] };
  const holds = (lines: readonly Record<string, unknown>[]) => findingsOf([result(lines)]).map((finding) => finding.holds);
  assert.equal(holds([training('xla', 0.76), training('wasm', 0.78), suites]), [true, true]);
  assert.equal(holds([training('xla', 0.74), training('wasm', 0.78), { ...suites, passed: 8 }]), [false, false]);
  assert.equal(holds([training('xla', 0.76), { ...suites, failures: ['a'] }]), [false]);
});

test('the text has the parts, the figures and what went wrong', () => {
  const text = formatCheck(
    [result([ours('base, batch 8', 'bf16', 0.006)]), result([], { name: 'peer', status: 'failed', said: 'no torch' })],
    ['heading'],
    () => undefined,
  );
  for (const piece of ['heading', 'part  done', '6.000', '--- peer: failed\nno torch'])
    assert.ok(text.includes(piece), `${piece} in ${text}`);
});

test('sizes are arguments of both sides; all parts fit into the time, what matters most comes first', () => {
  const [small, large] = stepShapes(false).base;
  assert.equal([small!.sizes['batch'], large!.sizes['batch']], [8, 64]);
  assert.equal(stepArguments({ 'dim-global': 768, batch: 8 }), ['--dim-global', '768', '--batch', '8']);
  assert.is(peerSizes({ 'dim-global': 768, batch: 8 }), '{"dim_global":768,"batch":8}');
  const all = stages({ quick: false, patience: 1, python: 'python3', scratch: '/tmp', seconds: 540 });
  assert.ok(all.reduce((sum, { seconds }) => sum + seconds, 0) <= 540.001);
  assert.equal(
    all.map(({ parts }) => parts[0]!.name),
    [
      'devices',
      'step: base, batch 8, bf16, ours',
      'suites',
      'steps: base, batch 8; PyTorch, plain, compiled (default, reduce-overhead)',
    ],
  );
});

test.run();

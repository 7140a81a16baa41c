import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../../base/random.ts';
import { KernelMemory } from '../../../../model/kernels/kernel-memory.ts';
import { RowThreads } from '../../../../model/kernels/rows/row-threads.ts';

const test = suite('model/kernels/row-threads');
const DIMENSION = 16;
const ROWS = 50;
let threads: RowThreads;

test.before(async () => {
  threads = new RowThreads(2);
  for (let tries = 0; !threads.ready && tries < 500; tries++) await sleep(10);
  assert.ok(threads.ready, 'threads begin within 5 s');
});
test.after(() => threads.close());

function randomFloats(memory: KernelMemory, length: number, random: RandomNumbers): Float32Array {
  const values = memory.allocate(length);
  random.fillTruncatedNormal(values, 1);
  return values;
}

/** Adam over rows 0, 2, 4, …, called with the parts that `cut` makes of them; weights and both moments. */
function adam(cut: (touched: number) => readonly (readonly [number, number])[], run: 'here' | 'threads'): Float32Array[] {
  const memory = new KernelMemory();
  const random = new RandomNumbers(3, 'rows');
  const arrays = [0, 1, 2].map(() => randomFloats(memory, ROWS * DIMENSION, random));
  arrays[2]!.forEach((value, index, all) => {
    all[index] = value * value;
  });
  const touched = ROWS / 2;
  const gradients = randomFloats(memory, touched * DIMENSION, random);
  const rows = memory.place(Int32Array.from({ length: touched }, (_, index) => 2 * index));
  const numbers = [DIMENSION, 0.01, 0.9, 0.999, 1.5, 1e-8, 0.5];
  const lists = cut(touched).map(([from, to]) => [
    ...arrays.map(({ byteOffset }) => byteOffset),
    rows + 4 * from,
    gradients.byteOffset + 4 * from * DIMENSION,
    to - from,
    ...numbers,
  ]);
  if (run === 'threads') assert.ok(threads.run(memory, 'adamRows', lists));
  else for (const list of lists) (memory.kernels.adamRows as (...values: number[]) => number)(...list);
  return arrays.map((values) => values.slice());
}

test('Adam in parts on three threads gives the bytes of one call, also over a second memory', () => {
  const whole = adam((touched) => [[0, touched]], 'here');
  for (const ends of [
    [10, 15, 25],
    [1, 24, 25],
    [25, 25, 25],
  ])
    assert.equal(
      adam(() => ends.map((end, index) => [ends[index - 1] ?? 0, end] as const), 'threads'),
      whole,
      `cut at ${ends}`,
    );
});

test('fewer parts than threads', () => {
  assert.equal(
    adam(
      () => [
        [0, 20],
        [20, 25],
      ],
      'threads',
    ),
    adam((touched) => [[0, touched]], 'here'),
  );
});

test('a thread that traps says so, and works on', () => {
  const memory = new KernelMemory();
  const outside = 2 ** 31;
  const nothing = [memory.place(new Int32Array(1)), 0, 0, 0, 0, 0, DIMENSION, 0, 0, 0, 0, 0, 0];
  const trap = [outside, outside, outside, outside, outside, 1, DIMENSION, 0, 0, 0, 0, 0, 0];
  assert.not(threads.run(memory, 'adamRows', [nothing, trap]));
  assert.ok(threads.run(memory, 'adamRows', [nothing, nothing]));
});

test('waiting threads do not keep a process alive', () => {
  const program = `import { RowThreads } from './model/kernels/rows/row-threads.ts'; new RowThreads(2); setTimeout(() => console.log('over'), 300);`;
  const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.is(status, 0);
  assert.is(stdout, 'over\n');
});

test.run();

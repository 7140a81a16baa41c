import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { keepsFreedMemory } from '../../../model/backend/freed-memory.ts';
import { selectBackend, tf } from '../../../model/backend/index.ts';
import { RegionAllocator } from '../../../training/plan/region-allocator.ts';
import { testBackend } from '../../backend.ts';

const test = suite('plan: regions of an allocator that gives nothing back');
const MIB = 2 ** 20;

test('regions double; free neighbours become one piece', () => {
  const regions = new RegionAllocator();
  const first = regions.allocate(MIB);
  const second = regions.allocate(MIB);
  assert.is(regions.touched, 2 * MIB, 'the first region has 2 MiB');
  regions.allocate(3 * MIB);
  assert.is(regions.touched, 5 * MIB, '3 of the next 4');
  assert.is(regions.spare, 0);
  first();
  second();
  regions.allocate(2 * MIB);
  assert.is(regions.touched, 5 * MIB, 'where both were');
  regions.allocate(2 * MIB);
  assert.is(regions.touched, 7 * MIB, 'the last MiB of the second region is too small');
});

test('sizes are multiples of 256 bytes; a region is as large as what is put into it', () => {
  const regions = new RegionAllocator();
  regions.allocate(1);
  regions.allocate(257);
  assert.is(regions.touched, 256 + 512);
  regions.allocate(100 * MIB);
  assert.is(regions.touched, 768 + 100 * MIB);
  // In a region of 128 MiB, whose rest is no piece of its own. So is the next one: the last was as large for its tensor alone.
  regions.allocate(20 * MIB);
  assert.is(regions.touched, 768 + 120 * MIB);
  // One of 256 MiB for the first, and what the 20 MiB left for the second.
  regions.allocate(200 * MIB);
  regions.allocate(50 * MIB);
  assert.is(regions.touched, 768 + 370 * MIB);
});

test('a piece is given whole unless a rest as large as what is asked for, or of 128 MiB, is left', () => {
  const regions = new RegionAllocator();
  const piece = regions.allocate(MIB);
  regions.allocate(MIB);
  piece();
  // 1 MiB is split for a half, not for three quarters.
  const most = regions.allocate(0.75 * MIB);
  regions.allocate(0.25 * MIB);
  assert.is(regions.touched, 2.25 * MIB, 'in a second region');
  most();
  regions.allocate(0.5 * MIB);
  regions.allocate(0.5 * MIB);
  assert.is(regions.touched, 2.25 * MIB);
  const large = new RegionAllocator();
  large.allocate(300 * MIB);
  // Of 512 MiB a rest of 212 is split off.
  large.allocate(200 * MIB);
  assert.is(large.touched, 500 * MIB);
});

test('more is never touched than regions are large, nor less than was ever in use; a second round of the same finds room', () => {
  const regions = new RegionAllocator();
  const random = new RandomNumbers(1, 'sizes');
  const sizes = Array.from({ length: 400 }, () => 1 + random.integer(4 * MIB));
  let touched = 0;
  for (const round of [1, 2]) {
    const inUse: { size: number; free: () => void }[] = [];
    let used = 0;
    let most = 0;
    for (const [index, size] of sizes.entries()) {
      inUse.push({ size, free: regions.allocate(size) });
      used += size;
      most = Math.max(most, used);
      if (index % 3 === 0) {
        const [gone] = inUse.splice((7 * index) % inUse.length, 1);
        gone!.free();
        used -= gone!.size;
      }
    }
    // Each size is up to 255 bytes smaller than the room for it.
    assert.ok(regions.touched - regions.spare - most < 256 * sizes.length && regions.spare > 0, `${regions.spare}`);
    for (const { free } of inUse) free();
    if (round === 1) touched = regions.touched;
    else assert.ok(regions.touched <= 1.2 * touched, `${touched}, then ${regions.touched}`);
  }
  // All is free, and each region one piece again: the largest has more than a quarter of all.
  regions.allocate(touched / 4);
  assert.ok(regions.touched <= 1.25 * touched);
});

test('tensorflow on a processor keeps what is freed, unless it has no oneDNN or the system has the memory', async () => {
  await tf.setBackend('cpu');
  assert.not(keepsFreedMemory());
  if (!(await selectBackend('tensorflow').catch(() => undefined))) {
    console.log('skipped: the tensorflow backend does not work here');
    return;
  }
  const before = { ...process.env };
  const kept = (changes: Record<string, string>) => {
    Object.assign(process.env, changes);
    const answer = keepsFreedMemory();
    for (const name of Object.keys(changes)) delete process.env[name];
    Object.assign(process.env, before);
    return answer;
  };
  assert.equal(
    [
      { TF_ENABLE_ONEDNN_OPTS: '1', TF_ONEDNN_USE_SYSTEM_ALLOCATOR: '0' },
      { TF_ENABLE_ONEDNN_OPTS: '1', TF_ONEDNN_USE_SYSTEM_ALLOCATOR: 'True' },
      { TF_ENABLE_ONEDNN_OPTS: 'false' },
    ].map(kept),
    [true, false, false],
  );
});

test('large arrays are copied to tensorflow when they are written, and JavaScript has them back', async () => {
  if (!(await selectBackend('tensorflow').catch(() => undefined))) {
    console.log('skipped: the tensorflow backend does not work here');
    return;
  }
  const COUNT = 4 * MIB;
  const held: tf.Tensor[] = [];
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < 20; index++) held.push(tf.tensor1d(new Float32Array(COUNT).fill(index)));
  // Nobody has read them yet: by themselves all 20 arrays of 16 MiB would be kept.
  const { arrayBuffers } = process.memoryUsage();
  assert.ok(arrayBuffers - before < 10 * 4 * COUNT, `${arrayBuffers - before} bytes`);
  assert.equal(
    held.map((tensor) => tf.tidy(() => tensor.sum().dataSync()[0])),
    held.map((_, index) => index * COUNT),
  );
  const flags = tf.tensor1d(new Uint8Array(2 * MIB).fill(1), 'bool');
  const whole = tf.tensor1d(new Int32Array(MIB).fill(3), 'int32');
  assert.equal([(await flags.data()).length, (await whole.data())[MIB - 1]], [2 * MIB, 3]);
  tf.dispose([...held, flags, whole]);
  await testBackend();
});

test.run();

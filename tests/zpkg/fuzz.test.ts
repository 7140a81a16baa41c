import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { repairChecksums } from '../../scripts/fuzz/repair-checksums.ts';
import { runFuzz } from '../../scripts/fuzz/supervise.ts';
import { makeZpkgCase } from '../../scripts/fuzz/zpkg-cases.ts';
import { checkContainer, checkFrame, type Decoders, Finding, ownDecoders } from '../../scripts/fuzz/zpkg-check.ts';
import { makeZpkgSamples } from '../../scripts/fuzz/zpkg-samples.ts';

const test = suite('fuzzing zpkg');
const root = fileURLToPath(new URL('../..', import.meta.url));
const samples = await makeZpkgSamples();

test('20,000 changed containers and frames: the right bytes or an error of ours', async () => {
  const { findings, counts } = await runFuzz({ seed: 1, count: 20_000 });
  assert.equal(findings, []);
  assert.is(counts.refused + counts.accepted + counts.parserOnly + counts.programOnly, 20_000);
  // Changes that nothing can notice (in a literal behind repaired checksums) keep some inputs readable: else the deep checks would not be reached.
  assert.ok(counts.accepted > 500, JSON.stringify(counts));
});

test('a seed and a number give the same input again', async () => {
  const again = await makeZpkgSamples();
  for (let number = 0; number < 200; number++)
    assert.equal(makeZpkgCase(samples, 5, number).bytes, makeZpkgCase(again, 5, number).bytes);
  assert.not.equal(makeZpkgCase(samples, 5, 8).bytes, makeZpkgCase(samples, 6, 8).bytes);
});

test('checksums of an unchanged container are repaired to what they are', () => {
  for (const { bytes } of samples.containers) {
    const broken = Buffer.from(bytes);
    broken.fill(0xee, 28, 32);
    broken.fill(0xee, bytes.length - 4);
    assert.equal(repairChecksums(broken), Buffer.from(bytes));
  }
});

const { frame, dictionary } = samples.frames.find((sample) => sample.frame.length > 200)!;

function findingOf(decoders: Partial<Decoders>): string {
  try {
    checkFrame({ bytes: frame, dictionary }, { ...ownDecoders, ...decoders });
  } catch (error) {
    assert.instance(error, Finding);
    return (error as Finding).message;
  }
  return 'none';
}

test('decoders that are wrong are found out', async () => {
  assert.is(findingOf({}), 'none');
  const wrongBytes = findingOf({
    parse: (bytes, read) => {
      const symbols = ownDecoders.parse(bytes, read);
      symbols.literals[0]! ^= 1;
      return symbols;
    },
  });
  assert.match(wrongBytes, /other bytes than zstd gives/);
  const foreign = findingOf({
    parse: () => {
      throw new RangeError('Offset is outside the bounds of the DataView');
    },
  });
  assert.match(foreign, /parseFrame threw RangeError/);
  const folder = await mkdtemp(join(tmpdir(), 'cem-fuzz-test-'));
  try {
    const original = samples.containers[2]!;
    const decompressor: Decoders['decompressor'] = () => ({ decompress: () => Uint8Array.of(1) });
    await checkContainer({ bytes: original.bytes, original }, join(folder, 'a.zpkg'), { ...ownDecoders, decompressor });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, Finding, String(error));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('an allocation is seen even when it is freed at once', () => {
  const source = `import { watchAllocations } from './scripts/fuzz/allocation-watch.ts';
    const watch = watchAllocations();
    new Uint8Array(10_000_000); Uint32Array.from([1, 2]); new Uint8Array(new ArrayBuffer(8));
    console.log([watch.takeLargest(), watch.takeLargest(), new Uint8Array(3) instanceof Uint8Array, Buffer.from('ab').toString()].join(' '));
    new Float64Array(1000); Buffer.allocUnsafeSlow(9000);
    console.log(String(watch.takeLargest()));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.is(stdout, '10000000 0 true ab\n9000\n', stderr);
});

test('a case that crashes the process or hangs is named, and the cases behind it run', async () => {
  const program = fileURLToPath(new URL('./fuzz-trouble.ts', import.meta.url));
  const { findings } = await runFuzz({ seed: 1, count: 8, program, hangMs: 700 });
  assert.equal(
    findings.map(({ number }) => number),
    [3, 5],
  );
  assert.match(findings[0]!.finding, /SIGSEGV/);
  assert.match(findings[1]!.finding, /hangs/);
});

test('the command: reports, and refuses what it does not know', () => {
  const run = (...words: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'scripts/fuzz.ts', ...words], { cwd: root, encoding: 'utf8' });
  const { status, stdout } = run('zpkg', '--count', '40', '--seed', '3');
  assert.is(status, 0);
  assert.match(stdout, /40 cases of seed 3 in [\d.]+ s \(\d+\/s\)/);
  assert.match(stdout, /0 findings/);
  assert.is(run('frames').status, 2);
  assert.is(run('zpkg', '--count', 'many').status, 2);
});

test.run();

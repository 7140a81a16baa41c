import { spawnSync } from 'node:child_process';
import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheFolder } from '../../base/index.ts';
import type { StepCosts } from '../../bench/cases/step-clock.ts';
import { restoreBackend } from '../backend.ts';
import { withTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { xlaAtHand } from '../model/backend/xla/xla-at-hand.ts';

const test = suite('what a step on xla costs beside its program');
test.after(async () => {
  await restoreBackend();
});

const PROGRAM = fileURLToPath(new URL('../../bench/cases/train-step.ts', import.meta.url));
/** A model whose program is small, with one shape of batches: each table has no more rows than a step touches. */
const TINY =
  '--batch 2 --bytes 32 --dim-local 16 --heads-local 2 --dim-global 32 --layers-global 1 --heads-global 2 --hash-rows 64 --hash-sizes 3,4 --out-dim 16';
const STEPS = 1000;
/** JavaScript's own processor time a step, in milliseconds (docs/backends.md). */
const OWN_BAR = 2;

function run(cache: string, steps: number): StepCosts {
  const words = [...TINY.split(' '), '--backend', 'xla', '--warmup', '20', '--steps', String(steps)];
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', PROGRAM, ...words], {
    encoding: 'utf8',
    env: { ...process.env, CEM_CACHE: cache },
  });
  assert.is(status, 0, stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as StepCosts;
}

test(`${STEPS} steps leave no tensor behind and compile nothing; a second process begins with the programs of the first`, () =>
  withTemporaryFolder(async (cache) => {
    if (!(await xlaAtHand())) return;
    await symlink(join(cacheFolder(), 'native'), join(cache, 'native'));
    const first = run(cache, STEPS);
    const programs = await readdir(join(cache, 'xla-programs'));
    const second = run(cache, 2);
    const shown = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;
    console.log(
      `processor time: ${first.ownMilliseconds?.toFixed(2)} ms of JavaScript a step, ${first.criticalMilliseconds?.toFixed(2)} ms of it while the device waits, and ${first.callMilliseconds?.toFixed(2)} ms in calls of programs; ${first.processorMilliseconds.toFixed(2)} ms in all; ${first.tensorsLeaked} tensors left and ${first.compilations} programs made in ${STEPS} steps; first step ${shown(first.firstStepMilliseconds)}, in a second process ${shown(second.firstStepMilliseconds)}`,
    );
    assert.is(first.tensorsLeaked, 0);
    assert.is(first.compilations, 0, 'after the warm-up');
    assert.ok((first.ownMilliseconds ?? 0) < OWN_BAR, `${first.ownMilliseconds}`);
    assert.equal(await readdir(join(cache, 'xla-programs')), programs, 'the second compiled nothing');
  }));

test.run();

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCheckpointState } from '../../checkpoints/index.ts';
import { encodeCommand } from '../../cli/commands/encode.ts';
import { checkpointOrDefault, defaultCheckpoint } from '../../recipes/shared/default-checkpoint.ts';
import { errorOf, withTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { runCommand } from './run-command.ts';
import { TOPICS, withSmallRun } from './small-run.ts';

const test = suite('default checkpoint');

async function withDefault(checkpoint: string, action: () => Promise<void>): Promise<void> {
  const before = process.env['CEM_CHECKPOINT'];
  process.env['CEM_CHECKPOINT'] = checkpoint;
  try {
    await action();
  } finally {
    if (before === undefined) delete process.env['CEM_CHECKPOINT'];
    else process.env['CEM_CHECKPOINT'] = before;
  }
}

test('the one that is named, then that of the environment, then that of the package; none is refused', () =>
  withTemporaryFolder(async (folder) => {
    const roots = [join(folder, 'nowhere'), folder];
    await withDefault('', async () => {
      const error = await errorOf(async () => checkpointOrDefault(undefined, roots));
      assert.is(error.code, 'CHECKPOINT_NEEDED');
      assert.match(error.message, '--checkpoint');
      const shipped = join(folder, 'checkpoints', 'cem-small-en');
      await mkdir(shipped, { recursive: true });
      // A folder alone is no checkpoint.
      assert.is(defaultCheckpoint(roots), undefined);
      await writeFile(join(shipped, 'state.json'), '{}');
      assert.is(defaultCheckpoint(roots), shipped);
      assert.is(checkpointOrDefault('runs/own', roots), 'runs/own');
    });
    await withDefault('runs/other', async () => assert.is(defaultCheckpoint(roots), 'runs/other'));
  }));

test('encode uses it where no other is named', () =>
  withSmallRun(async ({ folder, run, zpkg }) => {
    const { contentHash } = await readCheckpointState(join(run, 'checkpoints', '1'));
    const words = ['encode', '--encoder', 'student', '--zpkg', zpkg, '--output', join(folder, 'student.npy'), '--json'];
    await withDefault(run, async () => {
      const { encoder, documents } = JSON.parse(await runCommand(encodeCommand, words));
      assert.equal([encoder.revision, documents.documents], [contentHash, 2 * TOPICS.length]);
    });
    await withDefault(join(folder, 'absent'), async () => {
      assert.is((await errorOf(() => runCommand(encodeCommand, words))).code, 'CHECKPOINT_MISSING');
    });
  }));

test.run();

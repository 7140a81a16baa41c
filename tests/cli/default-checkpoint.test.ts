import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCheckpointState } from '../../checkpoints/index.ts';
import { encodeCommand } from '../../cli/commands/encode.ts';
import { checkpointForLanguage, checkpointOrDefault, defaultCheckpoint } from '../../recipes/shared/default-checkpoint.ts';
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

test('texts get the checkpoint of their language, and where there is none it is said what is taken in its place', () =>
  withTemporaryFolder(async (folder) => {
    const add = async (name: string) => {
      await mkdir(join(folder, 'checkpoints', name), { recursive: true });
      await writeFile(join(folder, 'checkpoints', name, 'state.json'), '{}');
      return join(folder, 'checkpoints', name);
    };
    const chosen = (language: string) => checkpointForLanguage(async () => ({ language }), [folder]);
    await withDefault('', async () => {
      const english = await add('cem-small-en');
      assert.equal(await chosen('en'), {
        path: english,
        note: `checkpoint: ${english}, since the texts are in English and no other is named`,
      });
      assert.equal(await chosen('und'), { path: english, note: `checkpoint: ${english}, since no other is named` });
      assert.is((await chosen('zh')).path, english);
      assert.match((await chosen('zh')).note, 'in Chinese, and checkpoints/cem-small-zh is not in this installation');
      assert.match((await chosen('de')).note, 'in German, and none for that language comes with the package');
      const chinese = await add('cem-small-zh');
      assert.is((await chosen('zh')).path, chinese);
    });
    await withDefault('runs/other', async () => {
      const unasked = async () => assert.unreachable('the environment decides') as never;
      assert.is((await checkpointForLanguage(unasked, [folder])).path, 'runs/other');
    });
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

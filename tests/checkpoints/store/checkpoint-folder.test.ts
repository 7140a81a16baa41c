import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pruneCheckpoints, readBestCheckpoint, writeBestCheckpoint } from '../../../checkpoints/index.ts';
import { findCheckpoint } from '../../../checkpoints/store/checkpoint.ts';
import { writeCheckpointFolder } from '../../../checkpoints/store/checkpoint-folder.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('the best checkpoint');

const BEST = { step: 10, 'ndcg@10': 0.5, retention: 0.75 };

/** Folders named as checkpoints: who looks for them does not look into them. */
async function makeFolders(run: string, ...steps: number[]): Promise<void> {
  for (const step of steps) await mkdir(join(run, 'checkpoints', String(step)), { recursive: true });
}

test('it is written, read, replaced and taken back', () =>
  withTemporaryFolder(async (run) => {
    assert.is(await readBestCheckpoint(run), undefined);
    await makeFolders(run, 10);
    await writeBestCheckpoint(run, { ...BEST, step: 5 });
    await writeBestCheckpoint(run, BEST);
    assert.equal(await readBestCheckpoint(run), BEST);
    assert.equal((await readdir(join(run, 'checkpoints'))).sort(), ['10', 'best']);
    await writeBestCheckpoint(run, undefined);
    assert.is(await readBestCheckpoint(run), undefined);
  }));

test('retention keeps it, however old it is', () =>
  withTemporaryFolder(async (run) => {
    await makeFolders(run, 5, 10, 15, 20, 25);
    await writeBestCheckpoint(run, BEST);
    await pruneCheckpoints(run, 1, 15);
    assert.equal((await readdir(join(run, 'checkpoints'))).sort(), ['10', '15', '25', 'best']);
  }));

test('its name stands where a checkpoint does; without one, or with a damaged one, that is said', () =>
  withTemporaryFolder(async (run) => {
    const best = join(run, 'checkpoints', 'best');
    await makeFolders(run, 10);
    const missing = await errorOf(() => findCheckpoint(best));
    assert.is(missing.code, 'CHECKPOINT_MISSING');
    await writeBestCheckpoint(run, BEST);
    const empty = await errorOf(() => findCheckpoint(best));
    assert.is(empty.code, 'CHECKPOINT_MISSING');
    assert.match(empty.message, join('checkpoints', '10'));
    await writeFile(best, '{"step": "ten"}');
    assert.is((await errorOf(() => findCheckpoint(best))).code, 'CHECKPOINT_MALFORMED');
  }));

test('what the system does not write, as on a full disk, is said with the place; nothing half is left, and what stood there stays', () =>
  withTemporaryFolder(async (run) => {
    await makeFolders(run, 10);
    const folder = join(run, 'checkpoints', '10');
    await writeFile(join(folder, 'kept'), '');
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
    const fill = async (temporary: string): Promise<void> => {
      await writeFile(join(temporary, 'half'), 'half');
      throw full;
    };
    const error = await errorOf(() => writeCheckpointFolder(folder, fill));
    assert.is(error.code, 'CHECKPOINT_WRITE');
    assert.match(error.message, `writing ${folder} failed: the disk is full`);
    assert.equal(await readdir(join(run, 'checkpoints')), ['10']);
    assert.equal(await readdir(folder), ['kept']);
    // A fault of our own is no fault of the disk's.
    const own = new TypeError('not ours to hide');
    let thrown: unknown;
    await writeCheckpointFolder(folder, () => Promise.reject(own)).catch((reason: unknown) => {
      thrown = reason;
    });
    assert.is(thrown, own);
  }));

test.run();

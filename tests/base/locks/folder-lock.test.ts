import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/errors.ts';
import { temporaryName } from '../../../base/files/temporary-name.ts';
import { lockFolder, shareFolder } from '../../../base/locks/folder-lock.ts';
import { ownStart } from '../../../base/process-life.ts';

const test = suite<{ folder: string }>('folder lock');

test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-lock-'));
});
test.after.each(async (context) => {
  await rm(context.folder, { recursive: true, force: true });
});

async function refusalOf(promise: Promise<unknown>): Promise<CemError> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, CemError);
    assert.is((error as CemError).code, 'FOLDER_LOCKED');
    assert.not.match((error as CemError).message, /\n/);
    return error as CemError;
  }
  return assert.unreachable('the lock was given twice') as never;
}

/** A process that takes the lock, says so, and keeps it. */
async function holder(folder: string, take: 'lockFolder' | 'shareFolder' = 'lockFolder'): Promise<ChildProcess> {
  const module = new URL('../../../base/locks/folder-lock.ts', import.meta.url).href;
  const script = `import(${JSON.stringify(module)}).then(({ ${take} }) => ${take}(${JSON.stringify(folder)})).then(() => { console.log('locked'); setInterval(() => {}, 1000); });`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

/** What the lock of a process that is not there looks like. */
function lockContent(values: Partial<{ pid: number; host: string; started: string }>): string {
  return JSON.stringify({
    pid: 2 ** 22 + 1,
    host: hostname(),
    started: '1',
    token: '00000000-0000-4000-8000-000000000000',
    ...values,
  });
}

test('a lock is had once, and again after its release', async ({ folder }) => {
  const lock = await lockFolder(folder);
  const refusal = await refusalOf(lockFolder(folder));
  assert.match(refusal.message, `this very process ${process.pid}`);
  await lock.release();
  await lock.release();
  const again = await lockFolder(folder);
  // The first lock's late release does not take the second one's away.
  await lock.release();
  await refusalOf(lockFolder(folder));
  await again.release();
  assert.equal(await readdir(folder), []);
});

test('who is refused a folder that is served is told where', async ({ folder }) => {
  const address = 'http://127.0.0.1:8080';
  const lock = await lockFolder(folder, { address });
  for (const refusal of [await refusalOf(lockFolder(folder)), await refusalOf(shareFolder(folder))]) {
    assert.match(
      refusal.message,
      `this very process ${process.pid}, which serves it at ${address}; ask it there, or close it there first`,
    );
    assert.is(refusal.details['address'], address);
  }
  await lock.release();
  const silent = await lockFolder(folder);
  assert.not.match((await refusalOf(lockFolder(folder))).message, 'serves');
  await silent.release();
});

test('the folder is made when it is not there', async ({ folder }) => {
  const lock = await lockFolder(join(folder, 'a', 'b'));
  assert.is(JSON.parse(await readFile(join(folder, 'a', 'b', 'lock'), 'utf8')).pid, process.pid);
  await lock.release();
});

test('another process that has it is named; when it is killed, its lock is taken over', async ({ folder }) => {
  const child = await holder(folder);
  try {
    const refusal = await refusalOf(lockFolder(folder));
    assert.match(refusal.message, `process ${child.pid}`);
    assert.is(refusal.details['pid'], child.pid);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  const lock = await lockFolder(folder);
  await lock.release();
});

// Above the largest pid that Linux gives (2^22), so no process has it.
test('of many that find a dead process lock, one gets it', async ({ folder }) => {
  for (let round = 0; round < 10; round++) {
    await writeFile(join(folder, 'lock'), lockContent({}));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
    const locks = results.filter((result) => result.status === 'fulfilled');
    assert.is(locks.length, 1);
    for (const lock of locks) await lock.value.release();
    assert.equal(await readdir(folder), []);
  }
});

test('drafts and rights of processes that were killed go with the next lock', async ({ folder }) => {
  const draft = temporaryName('lock');
  const dead = draft.replace(`.${process.pid}.`, `.${2 ** 22 + 1}.`);
  await writeFile(join(folder, dead), '');
  await writeFile(join(folder, draft), lockContent({ pid: process.pid, started: ownStart() }));
  const token = '11111111-1111-4111-8111-111111111111';
  await writeFile(join(folder, `lock.${token}`), lockContent({}));
  await writeFile(join(folder, `lock.${token}.${token}`), lockContent({}));
  const lock = await lockFolder(folder);
  assert.equal((await readdir(folder)).sort(), ['lock', draft]);
  await lock.release();
});

test('a pid that was given to another process since is not its lock', async ({ folder }) => {
  if (process.platform !== 'linux') return;
  await writeFile(join(folder, 'lock'), lockContent({ pid: process.pid, started: '1' }));
  const lock = await lockFolder(folder);
  await lock.release();
});

test('the lock of another host is never taken over, nor is a file that is no lock', async ({ folder }) => {
  await writeFile(join(folder, 'lock'), lockContent({ host: 'elsewhere.example' }));
  assert.match((await refusalOf(lockFolder(folder))).message, 'on host elsewhere.example');
  for (const content of ['', '{', '{"pid": "1"}']) {
    await writeFile(join(folder, 'lock'), content);
    assert.match((await refusalOf(lockFolder(folder))).message, `remove ${join(folder, 'lock')}`);
  }
});

test('many share a folder, and nobody has it alone meanwhile; alone, nobody shares it', async ({ folder }) => {
  const shares = [await shareFolder(folder), await shareFolder(folder)];
  const child = await holder(folder, 'shareFolder');
  try {
    const refusal = await refusalOf(lockFolder(folder));
    assert.match(refusal.message, `process ${child.pid}`);
    assert.match(refusal.message, `this very process ${process.pid}`);
    assert.match(refusal.message, 'stop those processes');
    // Refused without a trace: newcomers still share.
    shares.push(await shareFolder(folder));
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const share of shares) await share.release();
  // What the killed one left keeps nobody out.
  const lock = await lockFolder(folder);
  assert.match((await refusalOf(shareFolder(folder))).message, `is being changed by this very process ${process.pid}`);
  await lock.release();
  assert.equal(await readdir(folder), []);
});

test('a killed process that had the folder alone keeps nobody from sharing it', async ({ folder }) => {
  const child = await holder(folder);
  assert.match((await refusalOf(shareFolder(folder))).message, `is being changed by process ${child.pid}; stop that process`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const share = await shareFolder(folder);
  await share.release();
  await writeFile(join(folder, 'lock'), '{');
  assert.match((await refusalOf(shareFolder(folder))).message, `remove ${join(folder, 'lock')}`);
});

test('of those that meet, some share the folder or one has it, never both', async ({ folder }) => {
  for (let round = 0; round < 10; round++) {
    let [sharing, alone] = [0, 0];
    const check = () => assert.ok(alone === 0 || (alone === 1 && sharing === 0), `${alone} alone, ${sharing} sharing`);
    const one = async (number: number) => {
      const whole = number % 3 === round % 3;
      const lock = await (whole ? lockFolder(folder) : shareFolder(folder)).catch(() => undefined);
      if (lock === undefined) return 0;
      if (whole) alone++;
      else sharing++;
      check();
      await setTimeout(5);
      check();
      if (whole) alone--;
      else sharing--;
      await lock.release();
      return 1;
    };
    const had = await Promise.all(Array.from({ length: 9 }, (_, number) => one(number)));
    assert.ok(had.includes(1), 'somebody gets it');
    assert.equal(await readdir(folder), []);
  }
});

test.run();

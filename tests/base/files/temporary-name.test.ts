import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { removeLeftTemporaries, temporaryName } from '../../../base/files/temporary-name.ts';
import { writeFileAtomically } from '../../../base/index.ts';
import { isRunning, machineMark, ownStart } from '../../../base/process-life.ts';

const test = suite<{ folder: string }>('temporary names');

test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-temporary-'));
});
test.after.each(async ({ folder }) => {
  await rm(folder, { recursive: true });
});

/** A process that has ended. */
const gone = spawnSync(process.execPath, ['-e', '']).pid;

/** A name as another process would have given it. */
function nameOf(purpose: string, pid: number, options: { mark?: string; started?: string } = {}): string {
  const [, , , digits] = /^(.*)\.(\d+)\.([0-9a-f]{32})\.tmp$/.exec(temporaryName(purpose))!;
  const started = options.started ?? digits!.slice(8, 24);
  return `${purpose}.${pid}.${options.mark ?? digits!.slice(0, 8)}${started}${digits!.slice(24)}.tmp`;
}

test('a process is told from one that is gone, and from another that has its number since', () => {
  assert.ok(isRunning(process.pid, ownStart()));
  assert.ok(isRunning(process.pid, ''));
  assert.not(isRunning(gone, ''));
  // Above the largest number that Linux gives (2^22).
  assert.not(isRunning(2 ** 22 + 1, ''));
  if (process.platform !== 'linux') return;
  assert.not(isRunning(process.pid, `${Number(ownStart()) - 1}`));
  assert.match(machineMark(), /^[0-9a-f]{8}$/);
});

test('what a process that is gone left goes; all else stays', async ({ folder }) => {
  const left = [nameOf('.a', gone), nameOf('.a', 2 ** 22 + 1)];
  if (process.platform === 'linux') left.push(nameOf('.a', process.pid, { started: '0'.repeat(16) }));
  const staying = [
    temporaryName('.a'),
    nameOf('.a', process.ppid, { started: 'f'.repeat(16) }),
    nameOf('.a', gone, { mark: '00000000' }),
    nameOf('.b', gone),
    nameOf('.a.b', gone),
    `.a.${gone}.tmp`,
    `.a.${gone}.0a1b2c3d.tmp`,
    'a',
  ];
  for (const name of [...left, ...staying]) await writeFile(join(folder, name), 'half');
  const leftFolder = join(folder, nameOf('.a', gone));
  await mkdir(leftFolder);
  await writeFile(join(leftFolder, 'input'), 'half');
  await removeLeftTemporaries(folder, '.a');
  assert.equal((await readdir(folder)).sort(), staying.sort());
  await removeLeftTemporaries(join(folder, 'nothing'), '.a');
});

test('who writes a file removes what an earlier writer of it left', async ({ folder }) => {
  await writeFile(join(folder, nameOf('.out', gone)), 'half');
  await writeFile(join(folder, nameOf('.other', gone)), 'half');
  await writeFileAtomically(join(folder, 'out'), Buffer.from('whole'));
  assert.equal(
    (await readdir(folder)).filter((name) => !name.startsWith('.other')),
    ['out'],
  );
});

test.run();

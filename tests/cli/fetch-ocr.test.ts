import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withTemporaryFolder } from '../fixtures/temporary-folder.ts';

const test = suite('cem fetch-ocr');

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
/** Stands in for the registry's client, which takes a while. */
const PYTHON = `#!/bin/sh
echo $$ > "$STARTED.part" && mv "$STARTED.part" "$STARTED"
exec sleep 600
`;

/** Whether a process is there, and is no zombie. */
async function runs(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return state !== '' && !/\) Z /.test(state);
}

test('is stopped by a signal in the midst of a download, which ends with it; nothing is left, no lock either', () =>
  withTemporaryFolder(async (folder) => {
    const [programs, models, started] = [join(folder, 'programs'), join(folder, 'models'), join(folder, 'started')];
    await mkdir(programs);
    await writeFile(join(programs, 'python3'), PYTHON, { mode: 0o755 });
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'fetch-ocr', '--into', models], {
      env: { ...process.env, PATH: `${programs}:${process.env['PATH']}`, STARTED: started },
      stdio: 'ignore',
    });
    const exit = once(child, 'exit');
    while (!existsSync(started) && child.exitCode === null) await setTimeout(20);
    child.kill('SIGTERM');
    await exit;
    assert.is(child.signalCode, 'SIGTERM');
    assert.equal(await readdir(models), []);
    if (process.platform === 'linux') assert.not(await runs(Number(await readFile(started, 'utf8'))));
  }));

test.run();

import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dashboardCommand } from '../../cli/commands/dashboard.ts';
import { errorOf, withTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { appendMetrics, makeRun } from '../training/runs/small-metrics.ts';
import { runCommand } from './run-command.ts';

const test = suite('cem dashboard');

const dashboard = (...words: string[]) => runCommand(dashboardCommand, ['dashboard', ...words]);

/** What an action writes to standard error while it runs. */
function watchErrors(): { text(): string; stop(): void } {
  const write = process.stderr.write;
  let text = '';
  process.stderr.write = ((part: string) => {
    text += part;
    return true;
  }) as typeof write;
  return {
    text: () => text,
    stop: () => {
      process.stderr.write = write;
    },
  };
}

test('it serves until it is told to stop, also while a page is open', () =>
  withTemporaryFolder(async (folder) => {
    const run = await makeRun(folder, 'one', 20);
    await appendMetrics(run, [10]);
    const errors = watchErrors();
    try {
      const ended = dashboard(run, '--port', '0', '--json');
      const announced = () => /at (http:\S+);/.exec(errors.text())?.[1];
      for (let look = 0; look < 1000 && announced() === undefined; look++) await setTimeout(20);
      const address = announced()!;
      assert.match(address, /^http:\/\/127\.0\.0\.1:\d+$/);
      // fetch keeps its connection, as a page does.
      const { runs } = (await (await fetch(`${address}/api/runs`)).json()) as { runs: { id: string; step: number }[] };
      assert.equal([runs[0]!.id, runs[0]!.step], [run, 10]);
      process.kill(process.pid, 'SIGTERM');
      assert.equal(JSON.parse(await ended), { address, stopped_by: 'SIGTERM' });
      assert.ok(
        await fetch(address).then(
          () => false,
          () => true,
        ),
      );
    } finally {
      errors.stop();
    }
  }));

test('bad input: folders, runs, ports', () =>
  withTemporaryFolder(async (folder) => {
    const missing = join(folder, 'none');
    const noFolder = await errorOf(() => dashboard('--folder', missing));
    assert.equal([noFolder.code, noFolder.message.includes(missing)], ['RUNS_FOLDER', true]);
    await mkdir(join(folder, 'empty'));
    const noRun = await errorOf(() => dashboard(join(folder, 'empty')));
    assert.equal([noRun.code, noRun.message.includes('config.yaml')], ['RUN_MISSING', true]);
    for (const port of ['70000', '-1', '1.5', 'x'])
      assert.is((await errorOf(() => dashboard('--folder', folder, `--port=${port}`))).code, 'SERVER_PORT', port);
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const taken = await errorOf(() => dashboard('--folder', folder, '--port', String(port)));
    assert.is(taken.code, 'SERVER_ADDRESS');
    assert.match(taken.message, `127.0.0.1:${port}`);
    other.close();
  }));

test.run();

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../../cli/commands.ts';

const test = suite('commands');
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

test('the list of commands says of each what its module says', async () => {
  for (const { command, describe, load } of COMMANDS) {
    const module = await load();
    assert.equal([command, describe], [module.command, module.describe]);
  }
});

test('the help names every command, and that of one its options, in English wherever it is', async () => {
  const env = { ...process.env, LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8' };
  const help = async (...words: string[]) =>
    (await promisify(execFile)(process.execPath, ['--import', 'tsx', MAIN, ...words, '--help'], { env })).stdout;
  const all = await help();
  for (const { command } of COMMANDS) assert.match(all, `cem ${String(command)}`);
  assert.match(all, /^Options:$/m);
  assert.match(await help('search'), /--index +folder of the index/);
  assert.match(await help('teacher', 'info'), /--folder +folder of the caches/);
});

test.run();

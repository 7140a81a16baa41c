import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('cli/doctor');
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the one command alone, with `--json`, in a process of its own. */
function doctor(environment: NodeJS.ProcessEnv, ...words: string[]) {
  const source = `import yargs from 'yargs'; import { doctorCommand } from './cli/commands/doctor.ts';
    await yargs(['doctor', '--json', ...${JSON.stringify(words)}]).option('json', { type: 'boolean' }).command(doctorCommand).parseAsync();`;
  const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, CEM_DATABASE_URL: '', CEM_MODELS: '', ...environment },
  });
  assert.is(status, 0);
  const report = JSON.parse(stdout) as {
    machine: { node: string; cores: number };
    parts: { group: string; name: string; works: boolean; detail: string; advice?: string; gigaflops?: number }[];
  };
  return { machine: report.machine, part: (name: string) => report.parts.find((part) => part.name === name) };
}

test('every part is a line, and one that fails does not stop the others', () => {
  // Nothing listens on port 1 (tcpmux), and the folder does not exist.
  const { machine, part } = doctor({
    CEM_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    CEM_MODELS: '/nowhere/at/all',
    CEM_PJRT: fileURLToPath(import.meta.url),
  });
  assert.is(machine.node, process.version);
  for (const name of ['wasm', 'cpu']) {
    assert.ok(part(name)?.works, name);
    assert.ok(part(name)!.gigaflops! > 0, name);
  }
  for (const name of ['tensorflow', 'webgpu']) {
    const { works, gigaflops, advice } = part(name)!;
    assert.ok(works ? gigaflops! > 0 : advice !== undefined, name);
  }
  assert.match(part('zstd')!.detail, /^zstd 1\.\d+\.\d+: 2000 bytes -> \d+ -> the same bytes$/);
  assert.match(part('pglite')!.detail, /PostgreSQL \d+.*, pgvector \d/);
  assert.not(part('postgresql')!.works);
  assert.match(part('postgresql')!.detail, '127.0.0.1');
  assert.ok(part('transformers')?.works);
  assert.not(part('models')!.works);
  // This file is no plugin.
  assert.not(part('xla other')!.works);
  assert.match(part('xla other')!.detail, 'CEM_PJRT');
});

test('a probe that gets no answer in time says so, and what to do; it did not crash', () => {
  // No process starts within a thousandth of a second.
  const { part } = doctor({}, '--seconds', '0.001');
  for (const name of ['tensorflow', 'webgpu', 'wasm', 'cpu', 'zstd', 'pglite', 'transformers']) {
    const { works, detail, advice } = part(name)!;
    assert.not(works, name);
    assert.is(detail, 'ran out of time: no answer within 0.001 s');
    assert.match(advice!, '--seconds 1');
  }
});

test.run();

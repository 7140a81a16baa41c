import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite<{ folder: string }>('scripts/wasm-kernels');
const root = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = ['compiled-kernels-thread.wasm', 'compiled-kernels.wasm'] as const;
/** Of the compiler that made the modules that are committed. */
const COMMITTED_VERSION = 14;

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'cem-wasm-kernels-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

/** `npm run kernels:c` with other variables. */
function compile(output: string, variables: Record<string, string> = {}, ...more: string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', 'scripts/wasm-kernels.ts', '--output', output, ...more], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, ...variables },
  });
}

/** Major version of a program of LLVM, the first of some that runs; undefined where none does. */
function versionOf(candidates: readonly (string | undefined)[]): number | undefined {
  for (const candidate of candidates) {
    if (!candidate) continue;
    const { status, stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' });
    if (status === 0) return Number(/(?:version|LLD) (\d+)/.exec(stdout)?.[1]);
  }
  return undefined;
}

/** What a module has and asks for, as text. */
function interfaceOf(path: string): string {
  const module = new WebAssembly.Module(readFileSync(path));
  const names = (parts: readonly { name: string; kind: string }[]) => parts.map(({ name, kind }) => `${kind} ${name}`).sort();
  return JSON.stringify({
    exports: names(WebAssembly.Module.exports(module)),
    imports: names(WebAssembly.Module.imports(module)),
  });
}

test('compiles the modules that are committed', ({ folder }) => {
  const { CLANG, WASM_LD } = process.env;
  const compiler = versionOf([CLANG, 'clang', 'clang-14']) ?? 0;
  const linker = versionOf([WASM_LD, 'wasm-ld', 'wasm-ld-14']) ?? 0;
  if (compiler < COMMITTED_VERSION || linker < COMMITTED_VERSION) {
    console.log(`tests/scripts/wasm-kernels.test.ts: skipped, there is no clang and wasm-ld ${COMMITTED_VERSION} or later here`);
    return;
  }
  const output = join(folder, 'made');
  const { status, stdout, stderr } = compile(output);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^kernels: compiled from sources [0-9a-f]{32}\n$/);
  assert.equal(readdirSync(output).sort(), [...MODULES]);
  for (const name of MODULES) {
    const [made, committed] = [join(output, name), join(root, 'model/kernels/wasm', name)] as const;
    assert.is(interfaceOf(made), interfaceOf(committed), name);
    if (compiler === COMMITTED_VERSION && linker === COMMITTED_VERSION)
      assert.ok(
        readFileSync(made).equals(readFileSync(committed)),
        `${name} is not what its sources make: run \`npm run kernels:c\``,
      );
  }
});

test('says what is missing, and makes nothing', ({ folder }) => {
  const output = join(folder, 'made');
  const missing = { PATH: '/no/such/folder', CLANG: '', WASM_LD: '' };
  const nothing = compile(output, missing);
  assert.is(nothing.status, 1);
  assert.match(nothing.stderr, /^kernels: there is no clang here: .*apt-get install clang lld.* \[WASM_COMPILER\]\n$/);
  // A compiler that runs, and compiles nothing.
  const compiler = join(folder, 'compiler');
  writeFileSync(compiler, '#!/bin/sh\n[ "$1" = --version ] || { echo "unknown target wasm32"; exit 1; }\n', { mode: 0o755 });
  const noLinker = compile(output, { ...missing, CLANG: compiler });
  assert.is(noLinker.status, 1);
  assert.match(noLinker.stderr, 'there is no wasm-ld here');
  assert.not(existsSync(output));
  const failing = compile(output, { CLANG: compiler, WASM_LD: compiler });
  assert.is(failing.status, 1);
  assert.match(failing.stderr, 'compiler: unknown target wasm32');
  assert.equal(readdirSync(output), []);
});

test('refuses what it does not know', ({ folder }) => {
  const { status, stderr } = compile(folder, {}, '--fast');
  assert.is(status, 2);
  assert.match(stderr, /--fast.*--output FOLDER \[USAGE\]/s);
  assert.equal(readdirSync(folder), []);
});

test.run();

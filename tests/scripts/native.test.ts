import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../base/errors.ts';
import { NATIVE_KERNELS_FILE } from '../../model/kernels/native/native-library.ts';
import { lastLines, runCommand } from '../../scripts/native/command.ts';
import { buildKernels, sourceHash } from '../../scripts/native/kernels.ts';
import {
  extractWheel,
  findPython,
  libraryAtPath,
  libraryCache,
  libraryInFolder,
} from '../../scripts/native/tensorflow-library.ts';

const test = suite<{ folder: string }>('scripts/native');
const root = fileURLToPath(new URL('../..', import.meta.url));
const python = await findPython();

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'cem-native-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

/** Makes empty files with their folders. */
function touch(folder: string, names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), '');
  }
}

const WHEEL_FILES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/tensorflow/c/c_api.h'];

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof CemError);
    return error.code;
  }
  return 'no error';
}

test('finds the library in a wheel, in the folder around it and in a C release', async ({ folder }) => {
  touch(join(folder, 'wheel', 'tensorflow'), WHEEL_FILES);
  touch(join(folder, 'release'), ['lib/libtensorflow.so.2', 'lib/libtensorflow_framework.so.2', 'include/tensorflow/c/c_api.h']);
  for (const path of ['wheel', 'wheel/tensorflow']) {
    assert.equal(await libraryInFolder(join(folder, path), true), {
      libraries: join(folder, 'wheel/tensorflow'),
      main: 'libtensorflow_cc.so.2',
      include: join(folder, 'wheel/tensorflow/include'),
      external: true,
    });
  }
  assert.is((await libraryInFolder(join(folder, 'release'), true))?.libraries, join(folder, 'release/lib'));
});

test('a folder without headers, or without a library, is none', async ({ folder }) => {
  touch(join(folder, 'libraries'), WHEEL_FILES.slice(0, 2));
  touch(join(folder, 'headers'), WHEEL_FILES.slice(2));
  for (const name of ['libraries', 'headers', 'nowhere']) assert.is(await libraryInFolder(join(folder, name), true), undefined);
  assert.is(await codeOf(libraryAtPath(join(folder, 'headers'), 'python3')), 'NATIVE_TENSORFLOW_PATH');
  assert.is(await codeOf(libraryAtPath(join(folder, 'nowhere'), 'python3')), 'NATIVE_TENSORFLOW_PATH');
});

test('a wheel gives what is needed of it and is extracted once; a damaged one leaves nothing', async ({ folder }) => {
  if (!python) {
    console.log('skipped: no Python 3 here');
    return;
  }
  const before = process.env['CEM_CACHE'];
  process.env['CEM_CACHE'] = join(folder, 'cache');
  try {
    touch(join(folder, 'content', 'tensorflow'), [...WHEEL_FILES, 'python/large.so', 'include/external/eigen.h']);
    const wheel = join(folder, 'tensorflow_cpu-9.9.9-cp311-none-any.whl');
    const { status } = await runCommand(python, ['-m', 'zipfile', '-c', wheel, join(folder, 'content', 'tensorflow')]);
    assert.is(status, 0);
    const library = await extractWheel(python, wheel);
    assert.is(library.libraries, join(libraryCache(), 'tensorflow_cpu-9.9.9', 'tensorflow'));
    assert.not(library.external);
    assert.equal(readdirSync(library.libraries).sort(), ['include', 'libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']);
    assert.equal(readdirSync(library.include), ['tensorflow']);
    rmSync(wheel);
    assert.equal(await extractWheel(python, wheel), library);

    const damaged = join(folder, 'tensorflow-1.0.0-damaged.whl');
    writeFileSync(damaged, 'not a zip file');
    assert.is(await codeOf(extractWheel(python, damaged)), 'NATIVE_WHEEL');
    assert.equal(readdirSync(libraryCache()), ['tensorflow_cpu-9.9.9']);
  } finally {
    if (before === undefined) delete process.env['CEM_CACHE'];
    else process.env['CEM_CACHE'] = before;
  }
});

test('the command explains itself and refuses what it does not know', () => {
  const native = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'scripts/native.ts', ...args], { cwd: root, encoding: 'utf8' });
  const help = native('--help');
  assert.is(help.status, 0);
  assert.match(help.stdout, '--tensorflow PATH');
  const unknown = native('--gpu');
  assert.is(unknown.status, 2);
  assert.match(unknown.stderr, /--gpu.*\[USAGE\]/s);
});

test('kernels of the same sources are left alone; where they do not compile or do not work, nothing changes', async ({
  folder,
}) => {
  const name = '@tensorflow/tfjs-node';
  const library = join(folder, 'node_modules', name, NATIVE_KERNELS_FILE);
  touch(dirname(library), ['beside']);
  const before = process.env['CC'];
  const build = async (compiler: string, force = false) => {
    process.env['CC'] = compiler;
    try {
      return await buildKernels(folder, name, force);
    } finally {
      if (before === undefined) delete process.env['CC'];
      else process.env['CC'] = before;
    }
  };
  const missing = await build('/no/such/compiler');
  assert.is(missing.state, 'failed');
  assert.match(missing.state === 'failed' ? missing.reason : '', '/no/such/compiler');
  writeFileSync(library, 'an older library');
  assert.is((await build('/no/such/compiler')).state, 'failed');
  // A compiler that makes something else than a library.
  const compiler = join(folder, 'compiler');
  writeFileSync(compiler, '#!/bin/sh\nwhile [ "$1" != "-o" ]; do shift; done\necho nothing > "$2"\n', { mode: 0o755 });
  const wrong = await build(compiler);
  assert.match(wrong.state === 'failed' ? wrong.reason : '', 'does not work');
  assert.is(readFileSync(library, 'utf8'), 'an older library');
  assert.equal(readdirSync(dirname(library)).sort(), ['beside', basename(library)]);

  writeFileSync(library, `a library of ${await sourceHash()}`);
  assert.equal(await build('/no/such/compiler'), { state: 'present' });
  assert.is((await build('/no/such/compiler', true)).state, 'failed');
});

test('a program that is not there or takes too long is a result', async () => {
  assert.is((await runCommand('/no/such/program', [])).status, -1);
  const slow = await runCommand(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { timeoutMs: 200 });
  assert.is.not(slow.status, 0);
  assert.match(slow.output, 'SIGKILL (time limit 0.2 s)');
  assert.is(lastLines('a\nb\nc\n', 2), 'b\nc');
});

test.run();

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../../../base/index.ts';
import { findPjrtPlugin, findPjrtPlugins } from '../../../../../model/backend/xla/pjrt/index.ts';

const test = suite('model/backend/xla/pjrt/find-plugin');

const folder = mkdtempSync(join(tmpdir(), 'cem-plugins-'));
const NAMES = [
  'CEM_CACHE',
  'CEM_PJRT',
  'CEM_PYTHON',
  'CEM_XLA_MEMORY',
  'CEM_XLA_CPU_DEVICES',
  'CEM_XLA_SETTINGS',
  'CUDA_HOME',
  'HOME',
  'PATH',
] as const;
const before = NAMES.map((name) => [name, process.env[name]] as const);

/** An empty file with the folders around it. */
function touch(...path: string[]): string {
  const file = join(folder, ...path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '');
  return file;
}

test.before.each(() => {
  for (const name of NAMES) delete process.env[name];
  // Neither Python nor packages of the user's.
  Object.assign(process.env, { CEM_CACHE: join(folder, 'cache'), HOME: join(folder, 'home'), PATH: join(folder, 'bin') });
});

test.after.each(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  rmSync(folder, { recursive: true, force: true });
});

test('nothing is found where nothing is', () => {
  assert.is(findPjrtPlugin(), undefined);
});

test('CEM_PJRT comes before the cache, the cache before an installed JAX', () => {
  const jax = touch('venv', 'lib', 'python3.11', 'site-packages', 'jax_plugins', 'xla_cuda12', 'xla_cuda_plugin.so');
  process.env['CEM_PYTHON'] = touch('venv', 'bin', 'python');
  assert.equal([findPjrtPlugin()?.path, findPjrtPlugin()?.kind], [jax, 'cuda']);
  const cpu = touch('cache', 'native', 'xla', 'cpu', 'fastatomstruct_xla_cpu', 'libpjrt_cpu.so');
  const rocm = touch('cache', 'native', 'xla', 'rocm', 'jax_plugins', 'xla_rocm10', 'xla_rocm_plugin.so');
  assert.equal(
    findPjrtPlugins().map(({ path, kind }) => [path, kind]),
    [
      [rocm, 'rocm'],
      [cpu, 'cpu'],
      [jax, 'cuda'],
    ],
  );
  assert.match(findPjrtPlugin()!.how, 'npm run native');
  const named = touch('mine.so');
  process.env['CEM_PJRT'] = named;
  assert.equal(
    findPjrtPlugins().map(({ path, kind, how }) => [path, kind, how]),
    [[named, 'other', 'CEM_PJRT']],
  );
  process.env['CEM_PJRT'] = '/nowhere.so';
  assert.throws(findPjrtPlugin, (error: unknown) => isCemError(error) && error.code === 'XLA_PLUGIN');
});

test('a GPU takes memory as it needs it, and is told where CUDA lies', () => {
  touch('cache', 'native', 'xla', 'cuda13', 'jax_plugins', 'xla_cuda13', 'xla_cuda_plugin.so');
  touch('cache', 'native', 'xla', 'cuda13', 'nvidia', 'cu13', 'nvvm', 'libdevice', 'libdevice.10.bc');
  assert.equal(findPjrtPlugin()?.options, { preallocate: false });
  assert.equal(findPjrtPlugin()?.settings, { xla_gpu_cuda_data_dir: join(folder, 'cache/native/xla/cuda13/nvidia/cu13') });
  process.env['CEM_XLA_MEMORY'] = '0.5';
  assert.equal(findPjrtPlugin()?.options, { preallocate: false, memory_fraction: { float: 0.5 } });
  for (const wrong of ['0', '1.5', 'half']) {
    process.env['CEM_XLA_MEMORY'] = wrong;
    assert.throws(findPjrtPlugin, (error: unknown) => isCemError(error) && error.code === 'XLA_MEMORY_SHARE');
  }
});

test('where pip has no libdevice beside the plugin, an installed CUDA has it', () => {
  const plugin = touch('cache', 'native', 'xla', 'cuda13', 'jax_plugins', 'xla_cuda13', 'xla_cuda_plugin.so');
  touch('cache', 'native', 'xla', 'cuda13', 'nvidia', 'cu13', 'lib', 'libcublas.so.13');
  touch('cuda', 'nvvm', 'libdevice', 'libdevice.10.bc');
  process.env['CUDA_HOME'] = join(folder, 'cuda');
  assert.equal([findPjrtPlugin()?.path, findPjrtPlugin()?.settings], [plugin, { xla_gpu_cuda_data_dir: join(folder, 'cuda') }]);
});

test('settings of the compiler can be named', () => {
  touch('cache', 'native', 'xla', 'cpu', 'fastatomstruct_xla_cpu', 'libpjrt_cpu.so');
  process.env['CEM_XLA_SETTINGS'] = 'xla_backend_optimization_level=0, xla_cpu_use_onednn=false,xla_dump_to=/tmp/x';
  assert.equal(findPjrtPlugin()?.settings, {
    xla_backend_optimization_level: 0,
    xla_cpu_use_onednn: false,
    xla_dump_to: '/tmp/x',
  });
  process.env['CEM_XLA_SETTINGS'] = 'faster';
  assert.throws(findPjrtPlugin, (error: unknown) => isCemError(error) && error.code === 'XLA_SETTINGS');
});

test('the processor is shown as many devices as were asked for', () => {
  touch('cache', 'native', 'xla', 'cpu', 'fastatomstruct_xla_cpu', 'libpjrt_cpu.so');
  assert.equal(findPjrtPlugin()?.options, { cpu_device_count: 1 });
  process.env['CEM_XLA_CPU_DEVICES'] = '4';
  assert.equal(findPjrtPlugin()?.options, { cpu_device_count: 4 });
  process.env['CEM_XLA_CPU_DEVICES'] = '0';
  assert.throws(findPjrtPlugin, (error: unknown) => isCemError(error) && error.code === 'XLA_CPU_DEVICES');
});

test.run();

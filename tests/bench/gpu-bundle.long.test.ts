import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleFiles, root } from '../../bench/gpu/bundle-files.ts';
import { withTemporaryFolder } from '../fixtures/temporary-folder.ts';

const test = suite('the bundle for a GPU machine');

/** The archive may have 60 MiB, of which Node takes most; files are packed to less than half. */
const MOST_BYTES = 60 * 2 ** 20;

test('its files are found, with the programs and, of compiled packages, zstd alone', async () => {
  const files = await bundleFiles();
  for (const file of ['bench/gpu-check.ts', 'tests/run.ts', 'configs/tiny.yaml', 'node_modules/tsx/package.json'])
    assert.ok(files.includes(file), file);
  assert.equal(
    files.filter((file) => /[.](node|so)$/.test(file)),
    ['node_modules/zstd-napi/build/Release/binding.node'],
  );
  const bytes = files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0);
  assert.ok(bytes < MOST_BYTES, `${bytes}`);
});

test('with these files alone, an encoder is trained and what it keeps of its teacher is measured', async () => {
  await withTemporaryFolder(async (folder) => {
    for (const file of await bundleFiles()) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      copyFileSync(join(root, file), join(folder, file));
    }
    const options = ['--backend', 'wasm', '--quick', '--run', join(folder, 'run'), '--source', join(root, 'node_modules')];
    const printed = execFileSync(process.execPath, ['--import', 'tsx', 'bench/gpu/retention-program.ts', ...options], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const { retention } = JSON.parse(printed) as { retention: number };
    assert.ok(retention > 0.3, printed);
  });
});

test.run();

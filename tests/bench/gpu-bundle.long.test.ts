import { statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleFiles, root } from '../../bench/gpu/bundle-files.ts';

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

test.run();

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('model/backend/removed-utilities');

test("what tfjs-node calls of Node's util is there, says no deprecation, and means what it meant", () => {
  // A package in CommonJS sees the module as a whole, and what is put into it.
  const source = `
    import { createRequire } from 'node:module';
    import { restoreRemovedUtilities } from ${JSON.stringify(new URL('../../../model/backend/removed-utilities.ts', import.meta.url).href)};
    const util = createRequire(import.meta.url)('util');
    delete util.isNullOrUndefined;
    restoreRemovedUtilities();
    console.log([null, undefined, 0, '', {}].map(util.isNullOrUndefined).join(' '));
    console.log([[], {}, 'a', new Float32Array(1)].map((value) => util.isArray(value)).join(' '));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    encoding: 'utf8',
  });
  assert.is(stdout, 'true true false false false\ntrue false false false\n');
  assert.is(stderr, '');
});

test.run();

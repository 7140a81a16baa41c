import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Imports and re-exports of values; those of types are gone when the program runs. */
const STATEMENT = /^(?:import|export)\s+(?!type\b)(?:[\w*{][^;']*?\s+from\s+)?'([^']+)';/gm;

/** Every module that is loaded with this one, ours by path and others by name. */
function loadedWith(entry: string, seen = new Set<string>()): Set<string> {
  const file = resolve(root, entry);
  if (seen.has(relative(root, file))) return seen;
  seen.add(relative(root, file));
  for (const [, target] of readFileSync(file, 'utf8').matchAll(STATEMENT)) {
    if (!target!.startsWith('.')) seen.add(target!);
    else loadedWith(join(dirname(file), target!), seen);
  }
  return seen;
}

const test = suite('search without tensors');

for (const door of ['search/index.ts', 'search/fusion/index.ts', 'search/lexical/index.ts', 'search/postgres/index.ts']) {
  test(`${door} loads no TensorFlow.js and nothing of model/`, () => {
    assert.ok(existsSync(join(root, door)));
    const loaded = [...loadedWith(door)];
    assert.ok(loaded.includes('base/errors.ts'), 'the walk goes on into other folders');
    assert.equal(
      loaded.filter((name) => name.startsWith('@tensorflow/') || name.startsWith('model/') || name.startsWith('search/exact/')),
      [],
    );
  });
}

test.run();

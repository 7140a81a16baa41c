import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { doorList, publicDoors } from './doors.ts';
import { ROOT } from './imports.ts';

const test = suite('doors');

const LIST = join(ROOT, 'tests', 'meta', 'doors.txt');
/** What the main door may grow to. */
const MOST_NAMES = 26;

test('every name of every door is committed: CEM_DOORS=write and this test writes the list', () => {
  const list = doorList();
  if (process.env['CEM_DOORS'] === 'write') writeFileSync(LIST, list);
  assert.is(list, readFileSync(LIST, 'utf8'));
});

test('the names are those that the doors have at run time', async () => {
  for (const { name, path, values } of publicDoors()) {
    const door = (await import(pathToFileURL(join(ROOT, path)).href)) as object;
    assert.equal(Object.keys(door).sort(), values, name);
  }
});

test('the main door is small, and leads to the product', () => {
  const main = publicDoors().find(({ path }) => path === 'index.ts')!;
  assert.ok(main.values.length <= MOST_NAMES, `${main.values.length} names`);
  for (const name of ['pack', 'train', 'buildIndex', 'openSearcher', 'serve', 'evaluate'])
    assert.ok(main.values.includes(name), name);
  for (const name of main.values)
    assert.match(name, /^(open[A-Z]\w*|[a-z]+([A-Z]\w*)?|(Cem|Usage|Format)Error)$/, `${name} is no verb and no error`);
});

test.run();

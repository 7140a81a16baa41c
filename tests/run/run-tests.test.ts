import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runTests, type Totals, testFiles } from './run-tests.ts';

interface Context {
  /** Below node_modules, where `uvu` is found. */
  folder: string;
}

const test = suite<Context>('the test runner');

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));

test.before.each(async (context) => {
  await mkdir(CACHE, { recursive: true });
  context.folder = await mkdtemp(join(CACHE, 'runner-'));
});
test.after.each(({ folder }) => rm(folder, { recursive: true, force: true }));

/** A test file: what stands in its one suite, and what follows. */
const file = (tests: string, end = 'test.run();') =>
  `import { suite } from 'uvu';\nconst test = suite('case');\n${tests}\n${end}\n`;
const PASSES = `test('passes', () => console.log('seen'));`;

/** Runs the files, by name, in two processes. */
async function run(
  folder: string,
  files: Readonly<Record<string, string>>,
  fileSeconds = 60,
): Promise<{ totals: Totals; output: string }> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  let output = '';
  const write = (text: string) => {
    output += text;
  };
  const totals = await runTests({ folder, pattern: /./, workers: 2, write, fileSeconds });
  return { totals, output };
}

test('counts are summed, and each file is shown with what it wrote', async ({ folder }) => {
  const skipping = file(`${PASSES}\ntest.skip('later', () => undefined);`);
  const { totals, output } = await run(folder, { 'a.test.ts': file(PASSES), 'b.test.ts': skipping, 'no-test.ts': 'throw 1;' });
  assert.equal(totals, { files: 2, total: 2, passed: 2, skipped: 1, failures: [] });
  for (const name of ['a', 'b'])
    assert.match(output, new RegExp(`\\n${name}\\.test\\.ts {2}\\(\\d+\\.\\d s\\)\\n case  (• )?seen`));
});

test('a test that fails, a hook that throws and a file that does not load are failures, and the others go on', async ({
  folder,
}) => {
  const { totals, output } = await run(folder, {
    'a.test.ts': file(`${PASSES}\ntest('fails', () => { throw new Error('so it is'); });`),
    'b.test.ts': file(`${PASSES}\ntest.before(() => { throw new Error('in the hook'); });`),
    'c.test.ts': `import './nowhere.ts';`,
    'd.test.ts': file(PASSES),
  });
  // Of a two tests, of b one that did not run, c itself, and of d one.
  assert.is(totals.total, 5);
  assert.is(totals.passed, 2);
  assert.match(output, 'so it is');
  assert.match(output, 'nowhere.ts');
  assert.equal(totals.failures.map((failure) => failure.slice(0, failure.indexOf(':'))).sort(), [
    'a.test.ts',
    'b.test.ts',
    'c.test.ts',
  ]);
});

test('a file that runs no test is a failure', async ({ folder }) => {
  const { totals } = await run(folder, { 'a.test.ts': file(PASSES, '') });
  assert.is(totals.total, 1);
  assert.is(totals.passed, 0);
  assert.match(totals.failures.join(), 'it ran no test');
});

test('a suite that has left all of its tests out, and says so, is no failure; one that says nothing is', async ({ folder }) => {
  const saying = await run(folder, { 'a.test.ts': file(`console.log('skipped: nothing here');`), 'b.test.ts': file(PASSES) });
  assert.equal([saying.totals.total, saying.totals.passed, saying.totals.failures], [1, 1, []]);
  const { totals } = await run(folder, { 'a.test.ts': file('') });
  // The other file is still there.
  assert.equal([totals.total, totals.passed], [2, 1]);
  assert.match(totals.failures.join(), 'its suites have no test');
});

test('a process that ends in the middle, with whatever code, fails its file and no other', async ({ folder }) => {
  const { totals } = await run(folder, {
    'a.test.ts': file(`test('ends', () => process.exit(0));`),
    'b.test.ts': file(`test('dies', () => process.kill(process.pid, 'SIGKILL'));`),
    'c.test.ts': file(PASSES),
    'd.test.ts': file(PASSES),
  });
  assert.is(totals.total, 4);
  assert.is(totals.passed, 2);
  assert.match(totals.failures.join('\n'), 'a.test.ts: the process ended (exit code 0)');
  assert.match(totals.failures.join('\n'), 'b.test.ts: the process ended (SIGKILL)');
});

test('a file that does not end is stopped and named', async ({ folder }) => {
  const waiting = file(`test('waits', () => new Promise((resolve) => setTimeout(resolve, 600_000)));`);
  const { totals } = await run(folder, { 'a.test.ts': waiting }, 3);
  assert.equal(totals, {
    files: 1,
    total: 1,
    passed: 0,
    skipped: 0,
    failures: ['a.test.ts: it has not ended after 3 s'],
  });
});

test('every test file below the folder is found once, the longest first, then the commands', () => {
  const files = testFiles(fileURLToPath(new URL('..', import.meta.url)), /./).map(({ name }) => name);
  assert.ok(files.length > 100);
  assert.is(new Set(files).size, files.length);
  assert.match(files[0]!, /[.]long[.]test/);
  assert.match(files.find((name) => !name.includes('.long.'))!, /^cli\//);
  assert.ok(files.includes('run/run-tests.test.ts'));
});

test.run();

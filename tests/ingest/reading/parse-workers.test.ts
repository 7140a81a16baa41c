import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ParseWorkers, type ParseWorkersOptions } from '../../../ingest/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('processes that parse');

const parsers = new URL('./test-parsers.ts', import.meta.url).href;

const workers = (options: ParseWorkersOptions = {}) => new ParseWorkers({ workers: 1, parsers, ...options });
const file = (path: string, text = 'words') => ({ path, bytes: Buffer.from(text) });
const textOf = async (host: ParseWorkers, path: string, text?: string) =>
  (await host.parseFile(file(path, text))).documents[0]!.blocks[0]!.text;

test('files are parsed several at once, and the bytes stay the caller’s', async () => {
  await using host = workers({ workers: 2 });
  const bytes = Buffer.from('a buffer of which a part is a file').subarray(2, 8);
  const texts = ['one', 'two', 'three', 'four', 'five'];
  const results = await Promise.all(texts.map((text) => textOf(host, 'a.echo', text)));
  assert.equal(results, texts);
  const parsed = await host.parseFile({ path: 'a.echo', bytes });
  assert.is(parsed.format, 'echo');
  assert.is(parsed.version, 1);
  assert.is(parsed.documents[0]!.blocks[0]!.text, 'buffer');
  assert.is(bytes.toString(), 'buffer');
});

test('a file that hangs, loops or wants too much memory ends by itself; the next one is parsed', async () => {
  await using host = workers({ limits: { seconds: 0.3, memory: 64 } });
  for (const [path, code] of [
    ['a.hang', 'PARSE_TIMEOUT'],
    ['a.wait', 'PARSE_TIMEOUT'],
  ] as const) {
    const error = await errorOf(() => host.parseFile(file(path)));
    assert.is(error.code, code);
    assert.match(error.message, /^a\.\w+ was not parsed within 0\.3 s: split it/);
    assert.is(await textOf(host, 'b.echo'), 'words');
  }
  // Objects one by one, one large allocation (which ends a process at once, threads and all), and bytes outside of the heap.
  await using patient = workers({ limits: { seconds: 120, memory: 64 } });
  for (const path of ['a.eat', 'a.grow', ...(process.platform === 'linux' ? ['a.bytes'] : [])]) {
    const error = await errorOf(() => patient.parseFile(file(path)));
    assert.is(error.code, 'PARSE_MEMORY', path);
    assert.match(error.message, /more than the 64 MB/);
    assert.is(await textOf(patient, 'b.echo'), 'words');
  }
});

test('libraries are loaded before the time of a file runs', async () => {
  await using host = workers({ limits: { seconds: 0.3 } });
  assert.is(await textOf(host, 'a.load'), 'loaded');
});

test('faults of libraries, inside of the call and behind it, are errors of ours', async () => {
  await using host = workers();
  const inside = await errorOf(() => host.parseFile(file('a.fault')));
  assert.is(inside.code, 'PARSE_FAULT');
  assert.match(inside.message, /a fault of a library/);
  const behind = await errorOf(() => host.parseFile(file('a.later')));
  assert.is(behind.code, 'PARSE_FAILED');
  assert.match(behind.message, /a fault outside of the call/);
  const ours = await errorOf(() => host.parseFile(file('a.ours')));
  assert.is(ours.code, 'PARSE_ENCRYPTED');
  assert.equal(ours.details, { path: 'a.ours' });
  assert.is(await textOf(host, 'b.echo'), 'words');
});

test('limits of input and output say which they are', async () => {
  await using host = workers({ limits: { inputBytes: 100, outputBlocks: 100, outputLength: 10_000 } });
  for (const [path, text, limit] of [
    ['a.echo', 'x'.repeat(101), 'inputBytes'],
    ['a.large', '', 'outputBlocks'],
    ['a.long', '', 'outputLength'],
  ] as const) {
    const error = await errorOf(() => host.parseFile(file(path, text)));
    assert.is(error.code, 'PARSE_LIMIT');
    assert.is(error.details['limit'], limit);
    assert.match(error.message, new RegExp(`raise the limit ${limit}$`));
  }
});

test('a signal takes back a file that waits, and ends one that is at work', async () => {
  await using host = workers();
  const reason = new Error('enough');
  const controller = new AbortController();
  const atWork = host.parseFile(file('a.hang'), { signal: controller.signal });
  const waits = host.parseFile(file('b.echo'), { signal: controller.signal });
  const other = textOf(host, 'c.echo');
  void setTimeout(50).then(() => controller.abort(reason));
  for (const ended of await Promise.allSettled([atWork, waits])) assert.is((ended as PromiseRejectedResult).reason, reason);
  assert.is(await other, 'words');
  await host.parseFile(file('d.echo'), { signal: controller.signal }).then(
    () => assert.unreachable(),
    (error: unknown) => assert.is(error, reason),
  );
});

test('closing ends what is not parsed yet', async () => {
  const host = workers();
  const atWork = errorOf(() => host.parseFile(file('a.hang')));
  const waits = errorOf(() => host.parseFile(file('b.echo')));
  await setTimeout(50);
  await host.close();
  assert.is((await atWork).code, 'PARSE_CLOSED');
  assert.is((await waits).code, 'PARSE_CLOSED');
  assert.is((await errorOf(() => host.parseFile(file('c.echo')))).code, 'PARSE_CLOSED');
});

test('a format may be forced, and must be there', async () => {
  await using host = workers();
  assert.is((await host.parseFile(file('a.unknown'), { format: 'echo' })).format, 'echo');
  assert.is((await errorOf(() => host.parseFile(file('a.echo'), { format: 'word' }))).code, 'PARSE_UNKNOWN_FORMAT');
  assert.is((await errorOf(() => host.parseFile(file('a.unknown')))).code, 'PARSE_FORMAT');
});

test('a process whose starter is killed ends by itself, though its parser does not come back', async () => {
  const program = `
    import { ParseWorkers } from ${JSON.stringify(new URL('../../../ingest/index.ts', import.meta.url).href)};
    const host = new ParseWorkers({ workers: 1, parsers: ${JSON.stringify(parsers)}, limits: { seconds: 600 } });
    void host.parseFile({ path: 'a.pid', bytes: Buffer.from('') }).then(({ documents }) => {
      process.stdout.write(documents[0].blocks[0].text);
      void host.parseFile({ path: 'a.hang', bytes: Buffer.from('') });
    });`;
  const starter = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program]);
  const [output] = (await once(starter.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  starter.kill('SIGKILL');
  const isThere = (): boolean => {
    try {
      process.kill(pid, 0);
      return !/^State:\s+Z/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '');
    } catch {
      return false;
    }
  };
  for (let tries = 0; isThere(); tries++) {
    assert.ok(tries < 600, 'it is still there after a minute');
    await setTimeout(100);
  }
});

test('processes without work do not keep ours alive', () => {
  const program = `
    import { ParseWorkers } from ${JSON.stringify(new URL('../../../ingest/index.ts', import.meta.url).href)};
    const host = new ParseWorkers({ workers: 1, parsers: ${JSON.stringify(parsers)} });
    const { documents } = await host.parseFile({ path: 'a.echo', bytes: Buffer.from('words') });
    process.stdout.write(documents[0].blocks[0].text);`;
  const { stdout, status, stderr } = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program],
    { encoding: 'utf8', timeout: 120_000 },
  );
  assert.equal([stdout, status], ['words', 0], stderr);
});

test.run();

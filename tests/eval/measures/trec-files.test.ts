import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readTrecQrels, readTrecRun } from '../../../eval/index.ts';

const test = suite<{ folder: string }>('TREC files');

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-trec-'));
});

test.after(async (context) => {
  await rm(context.folder, { recursive: true, force: true });
});

async function problemOf(work: Promise<unknown>): Promise<{ code: unknown; message: string }> {
  try {
    await work;
  } catch (error) {
    return { code: (error as { code?: unknown }).code, message: (error as Error).message };
  }
  return { code: undefined, message: 'nothing was refused' };
}

test('tabs, runs of spaces, CRLF, comments, blank lines and no last newline', async ({ folder }) => {
  const path = join(folder, 'good.txt');
  await writeFile(path, '# judgments\n\nq1\t0\td1\t2\r\n q1  0  d\u00a0x  -1 \nq2 0 d1 0');
  assert.equal(
    await readTrecQrels(path),
    new Map([
      [
        'q1',
        new Map([
          ['d1', 2],
          ['d\u00a0x', -1],
        ]),
      ],
      ['q2', new Map([['d1', 0]])],
    ]),
  );
});

test('a run keeps scores only, whatever the rank column says', async ({ folder }) => {
  const path = join(folder, 'run.txt');
  await writeFile(path, 'q1 Q0 d1 7 -1.5e-3 name\nq1 Q0 d2 7 12 name and more\n');
  assert.equal(
    await readTrecRun(path),
    new Map([
      [
        'q1',
        new Map([
          ['d1', -0.0015],
          ['d2', 12],
        ]),
      ],
    ]),
  );
});

test('a malformed line is refused with file and line', async ({ folder }) => {
  const cases: [read: (path: string) => Promise<unknown>, content: string, line: number, words: RegExp][] = [
    [readTrecQrels, 'q1 0 d1 1\nq1 0 d2\n', 2, /3 fields/],
    [readTrecQrels, 'q1 0 d1 1 extra\n', 1, /5 fields/],
    [readTrecQrels, '\n# c\nq1 0 d1 high\n', 3, /"high"/],
    [readTrecQrels, 'q1 0 d1 1.5\n', 1, /"1\.5"/],
    [readTrecQrels, 'q1 0 d1 1\nq1 0 d1 2\n', 2, /repeats document "d1"/],
    [readTrecRun, 'q1 Q0 d1 1 0.5\n', 1, /5 fields/],
    [readTrecRun, 'q1 Q0 d1 1 best name\n', 1, /"best"/],
    [readTrecRun, 'q1 Q0 d1 1 0.5 x\nq2 Q0 d1 1 0.5 x\nq1 Q0 d1 2 0.4 x\n', 3, /repeats document "d1"/],
  ];
  for (const [index, [read, content, line, words]] of cases.entries()) {
    const path = join(folder, `bad-${index}.txt`);
    await writeFile(path, content);
    const { code, message } = await problemOf(read(path));
    assert.is(code, 'METRICS_MALFORMED_LINE');
    assert.ok(message.startsWith(`${path}:${line}: `), message);
    assert.match(message, words);
  }
});

test('no file, and a file that is no UTF-8 text', async ({ folder }) => {
  const missing = await problemOf(readTrecRun(join(folder, 'missing.txt')));
  assert.is(missing.code, 'FILE_OPEN');
  assert.match(missing.message, 'missing.txt');
  const path = join(folder, 'latin1.txt');
  await writeFile(path, Buffer.from('q1 0 d\xe9 1\n', 'latin1'));
  assert.is((await problemOf(readTrecQrels(path))).code, 'DATA_UTF8');
});

test.run();

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readEvaluationRecord } from '../../../eval/index.ts';
import { callsOf, DOCUMENTS, evaluateInto, QUERIES } from './killable-evaluation.ts';

const test = suite<{ folder: string }>('evaluation that is killed and goes on');

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-eval-resume-'));
});

test.after(async ({ folder }) => {
  await rm(folder, { recursive: true, force: true });
});

/** Evaluates in a process of its own, and kills it while the student's second batch is encoded. */
async function evaluateAndKill(path: string): Promise<void> {
  const module = new URL('./killable-evaluation.ts', import.meta.url).href;
  const program = `const { evaluateInto } = await import(${JSON.stringify(module)}); await evaluateInto(${JSON.stringify(path)}, 2);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const said = await Promise.race([once(child.stdout, 'data'), exit]);
  assert.match(String(said[0]), /hanging/);
  child.kill('SIGKILL');
  await exit;
}

test('nothing is encoded twice, and the figures are those of an evaluation that was left alone', async ({ folder }) => {
  const path = join(folder, 'killed');
  await evaluateAndKill(path);
  const before = await callsOf(path);
  // 600 documents in batches of 256: all three of the teacher, and one of the student.
  assert.equal(
    before.map(({ encoder, items }) => [encoder, items.length]),
    [
      ['teacher', 256],
      ['teacher', 256],
      ['teacher', DOCUMENTS - 2 * 256],
      ['student', 256],
    ],
  );
  assert.not.ok(existsSync(join(path, 'result.json')));
  // A kill in the middle of a write would leave half a record.
  await appendFile(join(path, 'vectors.log'), Buffer.alloc(77, 1));

  const encoders = await evaluateInto(path);
  for (const [encoder, count] of [
    ['teacher', DOCUMENTS],
    ['student', DOCUMENTS],
    ['queries', QUERIES],
  ] as const) {
    const items = (await callsOf(path)).filter((call) => call.encoder === encoder).flatMap((call) => call.items);
    assert.is(items.length, count, encoder);
    assert.is(new Set(items).size, count, encoder);
  }
  assert.equal(encoders, await evaluateInto(join(folder, 'alone')));
  assert.equal((await readEvaluationRecord(path)).encoders, encoders);
});

test('a finished evaluation is repeated without encoding anything', async ({ folder }) => {
  const path = join(folder, 'alone');
  const calls = (await callsOf(path)).length;
  await evaluateInto(path);
  assert.is((await callsOf(path)).length, calls);
});

test.run();

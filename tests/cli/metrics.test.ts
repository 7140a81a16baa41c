import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { metricsCommand } from '../../cli/commands/metrics.ts';
import { runCommand } from './run-command.ts';

const test = suite<{ folder: string; qrels: string; run: string }>('cem metrics');

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-metrics-'));
  context.qrels = join(context.folder, 'qrels.txt');
  context.run = join(context.folder, 'run.txt');
  await writeFile(context.qrels, '10 0 a 1\n9 0 b 1\nunseen 0 a 1\n');
  await writeFile(context.run, '10 Q0 a 1 2 x\n10 Q0 b 2 1 x\n9 Q0 a 1 2 x\n9 Q0 b 2 1 x\n');
});

test.after(async (context) => {
  await rm(context.folder, { recursive: true, force: true });
});

const run = (...words: string[]): Promise<string> => runCommand(metricsCommand, ['metrics', ...words]);

test('JSON: means under "all", then every query that has results', async ({ qrels, run: runFile }) => {
  const result = JSON.parse(await run('--qrels', qrels, '--run', runFile, '--json')) as Record<string, Record<string, number>>;
  assert.equal(Object.keys(result).sort(), ['10', '9', 'all']);
  assert.is(result['10']!['recip_rank'], 1);
  assert.is(result['9']!['recip_rank'], 0.5);
  assert.is(result['all']!['recip_rank'], 0.75);
});

test('--complete counts judged queries without results as 0', async ({ qrels, run: runFile }) => {
  const result = JSON.parse(await run('--qrels', qrels, '--run', runFile, '--complete', '--json')) as Record<
    string,
    Record<string, number>
  >;
  assert.is(result['unseen']!['recip_rank'], 0);
  assert.is(result['all']!['recip_rank'], 0.5);
});

test('text: the means, one a line', async ({ qrels, run: runFile }) => {
  const lines = (await run('--qrels', qrels, '--run', runFile)).trimEnd().split('\n');
  assert.is(lines.length, 28);
  assert.ok(lines.includes('recip_rank     all  0.7500'));
});

test('files that share no query, and a query called "all", are refused', async ({ folder, qrels, run: runFile }) => {
  const codeOf = async (...files: [string, string]): Promise<unknown> => {
    try {
      return await run('--qrels', files[0], '--run', files[1]);
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };
  const other = join(folder, 'other.txt');
  await writeFile(other, 'all Q0 a 1 2 x\n');
  assert.is(await codeOf(qrels, other), 'METRICS_NO_COMMON_QUERY');
  const reserved = join(folder, 'reserved.txt');
  await writeFile(reserved, 'all 0 a 1\n');
  assert.is(await codeOf(reserved, other), 'METRICS_RESERVED_QUERY');
  assert.is(await codeOf(qrels, join(folder, 'missing.txt')), 'FILE_OPEN');
  assert.is(await codeOf(runFile, runFile), 'METRICS_MALFORMED_LINE');
});

test.run();

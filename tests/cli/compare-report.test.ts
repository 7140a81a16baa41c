import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareCommand } from '../../cli/commands/compare.ts';
import { reportCommand } from '../../cli/commands/report.ts';
import { evaluateSmall } from '../eval/small-evaluation.ts';
import { runCommand } from './run-command.ts';

const test = suite<{ folder: string; first: string; second: string }>('cem compare and cem report');

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-compare-'));
  context.first = join(context.folder, 'first');
  context.second = join(context.folder, 'second');
  await evaluateSmall(context.first);
  await evaluateSmall(context.second, 3);
});

test.after(async ({ folder }) => {
  await rm(folder, { recursive: true, force: true });
});

interface Comparison {
  readonly first: { readonly row: string };
  readonly second: { readonly row: string };
  readonly queries: number;
  readonly comparisons: readonly { readonly measure: string; readonly difference: number; readonly p: number }[];
}

const compare = (...words: string[]): Promise<string> => runCommand(compareCommand, ['compare', ...words, '--rounds', '500']);

test('JSON: the students of both, every measure asked, the same seed the same figures', async ({ first, second }) => {
  const output = await compare(first, second, '--json');
  const result = JSON.parse(output) as Comparison;
  assert.equal([result.first.row, result.second.row, result.queries], ['student', 'student', 64]);
  assert.equal(
    result.comparisons.map(({ measure }) => measure),
    ['ndcg_at_10', 'recall_at_10', 'recall_at_100', 'map_at_100', 'mrr_at_10'],
  );
  assert.is(await compare(first, second, '--json'), output);
  const back = JSON.parse(await compare(second, first, '--json')) as Comparison;
  assert.is(back.comparisons[0]!.difference, -result.comparisons[0]!.difference);
});

test('text: two rows of one evaluation', async ({ first }) => {
  const lines = (await compare(first, first, '--rows', 'random,bm25', '--measures', 'ndcg_at_10')).split('\n');
  assert.match(lines[0]!, /^first .* random$/);
  assert.match(lines[1]!, /^second .* bm25$/);
  assert.match(lines[4]!, /^ndcg_at_10 +0\.\d{4} +\d\.\d{4} +\+0\.\d{4} +\+0\.\d{4} to \+0\.\d{4} +0\.0\d{3} +\d+\/\d+\/\d+$/);
});

test('what makes no sense is refused by name', async ({ folder, first, second }) => {
  const codeOf = async (...words: string[]): Promise<unknown> => {
    try {
      return await compare(...words);
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };
  assert.is(await codeOf(first, join(folder, 'nowhere')), 'EVAL_RECORD_MISSING');
  assert.is(await codeOf(first, second, '--rows', 'a,b,c'), 'COMPARE_ROWS');
  assert.is(await codeOf(first, second, '--rows', 'lsa'), 'COMPARE_ROW');
  assert.is(await codeOf(first, second, '--seed', '0.5'), 'COMPARE_SEED');
});

test('report: page and Markdown in the folder asked for, and the figures as JSON', async ({ folder, first, second }) => {
  const output = join(folder, 'report');
  const result = JSON.parse(await runCommand(reportCommand, ['report', first, second, '--output', output, '--json'])) as {
    readonly runs: readonly { readonly name: string; readonly encoders: Record<string, Record<string, number>> }[];
    readonly files: { readonly page: string; readonly markdown: string };
  };
  assert.equal(
    result.runs.map(({ name }) => name),
    ['first', 'second'],
  );
  const page = await readFile(result.files.page, 'utf8');
  const markdown = await readFile(result.files.markdown, 'utf8');
  for (const { encoders } of result.runs) {
    const score = encoders['student']!['ndcg_at_10']!;
    assert.ok(page.includes(`<data value="${score}">${score.toFixed(4)}</data>`));
    assert.ok(markdown.includes(score.toFixed(4)));
  }
});

test.run();

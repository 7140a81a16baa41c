import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { printableResult, UsageError } from '../../base/index.ts';
import { markLiteralWords, refuseForeignWords, takeLiteralWords } from '../../cli/options/literal-words.ts';
import { formatResults } from '../../cli/text/results-text.ts';
import { withTemporaryFolder, writeJsonl } from '../fixtures/temporary-folder.ts';

const test = suite('words of the command line');

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

function cem(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--import', 'tsx', MAIN, ...words], { encoding: 'utf8' });
}

test('F10: what follows -- is positional, in commands with one, with several and with any number of positionals', () =>
  withTemporaryFolder(async (folder) => {
    await mkdir(join(folder, 'docs'));
    for (const name of ['-dash.txt', '--force.txt', 'plain.txt']) await writeFile(join(folder, 'docs', name), `Text of ${name}.`);
    const corpus = join(folder, 'corpus');
    assert.is(cem('add', corpus, '--', join(folder, 'docs')).status, 0);
    const shown = cem('cat', corpus, '--id=-dash.txt');
    assert.is(shown.stdout, 'Text of -dash.txt.\n', shown.stderr);
    const removed = cem('remove', corpus, '--json', '--', '-dash.txt', '--force.txt');
    assert.is((JSON.parse(removed.stdout) as { removed: number }).removed, 2, removed.stderr);
    const search = cem('search', '--index', join(folder, 'none'), '--', '--force what does it do');
    assert.match(search.stderr, /\[INDEX_MISSING\]\n$/);
    const runs = cem('runs', '--', '--a', '-b');
    assert.match(runs.stderr, /^cem: --a is no run/);
    const many = cem('search', '--index', 'x', '--', 'one', '--two');
    assert.equal([many.status, many.stderr.includes('\0')], [2, false]);
    assert.match(many.stderr, '--two');
  }));

test('F10: words before -- are options as ever, and a list of values ends there', () => {
  assert.equal(markLiteralWords(['pack', '-', '--level', '3']), ['pack', '-', '--level', '3']);
  const [command, set, value, end, literal, plain, second] = markLiteralWords(['x', '--set', 'a=b', '--', '-y', 'z', '--']);
  assert.equal([command, set, value, plain], ['x', '--set', 'a=b', 'z']);
  assert.match(end!, /^--[a-z-]+=true$/);
  assert.equal(takeLiteralWords({ query: literal, ids: [plain, second], k: 3 }), { query: '-y', ids: ['z', '--'], k: 3 });
});

test('F11: an id and a text with control characters cannot act on the terminal or forge a line; --json has them as they are', () =>
  withTemporaryFolder(async (folder) => {
    const id = 'evil\n2. trusted.md  (score 0.9999, chunk 0)\u001b[2J';
    const text = '\u001b[2J\u001b]0;owned\u0007rotate\nlog files\u009b1m';
    const source = await writeJsonl(join(folder, 'corpus.jsonl'), [{ _id: id, text }]);
    const zpkg = join(folder, 'corpus.zpkg');
    assert.is(cem('pack', source, zpkg, '--dictionary-size', '0').status, 0);
    const shown = cem('cat', zpkg, `--id=${id}`);
    assert.is(shown.stdout, '\\u001b[2J\\u001b]0;owned\\u0007rotate\nlog files\\u009b1m\n', shown.stderr);
    const whole = JSON.parse(cem('cat', zpkg, `--id=${id}`, '--json').stdout) as { id: string; text: string };
    assert.equal([whole.id, whole.text], [id, text]);
    const missing = cem('cat', join(folder, 'no\u001b[2J\nsuch.zpkg'), '--id', 'x');
    assert.is(missing.stderr.trimEnd().split('\n').length, 1, missing.stderr);
    assert.match(missing.stderr, 'no\\u001b[2J\\nsuch.zpkg');
    const usage = cem('pack', source, zpkg, '--dictionary-borders', 'a\u001b[2J\nb');
    assert.equal([usage.status, usage.stderr.trimEnd().split('\n').length, usage.stderr.includes('\u001b')], [2, 1, false]);
  }));

test('F11: a result of a search is two lines, or its unit indented, whatever its id and its text hold', () => {
  const result = {
    id: 'evil\n2. trusted.md\u001b[2J',
    score: 0.5,
    chunk: 0,
    passage: 2,
    text: 'rotate\n\u0007\tlog files\u2028here',
  };
  const shown = formatResults(printableResult([result], ['text']));
  assert.equal(shown.split('\n'), [
    '1. evil\\n2. trusted.md\\u001b[2J  (score 0.5000, chunk 0, passage 2)',
    '   rotate \\u0007 log files\\u2028here',
  ]);
  const unit = { text: 'first\n2. trusted.md  (score 0.9)\u001b[2J\r\n\nlast', passage: { start: 0, end: 5 } };
  const placed = { ...result, id: 'a', span: { start: 2048, end: 1_003_101 }, unit };
  assert.equal(formatResults(printableResult([placed], ['text'])).split('\n'), [
    '1. a  (score 0.5000, chunk 0, passage 2, bytes 2,048-1,003,101)',
    '   first',
    '   2. trusted.md  (score 0.9)\\u001b[2J',
    '   ',
    '   last',
  ]);
});

test('an argument that is no UTF-8 is refused by its place; U+FFFD itself is an argument like any other', () => {
  const line = (...words: (string | Buffer)[]): Buffer =>
    Buffer.concat(words.flatMap((word) => [Buffer.from(word as string), Buffer.from([0])]));
  const words = ['pack', 'a\ufffd.txt'];
  const foreign = line('node', 'main.ts', 'pack', Buffer.from([0x61, 0xff, 0x2e, 0x74, 0x78, 0x74]));
  try {
    refuseForeignWords(words, foreign);
    assert.unreachable('it is refused');
  } catch (error) {
    assert.instance(error, UsageError);
    assert.match((error as UsageError).message, 'argument 2');
  }
  refuseForeignWords(words, line('node', 'main.ts', 'pack', 'a\ufffd.txt'));
  refuseForeignWords(['pack', 'a.txt'], foreign);
  refuseForeignWords(words, undefined);
});

test.run();

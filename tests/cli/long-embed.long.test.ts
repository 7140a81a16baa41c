import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { longEmbedCommand } from '../../cli/commands/long-embed.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';
import { runCommand } from './run-command.ts';
import { withSmallRun } from './small-run.ts';

const test = suite('cem long-embed run');

const longEmbed = (...words: string[]): Promise<string> => runCommand(longEmbedCommand, ['long-embed', ...words]);

test('measures every set that there is, or the tasks asked for', () =>
  withSmallRun(async ({ folder, run }) => {
    const data = join(folder, 'long');
    await longEmbed('generate', 'passkey', data, '--length', '256', '--length', '1024');
    const text = await longEmbed('run', '--checkpoint', run, '--data', data);
    assert.match(text, /^ +256 +1024 +mean of 2$/m);
    assert.match(text, /^bm25 +100\.0 +100\.0 +100\.0$/m);
    const words = ['run', '--checkpoint', run, '--data', data, '--only', 'passkey', '--json'];
    const result = JSON.parse(await longEmbed(...words));
    assert.equal(Object.keys(result.sets[0].scores), [
      'teacher',
      'teacher_passages',
      'student_beginning',
      'student',
      'student_passages',
      'bm25',
      'random',
    ]);
    assert.equal([result.passage_size, result.passage_overlap], [1024, 0]);
    assert.equal([result.checkpoint.step, result.maximum_symbols, result.dictionary], [1, 4096, 'run']);
    for (const { coverage } of result.sets) assert.ok(coverage.chunks >= 100 && coverage.symbols_read === coverage.symbols);
  }));

test('sets that were measured are kept, and measured again only when they are gone; another checkpoint is refused', () =>
  withSmallRun(async ({ folder, run }) => {
    const data = join(folder, 'long');
    const output = join(folder, 'kept');
    await longEmbed('generate', 'passkey', data, '--length', '256', '--length', '512');
    const words = ['run', '--checkpoint', run, '--data', data, '--output', output, '--json'];
    const first = JSON.parse(await longEmbed(...words));
    assert.equal((await readdir(output)).sort(), ['passkey-256.json', 'passkey-512.json', 'teacher']);
    // As a kill between the two leaves it.
    await rm(join(output, 'passkey-512.json'));
    const second = JSON.parse(await longEmbed(...words));
    assert.equal(second.sets[0], first.sets[0], 'taken as it was, times included');
    assert.equal(second.sets[1].scores, first.sets[1].scores);
    assert.not.equal(second.sets[1].document_seconds, first.sets[1].document_seconds, 'measured again');
    assert.is((await errorOf(() => longEmbed(...words, '--dictionary', 'none'))).code, 'LONG_EMBED_OTHER');
    assert.is((await errorOf(() => longEmbed(...words, '--passage-size', '512'))).code, 'LONG_EMBED_OTHER');
    await writeFile(join(data, 'passkey', '256', 'queries.jsonl'), '{"_id": "other", "text": "?"}\n');
    assert.is((await errorOf(() => longEmbed(...words))).code, 'LONG_EMBED_OTHER');
    await writeFile(join(output, 'passkey-256.json'), '{');
    assert.is((await errorOf(() => longEmbed(...words))).code, 'LONG_EMBED_KEPT');
  }));

test('what makes no sense is refused by name', () =>
  withSmallRun(async ({ folder, run, zpkg }) => {
    const data = join(folder, 'long');
    await longEmbed('generate', 'passkey', data, '--length', '256');
    const codeOf = async (...words: string[]): Promise<string> =>
      (await errorOf(() => longEmbed('run', '--checkpoint', run, ...words))).code;
    assert.is(await codeOf('--data', data, '--only', 'needle'), 'LONG_EMBED_ONLY');
    assert.is(await codeOf('--data', folder), 'LONG_EMBED_NOTHING');
    assert.is(await codeOf('--data', data, '--passage-size', '0'), 'LONG_EMBED_PASSAGES');
    assert.is(await codeOf('--data', data, '--passage-overlap', '512'), 'PACK_OPTION');
    await rm(zpkg);
    assert.is(await codeOf('--data', data), 'EVAL_NO_TRAINING_CORPUS');
  }));

test.run();

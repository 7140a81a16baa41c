import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keysCommand } from '../../cli/commands/keys.ts';
import { KeyRing } from '../../server/access/index.ts';
import { errorOf, withTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { runCommand } from './run-command.ts';

const test = suite('cem keys');

test('keys are added, listed and removed, as text and as JSON', async () => {
  await withTemporaryFolder(async (folder) => {
    const run = (...words: string[]) => runCommand(keysCommand, ['keys', ...words, '--collections', folder]);
    const made = JSON.parse(await run('add', 'reader', '--label', 'staff', 'board', '--expires', '2999-01-31', '--json'));
    assert.equal([made.name, made.scope, made.labels, made.expired], ['reader', 'read', ['staff', 'board'], false]);
    assert.is(made.expires, '2999-01-31T00:00:00.000Z');
    const ring = new KeyRing(join(folder, 'keys.json'));
    assert.is((await ring.find(made.key))?.name, 'reader');
    const shown = await run('add', 'root', '--scope', 'admin', '--all-labels');
    assert.match(shown, /^cem_[0-9a-f]{12}_\S{43}\nkey of root, scope admin: all documents\n/);

    const list = JSON.parse(await run('list', '--json'));
    assert.equal(
      list.keys.map(({ name, labels }: { name: string; labels: unknown }) => [name, labels]),
      [
        ['reader', ['staff', 'board']],
        ['root', 'everything'],
      ],
    );
    assert.not.match(JSON.stringify(list), /hash|salt|cem_/);
    assert.match(await run('list'), /reader +read +staff board/);
    assert.match(await run('remove', 'reader'), /removed the key [0-9a-f]{12} of reader/);
    assert.is(JSON.parse(await run('list', '--json')).keys.length, 1);
    assert.is((await errorOf(() => run('remove', 'reader'))).code, 'KEY_MISSING');
    assert.is((await errorOf(() => run('add', 'x', '--label', 'a', '--all-labels'))).code, 'KEY_LABEL');
    assert.is((await errorOf(() => run('add', 'x', '--expires', 'soon'))).code, 'KEY_EXPIRES');
    assert.is((await errorOf(() => runCommand(keysCommand, ['keys', 'list']))).code, 'KEYS_PLACE');
  });
});

test.run();

import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { idOfKey, isKeyOf, makeKey } from '../../../server/access/api-key.ts';
import { addKey, KeyRing, readKeys, removeKey } from '../../../server/access/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { withKeys } from '../collections-fixture.ts';

const test = suite('keys');

test('a key is known by what is kept of it, which is a salted hash and not the key', () => {
  const { key, stored } = makeKey();
  assert.match(key, /^cem_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
  assert.is(idOfKey(key), stored.id);
  const secret = key.slice('cem_'.length + 12 + 1);
  assert.is(Buffer.from(secret, 'base64url').length, 32);
  const expected = createHash('sha256')
    .update(Buffer.concat([Buffer.from(stored.salt, 'hex'), Buffer.from(secret)]))
    .digest('hex');
  assert.is(stored.hash, expected);
  assert.ok(isKeyOf(key, stored));
  assert.not.ok(JSON.stringify(stored).includes(secret));

  const other = makeKey();
  assert.not(isKeyOf(other.key, stored));
  assert.not(isKeyOf(`${key}x`, stored));
  assert.not(isKeyOf(key.slice(0, -1), stored));
  assert.not(isKeyOf('', stored));
  assert.not(isKeyOf(key, undefined));
  assert.is(idOfKey('cem_nothing'), undefined);
});

test('keys are added, listed and removed; the file says nothing that makes one', async () => {
  await withKeys(async (_ring, add, path) => {
    assert.is(await readKeys(path), undefined);
    const first = await add({ name: 'first', labels: ['a', 'b', 'a'] });
    await add({ name: 'second', scope: 'admin', labels: 'everything' });
    const text = await readFile(path, 'utf8');
    assert.not.ok(text.includes(first.slice(-43)));
    const keys = (await readKeys(path))!;
    assert.equal(
      keys.map(({ name, scope, labels }) => [name, scope, labels]),
      [
        ['first', 'read', ['a', 'b']],
        ['second', 'admin', 'everything'],
      ],
    );
    assert.is((await removeKey(path, keys[0]!.id)).name, 'first');
    await removeKey(path, 'second');
    assert.equal(await readKeys(path), []);
    assert.is((await errorOf(() => removeKey(path, 'second'))).code, 'KEY_MISSING');
  });
});

test('what is no key is refused by name', async () => {
  await withKeys(async (_ring, add, path) => {
    await add({ name: 'one' });
    const refuse = async (key: Parameters<typeof add>[0]) => (await errorOf(() => add(key))).code;
    assert.is(await refuse({ name: 'one' }), 'KEY_NAME');
    assert.is(await refuse({ name: '' }), 'KEY_NAME');
    assert.is(await refuse({ name: 'x', labels: [''] }), 'KEY_LABEL');
    assert.is(await refuse({ name: 'x', expires: new Date('soon') }), 'KEY_EXPIRES');
    assert.is(await refuse({ name: 'x', expires: new Date(Date.now() - 1) }), 'KEY_EXPIRES');
    assert.is((await readKeys(path))!.length, 1);
    await writeFile(path, '{"format": "cem-keys"}');
    assert.is((await errorOf(() => readKeys(path))).code, 'KEYS_FILE');
  });
});

test('many that add keys at the same moment lose none', async () => {
  await withKeys(async (_ring, add, path) => {
    const names = Array.from({ length: 8 }, (_, number) => `key ${number}`);
    await Promise.all(names.map((name) => add({ name })));
    assert.equal((await readKeys(path))!.map(({ name }) => name).sort(), names);
  });
});

test('a ring knows keys as the file has them now, and nobody once it is gone or damaged', async () => {
  await withKeys(async (ring, add, path) => {
    const first = await add({ name: 'first', labels: ['a'] });
    assert.is((await ring.find(first))?.name, 'first');
    assert.is(await ring.find(makeKey().key), undefined);
    assert.is(await ring.find('nonsense'), undefined);
    const second = await add({ name: 'second' });
    assert.is((await ring.find(second))?.name, 'second');
    await removeKey(path, 'first');
    assert.is(await ring.find(first), undefined);
    assert.is((await ring.find(second))?.name, 'second');
    await writeFile(path, 'no JSON');
    assert.is((await errorOf(() => ring.find(second))).code, 'KEYS_FILE');
    await rm(path);
    assert.is(await ring.find(second), undefined);
  });
});

test('a key is none from the moment on that it expires', async () => {
  await withKeys(async (ring, _add, path) => {
    const { key, entry } = await addKey(path, {
      name: 'short',
      scope: 'read',
      labels: [],
      expires: new Date(Date.now() + 60_000),
    });
    assert.is((await ring.find(key))?.id, entry.id);
    const file = JSON.parse(await readFile(path, 'utf8'));
    file.keys[0].expires = new Date(Date.now() - 1).toISOString();
    await writeFile(path, JSON.stringify(file));
    assert.is(await ring.find(key), undefined);
  });
});

test('a ring that need not have keys asks for them from when on there are some, and for ever after', async () => {
  await withKeys(async (_ring, add, path) => {
    const ring = new KeyRing(path, { required: false, freshMs: 0 });
    assert.is(await ring.isAsked(), false);
    await add({ name: 'first' });
    assert.is(await ring.isAsked(), true);
    await rm(path);
    assert.is(await ring.isAsked(), true);
  });
});

test.run();

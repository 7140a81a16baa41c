import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../../base/index.ts';
import { databaseUrlWithoutPassword } from '../../../search/postgres/database-url.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';

const test = suite('URL of a database');

test('is shown without its password', () => {
  const shown: [string, string][] = [
    ['postgres://me:secret@host:5433/db', 'postgres://me@host:5433/db'],
    ['postgresql://me:p%40ss%23w%2Frd@host/db', 'postgresql://me@host/db'],
    ['postgres://me:with:colon@host/db', 'postgres://me@host/db'],
    ['postgres://me:100%25@host/db', 'postgres://me@host/db'],
    ['postgres://me:100%@host/db', 'postgres://me@host/db'],
    ['postgres://host/db?user=me&password=secret&sslmode=require', 'postgres://host/db?user=me&sslmode=require'],
    ['postgres://host/db?user=me@server', 'postgres://host/db?user=me%40server'],
    ['postgres://me:secret@host/db?application_name=a@b', 'postgres://me@host/db?application_name=a%40b'],
    ['postgres:///db?host=/var/run/postgresql', 'postgres:///db?host=%2Fvar%2Frun%2Fpostgresql'],
    ['postgres://me:se%63ret@host', 'postgres://me@host'],
  ];
  for (const [url, without] of shown) {
    const result = databaseUrlWithoutPassword(url);
    assert.is(result.replaceAll('%40', '@').replaceAll('%2F', '/'), without.replaceAll('%40', '@').replaceAll('%2F', '/'));
    assert.not.match(result, /secret/);
  }
});

test('F07: one whose password is not percent-encoded is refused, and nothing of it is repeated', async () => {
  const urls = [
    'postgres://me:Top@Se#cret@127.0.0.1:1/db',
    'postgres://me:Top@Secret@127.0.0.1:1/db',
    'postgres://me:Top#Secret@127.0.0.1:1/db',
    'postgres://me:Top/Secret@127.0.0.1:1/db',
    'postgres://me:1/Top@Secret@127.0.0.1:1/db',
    'postgres://me:1/TopSecret@127.0.0.1:1/db',
    'postgres://me:Top?Secret@127.0.0.1:1/db',
    'postgres://me:1?TopSecret@127.0.0.1:1/db',
    'postgres://me:1?Top=Secret@127.0.0.1:1/db',
    'postgres://me:Top%e9Secret@127.0.0.1:1/db',
    'postgres://me:secret@127.0.0.1:Top/Secret',
    'POSTGRES://me:Top@Se#cret@127.0.0.1:1/db',
  ];
  for (const url of urls) {
    for (const use of [async () => databaseUrlWithoutPassword(url), () => openPostgres(url)]) {
      const error = await use().then(
        () => assert.unreachable(url),
        (thrown: unknown) => thrown,
      );
      assert.instance(error, UsageError, url);
      assert.match((error as UsageError).message, /percent-encode the password/);
      assert.not.match(
        JSON.stringify([(error as UsageError).message, (error as UsageError).details, String((error as UsageError).cause)]),
        /top|se#?cret|127\.0/i,
      );
    }
  }
  for (const url of ['mysql://me:secret@localhost/x', 'nothing', 'localhost:5432', '']) {
    assert.throws(
      () => databaseUrlWithoutPassword(url),
      (error: Error) => error instanceof UsageError && !error.message.includes('secret'),
    );
  }
});

test.run();

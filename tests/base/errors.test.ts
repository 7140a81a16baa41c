import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, isCemError, UsageError } from '../../base/errors.ts';

const test = suite('errors');

test('an error of ours is known by its mark, and by its code where one is asked for', () => {
  const error: unknown = new UsageError('INDEX_MISSING', 'there is no index');
  assert.ok(isCemError(error));
  assert.ok(isCemError(error, 'INDEX_MISSING'));
  assert.not.ok(isCemError(error, 'INDEX_FORMAT'));
  for (const other of [new Error('INDEX_MISSING'), { code: 'INDEX_MISSING' }, 'INDEX_MISSING', null, undefined])
    assert.not.ok(isCemError(other));
});

test('those of another copy of the package too, which instanceof does not know', async () => {
  const copy = (await import(new URL('../../base/errors.ts?copy', import.meta.url).href)) as { CemError: typeof CemError };
  const error = new copy.CemError('INDEX_MISSING', 'there is no index');
  assert.not.ok(error instanceof CemError);
  assert.ok(isCemError(error, 'INDEX_MISSING'));
});

test('the mark is not printed with an error', () => {
  assert.equal(Object.getOwnPropertySymbols(new CemError('A', 'b')), []);
});

test.run();

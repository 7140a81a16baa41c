import { availableParallelism } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { threadCount } from '../../../model/kernels/thread-count.ts';

const test = suite('model/kernels/thread-count');
const before = process.env['CEM_THREADS'];

test.after.each(() => {
  if (before === undefined) delete process.env['CEM_THREADS'];
  else process.env['CEM_THREADS'] = before;
});

test('CEM_THREADS, else the cores', () => {
  delete process.env['CEM_THREADS'];
  assert.is(threadCount(), availableParallelism());
  process.env['CEM_THREADS'] = '';
  assert.is(threadCount(), availableParallelism());
  process.env['CEM_THREADS'] = '3';
  assert.is(threadCount(), 3);
});

test('what is no number of threads is refused by name', () => {
  for (const odd of ['0', '-1', '2.5', 'two', 'Infinity']) {
    process.env['CEM_THREADS'] = odd;
    assert.throws(
      () => threadCount(),
      (error: Error & { code?: string }) => error.code === 'THREAD_COUNT' && error.message.includes(`"${odd}"`),
      odd,
    );
  }
});

test.run();

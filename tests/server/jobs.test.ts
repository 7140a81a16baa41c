import { setImmediate } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LOCAL_PRINCIPAL, type Principal, scopesUpTo } from '../../server/access/index.ts';
import type { ChangeResult } from '../../server/collection-service.ts';
import { type Job, Jobs } from '../../server/jobs/index.ts';

const test = suite('jobs');

const RESULT: ChangeResult = { version: 1, at: '2026-01-01T00:00:00.000Z', put: [], removed: 0 };
const user = (name: string): Principal => ({ key: name, name, scopes: scopesUpTo('write'), labels: [] });

/** Work that ends when it is told, and fails when its signal is aborted before. */
function work(principal = LOCAL_PRINCIPAL, bytes = 0) {
  let end: (error?: Error) => void = () => {};
  let tell: (done: number, total: number, stage: string) => void = () => {};
  const run = ({ signal, onProgress }: { signal: AbortSignal; onProgress: typeof tell }) => {
    tell = onProgress;
    return new Promise<ChangeResult>((resolve, reject) => {
      end = (error) => (error ? reject(error) : resolve(RESULT));
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  };
  return {
    given: { collection: 'one', principal, bytes, run },
    end: (error?: Error) => end(error),
    tell: (...progress: Parameters<typeof tell>) => tell(...progress),
  };
}

test('a job is queued, runs, and is done or failed; who follows it sees that', async () => {
  const failures: unknown[] = [];
  const jobs = new Jobs({ onFailure: (error) => failures.push(error) });
  const { given, end, tell } = work();
  const { job, finished } = jobs.start(given);
  assert.is(job.state, 'queued');
  const seen: Job[] = [];
  const following = (async () => {
    for await (const one of jobs.follow(job.id, new AbortController().signal)) seen.push(one);
  })();
  await setImmediate();
  tell(1, 2, 'packing');
  await setImmediate();
  end();
  assert.equal(await finished, RESULT);
  await following;
  assert.equal(
    seen.map(({ state, progress }) => [state, progress.done]),
    [
      ['queued', 0],
      ['running', 1],
      ['done', 2],
    ],
  );
  const other = work();
  const failed = jobs.start(other.given);
  await setImmediate();
  other.end(new TypeError('/secret/path'));
  await failed.finished.then(
    () => assert.unreachable(),
    () => undefined,
  );
  const { state, error } = jobs.get(failed.job.id, LOCAL_PRINCIPAL)!;
  assert.equal([state, error?.code], ['failed', 'INTERNAL']);
  assert.not.match(error!.message, /secret/);
  assert.is(failures.length, 1);
  await jobs.close();
});

test('a job is its own key’s; who leaves while following leaves nothing behind', async () => {
  const jobs = new Jobs();
  const { given, end } = work(user('a'));
  const { job } = jobs.start(given);
  assert.is(jobs.get(job.id, user('b')), undefined);
  assert.is(jobs.get(job.id, user('a'))?.id, job.id);
  assert.is(jobs.get(job.id, LOCAL_PRINCIPAL)?.id, job.id);
  assert.equal(jobs.list(user('b')), []);
  const leaving = new AbortController();
  const following = (async () => {
    for await (const _ of jobs.follow(job.id, leaving.signal));
  })();
  await setImmediate();
  leaving.abort();
  await following;
  end();
  await jobs.close();
});

test('jobs are few: of unfinished ones, of their bytes, and of those that are remembered', async () => {
  const jobs = new Jobs({ remembered: 2, unfinished: 3, unfinishedBytes: 100 });
  const busy = (error: { status: number }) => error.status === 503;
  const works = [work(LOCAL_PRINCIPAL, 90), work(LOCAL_PRINCIPAL, 10), work()];
  const started = works.map(({ given }) => jobs.start(given));
  assert.equal([jobs.unfinished, jobs.bytes], [3, 100]);
  assert.throws(() => jobs.start(work().given), busy);
  await setImmediate();
  for (const { end } of works) end();
  await Promise.all(started.map(({ finished }) => finished));
  assert.is(jobs.list(LOCAL_PRINCIPAL).length, 2);
  assert.is(jobs.get(started[0]!.job.id, LOCAL_PRINCIPAL), undefined);
  // One that is larger than all may be has its turn when nothing else waits.
  const large = work(LOCAL_PRINCIPAL, 1000);
  jobs.start(large.given);
  assert.throws(() => jobs.start(work(LOCAL_PRINCIPAL, 1).given), busy);
  await setImmediate();
  large.end();
  await jobs.close();
});

test('closing takes back what has not begun, and takes nothing on', async () => {
  const jobs = new Jobs();
  const { finished, job } = jobs.start(work().given);
  await setImmediate();
  await jobs.close();
  await finished.then(
    () => assert.unreachable(),
    (error) => assert.is(error.code, 'SERVER_CLOSING'),
  );
  assert.is(jobs.get(job.id, LOCAL_PRINCIPAL)?.error?.code, 'SERVER_CLOSING');
  assert.throws(
    () => jobs.start(work().given),
    (error: { code: string }) => error.code === 'SERVER_CLOSING',
  );
});

test.run();

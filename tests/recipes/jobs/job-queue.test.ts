import { randomBytes, randomUUID } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FileJob } from '../../../recipes/jobs/file-job.ts';
import { type JobLease, JobQueue } from '../../../recipes/jobs/job-queue.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('the queue of jobs');
const database = process.env['CEM_TEST_DATABASE_URL'];

const job = (name: string): FileJob => ({
  kind: 'put',
  path: `docs/${name}`,
  location: `/docs/${name}`,
  bytes: 1,
  root: { name: 'docs', path: '/docs' },
});
const pathsOf = (lease: JobLease | undefined): string[] => (lease?.jobs ?? []).map(({ job: { path } }) => path).sort();
const NOTHING = { aside: new Map(), again: new Map() };

if (database === undefined) {
  test.skip('skipped: CEM_TEST_DATABASE_URL names no server', () => undefined);
} else {
  const open = () => JobQueue.open(database, randomBytes(8).toString('hex'));
  /** Tries are due at once. */
  const hurry = (queue: JobQueue) =>
    queue.query("update cem_jobs.job set start_after = now() - interval '1 second' where name = $1", [queue.name]);

  test('a path waits once; two workers get different jobs; a lease ends once', async () => {
    await using queue = await open();
    assert.is(await queue.add(['a', 'b', 'c'].map(job)), 3);
    assert.is(await queue.add(['b', 'd'].map(job)), 1);
    const [one, two] = [(await queue.take(randomUUID(), 2))!, (await queue.take(randomUUID(), 9))!];
    assert.equal([pathsOf(one).length, [...pathsOf(one), ...pathsOf(two)].sort()], [2, ['docs/a', 'docs/b', 'docs/c', 'docs/d']]);
    assert.is(await queue.take(randomUUID(), 9), undefined);
    // One that is being done may wait again: its file may have changed since.
    assert.is(await queue.add([job('a')]), 1);
    await queue.transaction((query) => queue.finish(query, one, NOTHING));
    assert.is((await errorOf(() => queue.transaction((query) => queue.finish(query, one, NOTHING)))).code, 'JOBS_TAKEN');
    await queue.release(two);
    assert.is(await queue.unfinished(), 3);
    const again = (await queue.take(randomUUID(), 9))!;
    assert.ok(again.jobs.every(({ tries }) => tries === 0));
  });

  test('what ends in a transaction that fails goes on', async () => {
    await using queue = await open();
    await queue.add([job('a')]);
    const lease = (await queue.take(randomUUID(), 1))!;
    const failing = queue.transaction(async (query) => {
      await queue.finish(query, lease, NOTHING);
      throw new Error('no commit');
    });
    await failing.catch(() => undefined);
    assert.is(await queue.unfinished(), 1);
    await queue.transaction((query) => queue.finish(query, lease, NOTHING));
    assert.is(await queue.unfinished(), 0);
  });

  test('a worker that is killed again and again: from the third time on jobs go one by one, then the one that kills it is set aside', async () => {
    await using queue = await open();
    await queue.add(['good', 'poison', 'well'].map(job));
    const done: string[] = [];
    const sizes: number[] = [];
    for (let kills = 0; kills < 20 && (await queue.unfinished()) > 0; kills++) {
      const worker = randomUUID();
      await queue.tell(worker, 'works', 0);
      await hurry(queue);
      const lease = (await queue.take(worker, 9))!;
      sizes.push(lease.jobs.length);
      if (!pathsOf(lease).includes('docs/poison')) {
        done.push(...pathsOf(lease));
        await queue.transaction((query) => queue.finish(query, lease, NOTHING));
        await queue.leave(worker);
        continue;
      }
      await queue.query("update cem_jobs.worker set seen = now() - interval '1 minute' where id = $1", [worker]);
      assert.is(await queue.takeFromSilent(30), 1);
      assert.is((await errorOf(() => queue.release(lease))).code, 'JOBS_TAKEN');
    }
    assert.equal(
      [done.sort(), sizes.slice(0, 2), sizes.slice(2)],
      [['docs/good', 'docs/well'], [3, 3], sizes.slice(2).map(() => 1)],
    );
    const aside = await queue.query<{ data: { job: FileJob; failure: { code: string } } }>(
      'select data from cem_jobs.job where name = $1',
      [queue.asideName],
    );
    assert.equal(
      aside.map(({ data }) => [data.job.path, data.failure.code]),
      [['docs/poison', 'WORKER_LOST']],
    );
    assert.is(await queue.retryAside(), 1);
    assert.equal(pathsOf(await queue.take(randomUUID(), 9)), ['docs/poison']);
  });
}

test.run();

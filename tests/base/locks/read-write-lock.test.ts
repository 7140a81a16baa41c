import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers, ReadWriteLock } from '../../../base/index.ts';

const test = suite('a lock of readers and a writer');

/** Lets everything go on that can. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('many share it, one has it alone, and who waits to have it alone comes before later shares', async () => {
  const lock = new ReadWriteLock();
  const told: string[] = [];
  const [first, second] = [await lock.share(), await lock.share()];
  const alone = lock.alone(async () => {
    told.push('alone');
    await turn();
    told.push('alone ends');
  });
  const later = lock.share().then((release) => {
    told.push('later share');
    release();
  });
  await turn();
  assert.equal(told, []);
  first();
  first();
  await turn();
  assert.equal(told, [], 'a share that is given back twice counts once');
  second();
  await Promise.all([alone, later]);
  assert.equal(told, ['alone', 'alone ends', 'later share']);
});

test('a body that fails gives it back', async () => {
  const lock = new ReadWriteLock();
  await lock
    .alone(async () => {
      throw new RangeError('stop');
    })
    .then(
      () => assert.unreachable(),
      (error: unknown) => assert.instance(error, RangeError),
    );
  (await lock.share())();
  assert.is(await lock.alone(async () => 7), 7);
});

test('whatever comes when: never a reader beside the writer, and nobody waits for ever', async () => {
  const random = new RandomNumbers(5, 'read-write lock');
  const lock = new ReadWriteLock();
  let [readers, writers] = [0, 0];
  const waits = async () => {
    for (let turns = random.integer(4); turns > 0; turns--) await turn();
  };
  const tasks = Array.from({ length: 200 }, async () => {
    await waits();
    if (random.integer(3) > 0) {
      const release = await lock.share();
      readers++;
      assert.is(writers, 0);
      await waits();
      readers--;
      release();
      return;
    }
    await lock.alone(async () => {
      writers++;
      assert.equal([readers, writers], [0, 1]);
      await waits();
      writers--;
    });
  });
  await Promise.all(tasks);
  assert.equal([readers, writers], [0, 0]);
});

test.run();

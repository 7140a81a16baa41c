import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ChangeQueue } from '../../../recipes/collections/change-queue.ts';

const test = suite('a queue of changes');

const turn = () => new Promise((resolve) => setImmediate(resolve));

interface Gate {
  readonly open: () => void;
  readonly opened: Promise<void>;
}

function gate(): Gate {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test('what waits while a change is made is taken together, in order', async () => {
  const groups: string[][] = [];
  let current = gate();
  const queue = new ChangeQueue<string, string>({
    apply: async (changes) => {
      groups.push([...changes]);
      await current.opened;
      return changes.map((change) => change.toUpperCase());
    },
    afterwards: async () => {},
  });
  const add = (name: string) => queue.add(async () => name, { touches: new Set([name]), signal: undefined });
  const first = add('a');
  await turn();
  const rest = [add('b'), add('c'), add('d')];
  await turn();
  assert.equal(groups, [['a']]);
  current.open();
  current = gate();
  current.open();
  assert.equal(await Promise.all([first, ...rest]), ['A', 'B', 'C', 'D']);
  assert.equal(groups, [['a'], ['b', 'c', 'd']]);
  await queue.idle();
  assert.ok(queue.isIdle);
});

test('one that is ready overtakes others, unless they touch the same; what touches all waits for all', async () => {
  const groups: string[][] = [];
  const queue = new ChangeQueue<string, string>({
    apply: async (changes) => {
      groups.push([...changes]);
      return changes;
    },
    afterwards: async () => {},
  });
  const slow = gate();
  const prepared = async (name: string) => name;
  const all = [
    queue.add(() => slow.opened.then(() => 'slow x'), { touches: new Set(['x']), signal: undefined }),
    queue.add(() => prepared('y'), { touches: new Set(['y']), signal: undefined }),
    queue.add(() => prepared('x again'), { touches: new Set(['x', 'z']), signal: undefined }),
    queue.add(() => prepared('z'), { touches: new Set(['z']), signal: undefined }),
    queue.add(() => prepared('all'), { touches: 'all', signal: undefined }),
    queue.add(() => prepared('w'), { touches: new Set(['w']), signal: undefined }),
  ];
  await turn();
  assert.equal(groups, [['y']]);
  slow.open();
  await Promise.all(all);
  assert.equal(groups, [['y'], ['slow x', 'x again', 'z', 'all', 'w']]);
});

test('a failure of some is the failure of those only that fail by themselves', async () => {
  const applied: string[] = [];
  const blocked = gate();
  let calls = 0;
  const queue = new ChangeQueue<string, string>({
    apply: async (changes) => {
      if (calls++ === 0) await blocked.opened;
      if (changes.includes('bad')) throw new RangeError('bad');
      applied.push(...changes);
      return changes;
    },
    afterwards: async () => {},
  });
  const add = (name: string) => queue.add(async () => name, { touches: new Set([name]), signal: undefined });
  const first = add('first');
  await turn();
  const others = ['a', 'bad', 'b'].map(add);
  await turn();
  blocked.open();
  const settled = await Promise.allSettled([first, ...others]);
  assert.equal(
    settled.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(applied, ['first', 'a', 'b']);
});

test('what cannot be prepared, or is aborted before its turn, holds nothing up', async () => {
  const applied: string[] = [];
  const blocked = gate();
  const queue = new ChangeQueue<string, string>({
    apply: async (changes) => {
      applied.push(...changes);
      if (applied.length === 1) await blocked.opened;
      return changes;
    },
    afterwards: async () => {},
  });
  const abort = new AbortController();
  const first = queue.add(async () => 'first', { touches: new Set(['f']), signal: undefined });
  await turn();
  const outcomes = Promise.allSettled([
    queue.add(async () => Promise.reject(new RangeError('no')), { touches: 'all', signal: undefined }),
    queue.add(async () => 'aborted', { touches: new Set(['a']), signal: abort.signal }),
    queue.add(async () => 'last', { touches: new Set(['l']), signal: undefined }),
  ]);
  await turn();
  abort.abort(new RangeError('enough'));
  blocked.open();
  assert.equal(
    (await outcomes).map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  );
  await first;
  assert.equal(applied, ['first', 'last']);
  await queue.idle();
});

test.run();

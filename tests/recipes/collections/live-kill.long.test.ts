import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { type CollectionsPlace, collectionsPlace, liveContentOf, openPlace } from './open-collections.ts';
import { contentOf, PART_NUMBERS, sourceOf } from './put-sequence.ts';

const test = suite('kill -9 while documents are put');

/** `CEM_KILLS=100` for more; each takes seconds, since a process loads everything anew. */
const KILLS = Number(process.env['CEM_KILLS'] ?? 12);
const SEED = Number(process.env['CEM_SEED'] ?? 1);
/** A step says about fifteen times what it is at. */
const MOST_WORDS = 60;
const LONGEST_WAIT_MS = 60;

let place: CollectionsPlace;
test.before(async () => {
  place = await collectionsPlace();
});
test.after(() => place.remove());

interface Told {
  /** The step that was begun last. */
  readonly begun: number;
  /** The last step whose change of a part was acknowledged, by part. */
  readonly acknowledged: Map<number, number>;
}

async function putAndKill(first: number, words: number, wait: number): Promise<Told> {
  const script = fileURLToPath(new URL('./put-forever.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, place.folder, place.checkpoint, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const acknowledged = new Map<number, number>();
  let [begun, heard] = [first, 0];
  for await (const line of createInterface({ input: child.stdout })) {
    const [step, what, part] = line.split(' ');
    begun = Number(step);
    if (what === 'acknowledged') acknowledged.set(Number(part), begun);
    if (++heard === words) void setTimeout(wait).then(() => child.kill('SIGKILL'));
  }
  await closed;
  assert.is(child.signalCode, 'SIGKILL', 'it was still at work');
  return { begun, acknowledged };
}

test(`after each of ${KILLS} kills all that was acknowledged is there, and nothing twice`, async () => {
  const random = new RandomNumbers(SEED, 'kills of changes');
  {
    await using collections = await openPlace(place);
    await collections.create('killed');
  }
  /** The step of each part that the collection was left in. */
  const steps = new Map(PART_NUMBERS.map((part) => [part, -1]));
  let next = 0;
  let undone = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const { begun, acknowledged } = await putAndKill(next, 1 + random.integer(MOST_WORDS), LONGEST_WAIT_MS * random.uniform());
    {
      // Opening it to write settles what the kill left, which must not change what is there.
      await using collections = await openPlace(place);
      const live = await collections.get('killed');
      const { documents, version } = await live.describe();
      if (version === 0) assert.is(documents, 0);
      const found = await live.search('beacon', { k: 50, labels: 'everything', retrievers: 'bm25' });
      assert.is(new Set(found.map(({ text }) => text)).size, found.length, 'nothing is found twice');
      assert.is(found.length, documents);
    }
    const least = (part: number): number => acknowledged.get(part) ?? steps.get(part)!;
    if (PART_NUMBERS.every((part) => least(part) < 0)) {
      // Nothing was acknowledged yet, and perhaps nothing was ever committed.
      const content = await liveContentOf(join(place.folder, 'killed')).catch(() => new Map<string, string[]>());
      if (content.size === 0) continue;
    }
    const content = await liveContentOf(join(place.folder, 'killed'));
    for (const part of PART_NUMBERS) {
      const there = new Map(
        [...content].filter(([source]) => source.startsWith(`part${part}-`)).map(([source, [text]]) => [source, text!]),
      );
      const same = (step: number): boolean =>
        JSON.stringify([...there].sort()) === JSON.stringify(step < 0 ? [] : [...contentOf(part, step)].sort());
      const reached = [begun, begun - 1, least(part)].find((step) => step >= least(part) && same(step));
      assert.ok(
        reached !== undefined,
        `kill ${kill} of seed ${SEED}: part ${part}, of which step ${least(part)} was acknowledged and ${begun} begun, has ${JSON.stringify([...there])}`,
      );
      if (reached < begun) undone++;
      steps.set(part, reached);
    }
    // The next process begins with the step that not all parts reached: what is there as it is put is no change.
    const lowest = Math.min(...steps.values());
    next = Math.max(0, lowest === begun ? begun + 1 : begun);
    if (lowest < begun) {
      await using collections = await openPlace(place);
      const live = await collections.get('killed');
      // Parts that fell behind are taken to the step before, from which all begin.
      for (const part of PART_NUMBERS) {
        const wanted = next > 0 ? contentOf(part, next - 1) : new Map<string, string>();
        const remove = Array.from({ length: 4 }, (_, place) => sourceOf(place, part)).filter((source) => !wanted.has(source));
        await live.change({
          put: Array.from(wanted, ([source, content]) => ({ source, content })),
          remove: remove.map((source) => ({ source })),
        });
        steps.set(part, next - 1);
      }
    }
  }
  process.stdout.write(`${KILLS} kills up to step ${next}: ${undone} changes of parts had not counted\n`);
});

test.run();

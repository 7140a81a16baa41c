import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { verifyCorpus } from '../../../data/index.ts';
import { CollectionFolder } from '../../../rag/index.ts';
import { objectStoreMissing, startObjectStore } from '../../fixtures/object-store.ts';
import { type CollectionsPlace, collectionsPlace, openPlace } from './open-collections.ts';
import { sharedDocument } from './shared-documents.ts';

const test = suite('processes that put into a shared collection, and are killed');

/** `CEM_SHARED_DOCUMENTS=20000 CEM_KILLS=50` for the whole; each kill takes seconds, since a process loads everything anew. */
const DOCUMENTS = Number(process.env['CEM_SHARED_DOCUMENTS'] ?? 60);
const KILLS = Number(process.env['CEM_KILLS'] ?? 4);
const SEED = Number(process.env['CEM_SEED'] ?? 1);
const LONGEST_WAIT_MS = 3_000;

const database = process.env['CEM_TEST_DATABASE_URL'];
const missing = database === undefined ? 'CEM_TEST_DATABASE_URL names no server' : await objectStoreMissing();

if (missing !== undefined) {
  test.skip(`skipped: ${missing}`, () => undefined);
  console.log(`processes that put into a shared collection: skipped, ${missing}`);
} else {
  let stop = (): void => undefined;
  let place: CollectionsPlace;
  test.before(async () => {
    ({ stop } = await startObjectStore());
    place = await collectionsPlace();
  });
  test.after(async () => {
    await place.remove();
    stop();
  });

  const machineOf = (name: string): string => join(place.folder, name);

  /** One machine that puts what is left of its part; `killAfter`: milliseconds after it is ready, it is killed. Gives when it was ready. */
  async function putSome(segments: string, machine: string, left: Set<number>, killAfter?: number): Promise<number> {
    const script = fileURLToPath(new URL('./put-shared.ts', import.meta.url));
    const words = [machineOf(machine), place.checkpoint, segments, JSON.stringify([...left])];
    const child = spawn(process.execPath, ['--import', 'tsx', script, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    let ready = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line !== 'ready') for (const number of JSON.parse(line) as number[]) left.delete(number);
      else {
        ready = performance.now();
        if (killAfter !== undefined) void wait(killAfter).then(() => child.kill('SIGKILL'));
      }
    }
    const [code] = (await closed) as [number | null];
    if (code !== 0 && child.signalCode !== 'SIGKILL') throw new Error(`a process that puts ended with ${code}`);
    return ready;
  }

  /** Every document once, and the same results on each machine. */
  async function check(segments: string, machines: readonly string[]): Promise<void> {
    const wanted = Array.from({ length: DOCUMENTS }, (_, number) => `uploads/${number}.txt`).sort();
    const answers: string[] = [];
    for (const machine of machines) {
      await using collections = await openPlace({ ...place, folder: machineOf(machine) }, { database: database!, segments });
      const live = await collections.get('shared');
      const results = [];
      for (let number = 0; number < DOCUMENTS; number += Math.ceil(DOCUMENTS / 20))
        results.push(await live.search(sharedDocument(number).content, { k: 10, labels: 'everything', retrievers: 'hybrid' }));
      answers.push(JSON.stringify(results));
    }
    assert.is(new Set(answers).size, 1);
    await using folder = await CollectionFolder.openForSearch(join(machineOf(machines[0]!), 'shared'), { database: database! });
    const { files } = await folder.sources();
    assert.equal(files.map(({ path }) => path).sort(), wanted);
    const corpus = (await folder.openCorpus())!;
    const units = files.flatMap(({ documents }) =>
      documents.flatMap(([id, count]) => Array.from({ length: count }, (_, unit) => `${id}-${unit}`)),
    );
    assert.equal([...corpus.ids()].sort(), units.sort());
    assert.is((await verifyCorpus(corpus)).failed, 0);
    assert.is((await folder.store.count()).documents, units.length);
    await corpus.close();
  }

  const partOf = (machine: number, machines: number): Set<number> =>
    new Set(Array.from({ length: DOCUMENTS }, (_, number) => number).filter((number) => number % machines === machine));

  for (const machines of [1, 2, 3]) {
    test(`${machines} at once: every document in once`, async () => {
      const segments = `s3://bucket/workers-${process.pid}-${machines}`;
      const names = Array.from({ length: machines }, (_, machine) => `${machines}-${machine}`);
      {
        await using collections = await openPlace(
          { ...place, folder: machineOf(`maker-${machines}`) },
          { database: database!, segments },
        );
        await collections.create('shared');
      }
      const ready = await Promise.all(names.map((name, machine) => putSome(segments, name, partOf(machine, machines))));
      const seconds = (performance.now() - Math.min(...ready)) / 1000;
      console.log(`${machines} at once: ${(DOCUMENTS / seconds).toFixed(1)} documents/s`);
      await check(segments, names);
    });
  }

  test(`three at once, killed ${KILLS} times: every document in once, searches answered throughout, the same results on each`, async () => {
    const segments = `s3://bucket/killed-${process.pid}`;
    const random = new RandomNumbers(SEED, 'kills of machines');
    const server = await openPlace({ ...place, folder: machineOf('server') }, { database: database!, segments });
    await server.create('shared');
    const live = await server.get('shared');
    const names = ['a', 'b', 'c'];
    let kills = KILLS;
    const work = async (name: string, machine: number): Promise<void> => {
      const left = partOf(machine, names.length);
      while (left.size > 0) await putSome(segments, name, left, kills-- > 0 ? random.integer(LONGEST_WAIT_MS) : undefined);
    };
    let working = true;
    let searches = 0;
    const search = async (): Promise<void> => {
      while (working) {
        const found = await live.search('beacon', { k: 20, labels: 'everything', retrievers: 'bm25' });
        assert.is(new Set(found.map(({ document }) => document)).size, found.length);
        for (const { text } of found) assert.match(text, /^Beacon \d+\./);
        searches++;
      }
    };
    const searching = search();
    await Promise.all(names.map(work)).finally(() => {
      working = false;
    });
    await searching;
    console.log(`${KILLS} kills, ${searches} searches meanwhile`);
    await server.close();
    await check(segments, names);
  });
}

test.run();

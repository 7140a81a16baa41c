import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { readSharedManifest } from '../../../rag/index.ts';
import { type Host, networkMissing } from '../../fixtures/network-hosts.ts';
import { objectStoreMissing, useS3Packages } from '../../fixtures/object-store.ts';
import { wordsOf } from '../ingest/file-sequence.ts';
import { saveIngestStudent } from '../ingest/student.ts';
import { checkFiles } from './shared-check.ts';
import { openHosts, outputOf } from './shared-hosts.ts';

const test = suite('three machines with workers and servers, one with database and object store');

/** `CEM_HOSTS_DOCUMENTS=20000 CEM_HOSTS_SPEED=20000 CEM_HOSTS_KILLS=50 CEM_HOSTS_CUT=20` for the whole. */
const DOCUMENTS = Number(process.env['CEM_HOSTS_DOCUMENTS'] ?? 40);
/** Documents of each collection by which the speed is measured; it is not unless they are given. */
const SPEED = Number(process.env['CEM_HOSTS_SPEED'] ?? 0);
const KILLS = Number(process.env['CEM_HOSTS_KILLS'] ?? 2);
/** Seconds without network on one machine. */
const CUT = Number(process.env['CEM_HOSTS_CUT'] ?? 8);
const BATCH = process.env['CEM_HOSTS_BATCH'] ?? '16';
/** A checkpoint to encode with; one that is not trained, with vectors of 8 values, unless given. */
const CHECKPOINT = process.env['CEM_HOSTS_CHECKPOINT'];
const SEED = Number(process.env['CEM_SEED'] ?? 1);
const LONGEST_WAIT_MS = 4_000;
const MACHINES = 3;

const missing = (await networkMissing()) ?? (await objectStoreMissing());

if (missing !== undefined) {
  test.skip(`skipped: ${missing}`, () => undefined);
  console.log(`three machines with workers and servers: skipped, ${missing}`);
} else {
  let place: string;
  let checkpoint: string;
  let machines: Awaited<ReturnType<typeof openHosts>>;
  test.before(async () => {
    useS3Packages();
    place = await mkdtemp(join(tmpdir(), 'cem-hosts-'));
    checkpoint = CHECKPOINT ?? join(place, 'run');
    if (CHECKPOINT === undefined) await saveIngestStudent(checkpoint);
    machines = await openHosts(place, MACHINES);
  });
  test.after(async () => {
    await machines?.remove();
    await rm(place, { recursive: true, force: true });
  });

  const sharedAt = (name: string) => ({ database: machines.database, segments: `s3://bucket/all/${name}` });
  const placeOptions = (name: string): string[] => Object.entries(sharedAt(name)).flatMap(([key, value]) => [`--${key}`, value]);

  async function writeDocuments(name: string, count: number): Promise<string> {
    const folder = join(place, name);
    await mkdir(folder, { recursive: true });
    for (let number = 0; number < count; number++) {
      const sentences = Array.from({ length: 8 }, (_, sentence) => wordsOf(number % 97, number, sentence));
      await writeFile(join(folder, `${number}.md`), `# Beacon ${number}\n\n${sentences.join(' ')}\n`);
    }
    return folder;
  }

  /** Leaves so many new documents to the workers of a new collection. */
  async function queueDocuments(name: string, count: number): Promise<void> {
    const folder = await writeDocuments(name, count);
    const into = join(place, `${name}-queue`);
    const words = [
      'ingest',
      folder,
      '--into',
      into,
      ...placeOptions(name),
      '--queue',
      '--checkpoint',
      checkpoint,
      '--backend',
      'cpu',
    ];
    const { output } = await outputOf(machines.cem(machines.hosts[0]!, [...words, '--json']));
    assert.is(JSON.parse(output).queued, count);
  }

  const startWorker = (host: Host, name: string, ...more: string[]): ChildProcess =>
    machines.cem(host, [
      ...['worker', ...placeOptions(name), '--batch', BATCH, '--silence', '15', '--checkpoint', checkpoint],
      ...['--ocr-models', 'none', '--backend', process.env['CEM_HOSTS_BACKEND'] ?? 'cpu', ...more],
    ]);

  const pathsOf = (name: string, count: number): string[] => Array.from({ length: count }, (_, number) => `${name}/${number}.md`);

  async function ask<Row extends object>(statement: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = new pg.Client(machines.database);
    await client.connect();
    try {
      return (await client.query<Row>(statement, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /** Jobs of a collection by their state. */
  async function states(name: string): Promise<Record<string, number>> {
    const { id } = (await readSharedManifest(sharedAt(name).segments))!;
    const rows = await ask<{ state: string; count: number }>(
      'select state::text as state, count(*)::integer as count from cem_jobs.job where name = $1 group by state',
      [`cem_${id}`],
    );
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  if (SPEED > 0) {
    for (const count of [1, 2, 3]) {
      test(`${count} workers: every document in once`, async () => {
        const name = `speed-${count}`;
        await queueDocuments(name, SPEED);
        const workers = machines.hosts.slice(0, count).map((host) => outputOf(startWorker(host, name, '--until-done', '--json')));
        const told = (await Promise.all(workers)).map(
          ({ output }) => JSON.parse(output) as { turn_seconds: number; commits: number },
        );
        const sum = (key: 'turn_seconds' | 'commits'): number => told.reduce((all, one) => all + one[key], 0);
        assert.equal(await states(name), { completed: SPEED });
        const { id } = (await readSharedManifest(sharedAt(name).segments))!;
        const [took] = await ask<{ seconds: number }>(
          'select extract(epoch from max(completed_on) - min(started_on))::float8 as seconds from cem_jobs.job where name = $1',
          [`cem_${id}`],
        );
        const rate = SPEED / took!.seconds;
        console.log(
          `${count} workers: ${rate.toFixed(2)} documents/s from the first that was taken to the last; ${sum('commits')} commits, ${sum('turn_seconds').toFixed(1)} of ${took!.seconds.toFixed(1)} s in a turn (load ${loadavg()[0]!.toFixed(1)})`,
        );
        await checkFiles({ folder: join(place, `${name}-check`), ...sharedAt(name) }, pathsOf(name, SPEED));
      });
    }
  }

  test(`workers are killed ${KILLS} times, one machine is cut off for ${CUT} s: every document in once, searches answered throughout, the same results on each`, async () => {
    const name = 'main';
    const random = new RandomNumbers(SEED, 'kills of workers on machines');
    await queueDocuments(name, DOCUMENTS);
    const servers = await Promise.all(machines.hosts.map((host) => startServer(host)));
    let [landed, working] = [0, true];
    const isLeft = async (): Promise<boolean> => {
      const { created = 0, retry = 0, active = 0 } = await states(name);
      return created + retry + active > 0;
    };
    const work = async (host: Host): Promise<void> => {
      while (working) {
        const worker = startWorker(host, name);
        const ended = outputOf(worker);
        if (landed < KILLS) {
          // Its first line says that it begins.
          await Promise.race([once(worker.stderr!, 'data'), once(worker, 'close')]);
          await wait(random.integer(LONGEST_WAIT_MS));
          if (landed < KILLS && worker.exitCode === null && worker.kill('SIGKILL')) landed++;
        }
        while (working && worker.exitCode === null && worker.signalCode === null) await wait(200);
        worker.kill('SIGTERM');
        await ended;
      }
    };
    const answered = machines.hosts.map(() => 0);
    const cut = new Set<number>();
    const search = async (number: number): Promise<void> => {
      while (working) {
        const wasCut = cut.has(number);
        try {
          const found = await searchAt(servers[number]!.address, { query: 'beacon', k: 20, retrievers: 'bm25' });
          assert.is(new Set(found.map(({ text }) => text)).size, found.length);
          for (const { text } of found) assert.match(text, /Beacon \d+/);
          answered[number]!++;
        } catch (error) {
          await wait(200);
          // Who is cut off need not answer.
          if (!wasCut && !cut.has(number)) throw error;
        }
      }
    };
    const cutOff = async (): Promise<void> => {
      await wait(1_000);
      const host = machines.hosts[1]!;
      const before = [...answered];
      cut.add(1);
      await machines.network.plug(host, false);
      await wait(CUT * 1000);
      await machines.network.plug(host, true);
      const meanwhile = answered.map((count, number) => count - before[number]!);
      console.log(`searches answered in the ${CUT} s without machine 1: ${meanwhile.join(', ')}`);
      assert.ok(meanwhile[0]! > 0 && meanwhile[2]! > 0);
      // Connections that waited take a while to find their way again.
      const again = answered[1]!;
      while (working && answered[1] === again) await wait(200);
      cut.delete(1);
    };
    const parts = [...machines.hosts.map(work), ...machines.hosts.map((_, number) => search(number))];
    const cutting = CUT > 0 ? cutOff() : Promise.resolve();
    const failed = Promise.all(parts);
    failed.catch(() => {
      working = false;
    });
    try {
      while (working && ((await isLeft()) || landed < KILLS)) await wait(500);
      await cutting;
    } finally {
      working = false;
      await failed;
    }
    console.log(`${landed} kills landed; searches answered: ${answered.join(', ')} (load ${loadavg()[0]!.toFixed(1)})`);
    assert.equal(await states(name), { completed: DOCUMENTS });
    const queries = ['beacon', 'anchor derrick', `Beacon ${DOCUMENTS - 1}`];
    const answers = await Promise.all(
      servers.map(({ address }) =>
        Promise.all(queries.map((query) => searchAt(address, { query, k: 10, retrievers: 'hybrid' }))),
      ),
    );
    assert.is(new Set(answers.map((one) => JSON.stringify(one))).size, 1);
    for (const { address } of servers) {
      const figures = await (await fetch(`${address}/metrics`)).text();
      const [, completed] = /^cem_worker_jobs\{state="completed"\} (\d+)$/m.exec(figures) ?? [];
      assert.ok(Number(completed) >= DOCUMENTS, figures);
    }
    for (const { child } of servers) child.kill('SIGTERM');
    await Promise.all(servers.map(({ ended }) => ended));
    await checkFiles({ folder: join(place, `${name}-check`), ...sharedAt(name) }, pathsOf(name, DOCUMENTS));
  });

  async function startServer(host: Host) {
    const folder = join(place, `server-${host.name}`);
    const { database } = machines;
    const child = machines.cem(host, [
      ...['serve', '--collections', folder, '--database', database, '--segments', 's3://bucket/all', '--checkpoint', checkpoint],
      ...['--host', host.address, '--port', '8080', '--insecure', '--log', 'silent', '--backend', 'cpu'],
    ]);
    const ended = outputOf(child);
    const address = `http://${host.address}:8080`;
    for (let attempt = 0; attempt < 600; attempt++) {
      if (
        await fetch(`${address}/health`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return { child, ended, address };
      await wait(100);
    }
    throw new Error('a server does not answer');
  }
}

async function searchAt(address: string, body: object): Promise<{ readonly text: string; readonly score: number }[]> {
  const answer = await fetch(`${address}/v1/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ collection: 'main', ...body }),
    signal: AbortSignal.timeout(60_000),
  });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${said}`);
  return JSON.parse(said).results.map(({ text, score }: { text: string; score: number }) => ({ text, score }));
}

test.run();

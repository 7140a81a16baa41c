import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ingest } from '../../../recipes/ingest/index.ts';
import { JobCounter, queueIngestion, readJobs, retryJobs, runWorker, type WorkerOptions } from '../../../recipes/jobs/index.ts';
import { openCollection } from '../../../recipes/search/index.ts';
import { objectStoreMissing, startObjectStore } from '../../fixtures/object-store.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { saveIngestStudent } from '../ingest/student.ts';
import { answersOf, checkFiles, machineIn } from './shared-check.ts';

const test = suite('workers of a shared collection');

const database = process.env['CEM_TEST_DATABASE_URL'];
const missing = database === undefined ? 'CEM_TEST_DATABASE_URL names no server' : await objectStoreMissing();

if (missing !== undefined) {
  test.skip(`skipped: ${missing}`, () => undefined);
  console.log(`workers of a shared collection: skipped, ${missing}`);
} else {
  let store = { address: '', stop: (): void => undefined };
  let place: string;
  let checkpoint: string;
  test.before(async () => {
    store = await startObjectStore();
    place = await mkdtemp(join(tmpdir(), 'cem-jobs-'));
    checkpoint = join(place, 'run');
    await saveIngestStudent(checkpoint);
  });
  test.after(async () => {
    await rm(place, { recursive: true, force: true });
    store.stop();
  });

  const sharedAt = (name: string) => ({ database: database!, segments: `s3://bucket/jobs-${process.pid}/${name}` });
  const write = async (name: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> => {
    const folder = join(place, 'files', name);
    await mkdir(folder, { recursive: true });
    for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content);
    return folder;
  };
  const queue = (name: string, folder: string) =>
    queueIngestion({ ...sharedAt(name), paths: [folder], into: join(place, `${name}-queue`), checkpoint, backend: 'cpu' });
  const work = (name: string, options: Partial<WorkerOptions> = {}) =>
    runWorker({ ...sharedAt(name), backend: 'cpu', untilDone: true, ocrModels: 'none', ...options });

  const herons = Object.fromEntries(
    Array.from({ length: 12 }, (_, number) => [`${number}.md`, `# Heron ${number}\n\nThe heron of file ${number}.`]),
  );

  test('what waits is done once, by as many as there are; the result is that of cem ingest', async () => {
    const folder = await write('birds', herons);
    const paths = Object.keys(herons).map((file) => `birds/${file}`);
    const queued = await queue('birds', folder);
    assert.equal([queued.queued, queued.files.added, queued.problems], [12, 12, []]);
    // What waits is not put in again.
    assert.is((await queue('birds', folder)).queued, 0);
    assert.equal((await readJobs(sharedAt('birds'))).jobs.waiting, 12);
    // Of all collections of the database, those of other tests among them.
    await using counter = await JobCounter.open(database!);
    const before = await counter.counts();
    assert.ok(before.waiting >= 12, JSON.stringify(before));
    const done = await Promise.all([work('birds', { batch: 3 }), work('birds', { batch: 2 })]);
    assert.is(
      done.reduce((sum, { jobs }) => sum + jobs, 0),
      12,
    );
    const report = await readJobs(sharedAt('birds'));
    assert.equal(report.jobs, { waiting: 0, retrying: 0, active: 0, completed: 12, setAside: 0 });
    assert.equal([report.workers, report.setAside], [[], []]);
    assert.ok((await counter.counts()).completed >= 12);
    const [one, two] = [machineIn(place, 'birds-one', sharedAt('birds')), machineIn(place, 'birds-two', sharedAt('birds'))];
    await checkFiles(one, paths);
    const queries = ['heron of file 7', 'The heron'];
    assert.is(await answersOf(one, queries), await answersOf(two, queries));
    // The same files, ingested by themselves: nothing to do.
    const again = await ingest({ ...sharedAt('birds'), paths: [folder], into: one.folder, checkpoint, backend: 'cpu' });
    assert.equal([again.files.unchanged, again.files.added, again.files.changed], [12, 0, 0]);
  });

  test('files that changed and that are gone', async () => {
    const folder = await write('birds', { '3.md': '# Gull\n\nA gull.' });
    await rm(join(folder, '4.md'));
    const { files, queued } = await queue('birds', folder);
    assert.equal([files.changed, files.gone, queued], [1, 1, 2]);
    await work('birds');
    const machine = machineIn(place, 'birds-one', sharedAt('birds'));
    await checkFiles(
      machine,
      Object.keys(herons).flatMap((file) => (file === '4.md' ? [] : [`birds/${file}`])),
    );
    await using searcher = await openCollection(machine.folder, { ...sharedAt('birds'), retrievers: 'bm25' });
    assert.equal(
      (await searcher.search('gull', { k: 9 })).map(({ text }) => text.trim()),
      ['# Gull\n\nA gull.'],
    );
    assert.equal(await searcher.search('file 4', { k: 1 }).then(([hit]) => hit?.text.includes('file 4')), false);
  });

  test('a file that cannot be read is set aside with its reason, and tried again when somebody says so', async () => {
    const folder = await write('mixed', { 'a.md': '# Heron\n\nA heron.', 'b.docx': Buffer.from('PK\x03\x04 no archive') });
    await queue('mixed', folder);
    assert.equal((await work('mixed')).setAside, 1);
    const machine = machineIn(place, 'mixed-one', sharedAt('mixed'));
    await checkFiles(machine, ['mixed/a.md']);
    const report = await readJobs(sharedAt('mixed'));
    assert.equal([report.jobs.completed, report.jobs.setAside], [2, 1]);
    const [aside] = report.setAside;
    assert.is(aside!.path, 'mixed/b.docx');
    assert.match(aside!.code, /^PARSE_/);
    await writeFile(join(folder, 'b.docx'), 'Now it is plain text.');
    assert.equal(await retryJobs(sharedAt('mixed')), { retried: 1 });
    assert.is((await readJobs(sharedAt('mixed'))).jobs.waiting, 1);
    await work('mixed');
    assert.is((await readJobs(sharedAt('mixed'))).jobs.setAside, 1);
  });

  test('a worker that is stopped gives back what it has not begun to commit', async () => {
    const folder = await write('stopped', herons);
    await queue('stopped', folder);
    const stop = new AbortController();
    const working = work('stopped', { batch: 1, untilDone: false, signal: stop.signal });
    while ((await readJobs(sharedAt('stopped'))).jobs.completed === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    stop.abort(new Error('stopped'));
    const { jobs } = await working;
    const report = await readJobs(sharedAt('stopped'));
    assert.equal([report.jobs.active, report.jobs.completed, report.jobs.waiting], [0, jobs, 12 - jobs]);
    assert.equal(report.workers, []);
    await work('stopped');
    await checkFiles(
      machineIn(place, 'stopped-one', sharedAt('stopped')),
      Object.keys(herons).map((file) => `stopped/${file}`),
    );
  });

  test('without a collection there is nothing to do', async () => {
    assert.is((await errorOf(() => work('nowhere'))).code, 'COLLECTION_MISSING');
    assert.is((await errorOf(() => readJobs(sharedAt('nowhere')))).code, 'COLLECTION_MISSING');
  });
}

test.run();

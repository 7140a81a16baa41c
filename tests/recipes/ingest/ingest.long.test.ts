import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type IngestOptions, type IngestResult, ingest } from '../../../recipes/ingest/index.ts';
import { openCollection } from '../../../recipes/search/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { contentOf } from './collection-content.ts';
import { filesAt, writeFilesOf } from './file-sequence.ts';
import { saveIngestStudent } from './student.ts';

const test = suite('ingestion of files');

interface Place {
  readonly folder: string;
  readonly files: string;
  readonly into: string;
  readonly run: (options?: Partial<IngestOptions>) => Promise<IngestResult>;
}

let shared = '';
/** A collection that had a file once: its database need not be made anew for every test. */
let emptied = '';

test.before(async () => {
  shared = await mkdtemp(join(tmpdir(), 'cem-ingest-'));
  const [checkpoint, file] = [join(shared, 'run'), join(shared, 'once.html')];
  emptied = join(shared, 'collection');
  await saveIngestStudent(checkpoint);
  await writeFile(file, page('Once', 'anchor'));
  await ingest({ paths: [file], into: emptied, checkpoint, backend: 'cpu' });
  await ingest({ forget: ['once.html'], into: emptied, checkpoint, backend: 'cpu' });
});

test.after(() => rm(shared, { recursive: true, force: true }));

/** @param fresh whether the collection is yet to be made */
async function withPlace(body: (place: Place) => Promise<void>, fresh = false): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const [files, into] = [join(folder, 'files'), join(folder, 'collection')];
    if (!fresh) await cp(emptied, into, { recursive: true });
    await mkdir(files);
    const options = { checkpoint: join(shared, 'run'), backend: 'cpu' } as const;
    const run = (more: Partial<IngestOptions> = {}) => ingest({ paths: [files], into, ...options, ...more });
    await body({ folder, files, into, run });
  });
}

const page = (title: string, ...paragraphs: string[]): string =>
  `<html lang="en"><head><title>${title}</title></head><body><main><h1>${title}</h1>${paragraphs.map((text) => `<p>${text}</p>`).join('')}</main></body></html>`;

test('files come, change and go; what stays is not read again', () =>
  withPlace(async ({ files, into, run }) => {
    await writeFilesOf(0, files);
    const first = await run();
    const names = [...filesAt(0).keys()];
    assert.equal(first.files, { found: names.length, added: names.length, changed: 0, unchanged: 0, gone: 0, failed: 0 });
    assert.is(first.documents, names.length);
    assert.equal([...(await contentOf(into)).keys()].sort(), names.map((name) => `files/${name}`).sort());
    const again = await run();
    assert.equal(again.files, { found: names.length, added: 0, changed: 0, unchanged: names.length, gone: 0, failed: 0 });
    assert.is(again.index, undefined);
    assert.is(again.bytes, 0);
    for (let step = 1; step < 2; step++) {
      await writeFilesOf(step, files);
      const { files: counts } = await run({ paths: [] });
      const [before, after] = [filesAt(step - 1), filesAt(step)];
      assert.is(counts.added, [...after.keys()].filter((name) => !before.has(name)).length, `added in step ${step}`);
      assert.is(counts.gone, [...before.keys()].filter((name) => !after.has(name)).length);
      assert.is(counts.changed, [...after].filter(([name, text]) => before.has(name) && before.get(name) !== text).length);
      const content = await contentOf(into);
      assert.equal([...content.keys()].sort(), [...after.keys()].map((name) => `files/${name}`).sort());
      assert.match(content.get('files/page-4.html')?.join('') ?? 'in version 0', `in version ${Math.floor(step / 6)}`);
    }
  }, true));

test('a result is shown without what it is found by, and says where it stands', () =>
  withPlace(async ({ files, into, run }) => {
    await writeFile(join(files, 'harbour.html'), page('Harbour', 'anchor beacon cargo derrick engine ferry'));
    await run({ labels: ['crew'] });
    await using searcher = await openCollection(into, { queries: 'teacher' });
    const [result] = await searcher.search('anchor beacon cargo', { k: 1, filter: { access: ['crew'] } });
    assert.is((result!.metadata as { source?: string }).source, 'files/harbour.html');
    assert.equal((result!.metadata as { labels?: string[] }).labels, ['crew']);
    assert.is(result!.text, '# Harbour\n\nanchor beacon cargo derrick engine ferry');
    assert.equal(await searcher.search('anchor beacon cargo', { k: 1, filter: { access: ['office'] } }), []);
  }));

test('a file that is not read is reported, and the others go in', () =>
  withPlace(async ({ files, into, run }) => {
    await writeFile(join(files, 'bad.html'), Buffer.from('%PDF-1.7\n\u0000\u0001'));
    const alone = await run();
    assert.equal([alone.files.added, alone.files.failed, alone.documents, alone.index], [1, 1, 0, undefined]);
    const error = await errorOf(() => run({ into: `${into}-new` }));
    assert.is(error.code, 'INGEST_EMPTY');
    assert.match(error.message, 'files/bad.html');
    await writeFile(join(files, 'good.html'), page('Good', 'anchor beacon'));
    await writeFile(join(files, 'film.mp4'), 'not looked at');
    const { files: counts, problems } = await run();
    assert.equal([counts.found, counts.added, counts.failed], [2, 1, 1]);
    assert.equal(
      problems.map(({ path, kept }) => [path, kept]),
      [['files/bad.html', false]],
    );
    assert.equal([...(await contentOf(into)).keys()], ['files/good.html']);
    // It is not tried again as long as it is what it was, and still reported.
    const again = await run();
    assert.equal([again.files.unchanged, again.files.failed, again.problems.length], [2, 1, 1]);
    await writeFile(join(files, 'bad.html'), page('Mended', 'cargo derrick'));
    assert.is((await run()).files.failed, 0);
    assert.is((await contentOf(into)).size, 2);
  }));

test('what cannot be looked at is not taken for gone', () =>
  withPlace(async ({ folder, files, into, run }) => {
    const far = join(folder, 'far');
    await mkdir(far);
    await writeFile(join(far, 'a.html'), page('A', 'anchor'));
    await writeFile(join(files, 'b.html'), page('B', 'beacon'));
    await symlink(far, join(files, 'mounted'));
    await run();
    // As a disk that is not mounted any more.
    await rename(far, `${far}-away`);
    await rm(join(files, 'b.html'));
    const { files: counts, problems } = await run();
    assert.equal([counts.gone, counts.unchanged], [1, 1]);
    assert.equal(
      problems.map(({ path, code, kept }) => [path, code, kept]),
      [['files/mounted/a.html', 'FILE_OPEN', true]],
    );
    assert.equal([...(await contentOf(into)).keys()], ['files/mounted/a.html']);
    await rm(join(files, 'mounted'));
    assert.is((await run()).files.gone, 1);
  }));

test('several roots keep apart; one that is missing empties nothing; one can be forgotten', () =>
  withPlace(async ({ folder, files, into, run }) => {
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(files, 'a.html'), page('A', 'anchor'));
    await writeFile(join(other, 'b.html'), page('B', 'beacon'));
    await run();
    await run({ paths: [other] });
    assert.equal([...(await contentOf(into)).keys()].sort(), ['files/a.html', 'other/b.html']);
    await rename(other, `${other}-away`);
    assert.is((await errorOf(() => run({ paths: [] }))).code, 'INGEST_PATH');
    assert.is((await contentOf(into)).size, 2);
    const twin = join(folder, 'deeper', 'files');
    await mkdir(twin, { recursive: true });
    assert.is((await errorOf(() => run({ paths: [twin] }))).code, 'INGEST_NAME');
    const forgotten = await run({ paths: [], forget: ['other'] });
    assert.equal([forgotten.files.gone, forgotten.roots.map(({ name }) => name)], [1, ['files']]);
    assert.equal([...(await contentOf(into)).keys()], ['files/a.html']);
    await rm(join(files, 'a.html'));
    await run();
    assert.is((await contentOf(into)).size, 0);
  }));

test('a collection inside the folder that is ingested is no file of it', () =>
  withPlace(async ({ files, run }) => {
    await writeFile(join(files, 'a.html'), page('A', 'anchor'));
    const into = join(files, 'inside');
    await cp(emptied, into, { recursive: true });
    await run({ into });
    assert.equal((await run({ into })).files, { found: 1, added: 0, changed: 0, unchanged: 1, gone: 0, failed: 0 });
  }));

test('wrong wishes are refused with what to do', () =>
  withPlace(async ({ folder, files, into, run }) => {
    assert.is((await errorOf(() => run({ paths: [] }))).code, 'INGEST_NOTHING');
    assert.is((await errorOf(() => run({ paths: [join(folder, 'nowhere')] }))).code, 'INGEST_PATH');
    await writeFile(join(files, 'a.html'), page('A', 'anchor'));
    await run();
    assert.is((await errorOf(() => run({ passageSize: 512 }))).code, 'COLLECTION_SETTINGS');
    assert.is((await errorOf(() => run({ units: { maximumTokens: 1000, minimumTokens: 10 } }))).code, 'COLLECTION_SETTINGS');
    assert.is((await errorOf(() => run({ units: { maximumTokens: 1 } }))).code, 'UNIT_OPTIONS');
    assert.is((await errorOf(() => run({ into: files }))).code, 'COLLECTION_FOLDER');
    const [list] = (await readdir(into)).filter((name) => name.startsWith('sources-'));
    await rename(join(into, list!), join(into, 'away'));
    assert.is((await errorOf(() => run())).code, 'COLLECTION_SOURCES');
    await rename(join(into, 'away'), join(into, list!));
    await rm(join(into, 'pgdata'), { recursive: true });
    assert.is((await errorOf(() => run())).code, 'COLLECTION_DATABASE');
  }));

test('two at once: one gets the collection, the other is told who has it', () =>
  withPlace(async ({ files, into, run }) => {
    await writeFilesOf(0, files);
    const settled = await Promise.allSettled([run(), run()]);
    assert.equal(settled.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const [failed] = settled.filter((result) => result.status === 'rejected');
    assert.is((failed!.reason as { code: string }).code, 'FOLDER_LOCKED');
    assert.is((await contentOf(into)).size, filesAt(0).size);
  }));

test('an abort leaves the collection as it was', () =>
  withPlace(async ({ files, into, run }) => {
    await writeFilesOf(0, files);
    await run();
    const before = await contentOf(into);
    await writeFilesOf(3, files);
    for (const stage of ['indexing']) {
      const stop = new AbortController();
      const listener = {
        note: () => undefined,
        stage: (name: string) => {
          if (name === stage) stop.abort(new RangeError(stage));
          return { progress: () => undefined, done: () => undefined, fail: () => undefined };
        },
      };
      const error = await run({ listener, signal: stop.signal }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.instance(error, RangeError, stage);
      assert.equal(await contentOf(into), before);
    }
    await run();
    assert.is((await contentOf(into)).size, filesAt(3).size);
    assert.not.ok((await readdir(into)).includes('work'));
  }));

test.run();

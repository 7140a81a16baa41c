import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fetchDataCommand } from '../../../cli/commands/fetch-data.ts';
import { fetchDataset } from '../../../data/datasets/fetch-dataset.ts';
import {
  BEIR_DATASETS,
  type BeirDataset,
  fetchBeirDataset,
  findBeirDataset,
  LONG_EMBED_TASKS,
  readBeir,
} from '../../../data/index.ts';
import { runCommand } from '../../cli/run-command.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { serveFiles } from './file-server.ts';
import { zipArchive } from './zip-archive.ts';

const test = suite('fetching a data set');

const archiveOf = (name: string): Buffer =>
  zipArchive([
    { name: `${name}/corpus.jsonl`, content: '{"_id": "d1", "title": "", "text": "a claim"}\n' },
    { name: `${name}/queries.jsonl`, content: '{"_id": "q1", "text": "claim?"}\n' },
    { name: `${name}/qrels/test.tsv`, content: 'query-id\tcorpus-id\tscore\nq1\td1\t1\n' },
  ]);

/** A set that is published as BEIR's are. */
const published = (name: string, archive: Uint8Array): BeirDataset => ({
  name,
  title: name,
  testSplit: 'test',
  queries: 1,
  documents: 1,
  archive: { md5: createHash('md5').update(archive).digest('hex'), bytes: archive.length },
});

test('downloaded over cuts and calls, checked, unpacked; nothing else is left', () =>
  withTemporaryFolder(async (folder) => {
    const archive = archiveOf('claims');
    const server = await serveFiles(() => new Map([['/claims.zip', archive]]), [{ cutAfter: 100 }, { cutAfter: 0 }, {}], {
      part: join(folder, '.claims.download', 'claims.zip.part'),
    });
    try {
      const options = { output: folder, archives: server.address, firstPauseMs: 1 };
      const cut = await errorOf(() => fetchDataset(published('claims', archive), { ...options, attempts: 1 }));
      assert.is(cut.code, 'DOWNLOAD_CUT');
      const stages = new Set<string>();
      const { folders, alreadyThere } = await fetchDataset(published('claims', archive), {
        ...options,
        onProgress: (stage) => stages.add(stage),
      });
      assert.not.ok(alreadyThere);
      assert.equal([...stages], ['download', 'unpack']);
      assert.equal(
        server.requests.map(({ range }) => range),
        [undefined, 'bytes=100-', 'bytes=100-'],
      );
      const { queries, qrels } = await readBeir(folders[0]!, 'test');
      assert.equal([...queries], [['q1', 'claim?']]);
      assert.is(qrels.get('q1')?.get('d1'), 1);
      assert.equal(await readdir(folder), ['claims']);
      assert.ok((await fetchDataset(published('claims', archive), options)).alreadyThere);
      assert.is(server.requests.length, 3);
    } finally {
      await server.close();
    }
  }));

test('an archive placed by hand is unpacked without a network', () =>
  withTemporaryFolder(async (folder) => {
    const archive = archiveOf('claims');
    await writeFile(join(folder, 'claims.zip'), archive);
    await fetchDataset(published('claims', archive), { output: folder });
    assert.equal((await readdir(folder)).sort(), ['claims', 'claims.zip']);
  }));

test('an archive of another set is refused', () =>
  withTemporaryFolder(async (folder) => {
    const archive = archiveOf('claims');
    await writeFile(join(folder, 'questions.zip'), archive);
    const error = await errorOf(() => fetchDataset(published('questions', archive), { output: folder }));
    assert.is(error.code, 'DATASET_ARCHIVE');
    assert.not.ok(existsSync(join(folder, 'questions')));
  }));

test('the sets of BEIR: 18 and MS MARCO, whose published split is dev', () => {
  assert.is(BEIR_DATASETS.length, 19);
  assert.is(new Set(BEIR_DATASETS.map(({ name }) => name)).size, 19);
  assert.equal(
    BEIR_DATASETS.filter(({ testSplit }) => testSplit !== 'test').map(({ name, testSplit }) => [name, testSplit]),
    [['msmarco', 'dev']],
  );
  // BEIR may not hand out four of them; for these no instruction was published either.
  const without = BEIR_DATASETS.filter(({ archive }) => archive === undefined).map(({ name }) => name);
  assert.equal(without, ['bioasq', 'signal1m', 'trec-news', 'robust04']);
  for (const { archive, queryInstruction } of BEIR_DATASETS) {
    assert.is(archive === undefined, queryInstruction === undefined);
    if (archive !== undefined) assert.match(archive.md5, /^[0-9a-f]{32}$/);
  }
  assert.is(new Set(BEIR_DATASETS.flatMap(({ archive }) => archive?.md5 ?? [])).size, 15);
});

test('LongEmbed has six tasks', () => {
  assert.equal(
    LONG_EMBED_TASKS.map(({ name }) => name),
    ['passkey', 'needle', 'narrativeqa', 'qmsum', 'summ_screen_fd', '2wikimqa'],
  );
});

test('an archive that is another than BEIR published is refused', () =>
  withTemporaryFolder(async (folder) => {
    const server = await serveFiles(() => new Map([['/scifact.zip', archiveOf('scifact')]]));
    try {
      const error = await errorOf(() => fetchBeirDataset('scifact', { output: folder, archives: server.address }));
      assert.is(error.code, 'DOWNLOAD_CHECKSUM');
      assert.match(error.message, '5f7d1de60b170fc8027bb7898e2efca1');
      assert.not.ok(existsSync(join(folder, 'scifact')));
    } finally {
      await server.close();
    }
  }));

test('no network: what to place where', () =>
  withTemporaryFolder(async (folder) => {
    const server = await serveFiles(() => new Map());
    await server.close();
    const error = await errorOf(() => fetchBeirDataset('nfcorpus', { output: folder, archives: server.address }));
    assert.is(error.code, 'DATASET_NOT_FETCHED');
    for (const words of ['/nfcorpus.zip', '2448432 bytes', 'MD5 a89dba18a62ef92f7d323ec890a0d38d', 'qrels/test.tsv', folder]) {
      assert.ok(error.message.includes(words), `${words} in ${error.message}`);
    }
    assert.equal(await readdir(folder), []);
  }));

test('offline by wish: nothing is asked for', async () => {
  process.env['CEM_OFFLINE'] = '1';
  try {
    await withTemporaryFolder(async (folder) => {
      assert.is((await errorOf(() => fetchBeirDataset('fiqa', { output: folder }))).code, 'DATASET_OFFLINE');
    });
  } finally {
    delete process.env['CEM_OFFLINE'];
  }
});

test('an archive placed by hand is checked too', () =>
  withTemporaryFolder(async (folder) => {
    await writeFile(join(folder, 'scifact.zip'), archiveOf('scifact'));
    assert.is((await errorOf(() => fetchBeirDataset('scifact', { output: folder }))).code, 'DATASET_ARCHIVE');
  }));

test('a folder placed by hand is taken as it is; one with something else is left alone', () =>
  withTemporaryFolder(async (folder) => {
    await mkdir(join(folder, 'scifact'));
    await writeFile(join(folder, 'scifact', 'notes.txt'), 'mine');
    assert.is((await errorOf(() => fetchBeirDataset('scifact', { output: folder }))).code, 'DATASET_FOLDER');
    assert.is(await readFile(join(folder, 'scifact', 'notes.txt'), 'utf8'), 'mine');
    await writeFile(join(folder, 'scifact', 'corpus.jsonl'), '');
    const { alreadyThere, folders } = await fetchBeirDataset('scifact', { output: folder });
    assert.ok(alreadyThere);
    assert.equal(folders, [join(folder, 'scifact')]);
    assert.equal(await readdir(folder), ['scifact']);
  }));

test('what BEIR may not hand out, what LongEmbed has, and what nobody knows', () =>
  withTemporaryFolder(async (folder) => {
    const failure = (name: string) => errorOf(() => fetchBeirDataset(name, { output: folder }));
    const bioasq = await failure('bioasq');
    assert.is(bioasq.code, 'DATASET_NOT_PUBLIC');
    assert.match(bioasq.message, 'bioasq.org');
    const narrative = await failure('narrativeqa');
    assert.is(narrative.code, 'DATASET_BY_HAND');
    assert.match(narrative.message, 'qrels.jsonl');
    assert.match((await failure('needle')).message, 'cem long-embed generate needle');
    const unknown = await failure('scifacts');
    assert.is(unknown.code, 'DATASET_UNKNOWN');
    assert.match(unknown.message, 'climate-fever, scifact');
  }));

test('cqadupstack is twelve folders, each a corpus of its own', () => {
  assert.is(findBeirDataset('cqadupstack').parts?.length, 12);
});

test('the command lists what there is, and says what it did', () =>
  withTemporaryFolder(async (folder) => {
    assert.is(
      (await errorOf(() => runCommand(fetchDataCommand, ['fetch-data', 'nq', '--from', 'nowhere']))).code,
      'FETCH_ADDRESS',
    );
    const list = await runCommand(fetchDataCommand, ['fetch-data']);
    assert.match(list, /^msmarco +dev +8841823 +6980 +1\.08 GB$/m);
    assert.match(list, /^robust04 .*not public$/m);
    await mkdir(join(folder, 'scifact'));
    await writeFile(join(folder, 'scifact', 'corpus.jsonl'), '');
    const result = JSON.parse(await runCommand(fetchDataCommand, ['fetch-data', 'scifact', '--output', folder, '--json']));
    assert.equal(result.fetched, {
      name: 'scifact',
      split: 'test',
      folders: [join(folder, 'scifact')],
      already_there: true,
    });
  }));

test.run();

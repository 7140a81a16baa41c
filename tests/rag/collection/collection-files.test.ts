import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { entryOf, entryText } from '../../../rag/collection/change-log.ts';
import { type CollectionSources, listedState, readSources, writeSources } from '../../../rag/collection/collection-sources.ts';
import { readSummary, writeSummary } from '../../../rag/collection/collection-summary.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('files of a collection');

const file = {
  path: 'docs/a.md',
  hash: '0'.repeat(64),
  bytes: 1,
  parser: 'markdown 1',
  documents: [['d', 2]] as [string, number][],
};
const FILES: CollectionSources = { roots: [{ name: 'docs', path: '/srv/docs' }], files: [file] };
const UPLOADS: CollectionSources = {
  roots: [...FILES.roots, { name: 'uploads' }],
  files: [file, { ...file, path: 'uploads/b', given: 'f'.repeat(64) }],
};

test('a list of sources has the version that says what there is', () =>
  withTemporaryFolder(async (folder) => {
    for (const [version, sources] of [
      [1, FILES],
      [2, UPLOADS],
    ] as const) {
      const state = randomUUID();
      await writeSources(folder, state, sources);
      assert.equal(await readSources(folder, state), sources);
      const path = join(folder, `sources-${state}.json`);
      const written = JSON.parse(await readFile(path, 'utf8')) as { version: number };
      assert.is(written.version, version);
      await writeFile(path, JSON.stringify({ ...written, version: 9 }));
      assert.is((await errorOf(() => readSources(folder, state))).code, 'COLLECTION_SOURCES');
    }
  }));

test('the state is told by the list that is alone, and by none of two', () =>
  withTemporaryFolder(async (folder) => {
    assert.is(await listedState(folder), undefined);
    const state = randomUUID();
    await writeSources(folder, state, FILES);
    await writeFile(join(folder, 'sources.json'), '');
    assert.is(await listedState(folder), state);
    await writeSources(folder, randomUUID(), FILES);
    assert.is(await listedState(folder), undefined);
  }));

test('a summary that cannot be read is none', () =>
  withTemporaryFolder(async (folder) => {
    assert.is(await readSummary(folder), undefined);
    const summary = { state: randomUUID(), documents: 1, units: 2, passages: 3, bytes: 4, changes: 5 };
    await writeSummary(folder, summary);
    assert.equal(await readSummary(folder), summary);
    await writeFile(join(folder, 'summary.json'), '{"format": "cem-summary", "version": 2}');
    assert.is(await readSummary(folder), undefined);
  }));

test('an entry of the log names a thousand, and counts the others', () => {
  const names = (count: number, what: string) => Array.from({ length: count }, (_, number) => `${what} ${number}`);
  const at = '2026-11-29T12:00:00.000Z';
  const small = { put: names(1000, 'put'), removed: [] };
  assert.equal(entryOf({ number: 3, text: entryText(at, small) }), { version: 3, at, ...small });
  const large = entryOf({ number: 4, text: entryText(at, { put: names(1002, 'put'), removed: names(2001, 'gone') }) });
  assert.equal([large.put.length, large.morePut, large.removed.length, large.moreRemoved], [1000, 2, 1000, 1001]);
  // What a later version adds is passed over.
  const later = JSON.stringify({ at, put: [], removed: [], by: 'somebody' });
  assert.equal(entryOf({ number: 5, text: later }), { version: 5, at, put: [], removed: [] });
});

test.run();

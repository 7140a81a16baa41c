import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lockFolder, UsageError } from '../../../base/index.ts';
import { RandomNumbers } from '../../../base/random.ts';
import {
  addToCorpus,
  compactCorpus,
  corpusStatistics,
  type Document,
  removeFromCorpus,
  SegmentedCorpus,
  verifyCorpus,
} from '../../../data/index.ts';
import { mappingPathOf } from '../../../data/mapping/mapping.ts';
import type { Decompressor } from '../../../zpkg/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('segments');

const SETTINGS = { level: 1, targetChunkSize: 200, dictionarySize: 4096, workers: 1 };

const source = (documents: readonly Document[]) =>
  async function* () {
    yield* documents;
  };

const document = (id: string, text: string): Document => ({ id, title: '', text });

/** Words that differ by the seed: some documents take several chunks. */
function prose(seed: number, words: number): string {
  const random = new RandomNumbers(seed, 'prose');
  return Array.from({ length: words }, () => `word${Math.floor(500 * random.uniform())}`).join(' ');
}

const FIRST = Array.from({ length: 40 }, (_, number) => document(`d${number}`, prose(number, 5 + 6 * number)));

/** Everything that a corpus says of itself, held against what it should hold; gives each document's chunk numbers. */
async function checkCorpus(folder: string, expected: ReadonlyMap<string, string>): Promise<Map<string, readonly number[]>> {
  const corpus = await SegmentedCorpus.open(folder);
  try {
    const ids = [...corpus.ids()];
    assert.equal([...ids].sort(), [...expected.keys()].sort());
    assert.is(corpus.documentCount, expected.size);
    const numbers = new Map<string, readonly number[]>();
    let chunks = 0;
    for (const id of ids) {
      assert.is(await corpus.documentById(id), expected.get(id), id);
      assert.ok(corpus.has(id));
      const own = corpus.chunksOf(id);
      for (const chunk of own) {
        assert.is(corpus.documentOf(chunk), id);
        assert.ok(chunk < corpus.manifest.nextChunk);
      }
      numbers.set(id, own);
      chunks += own.length;
    }
    assert.is(corpus.chunkCount, chunks);
    assert.is(new Set([...numbers.values()].flat()).size, chunks, 'no number twice');
    const verified = await verifyCorpus(corpus);
    assert.is(verified.failed, 0);
    assert.is(verified.documents, expected.size);
    const files = new Set(['manifest.json', ...corpus.segments.flatMap(({ entry }) => [entry.file, mappingPathOf(entry.file)])]);
    assert.equal(new Set(await readdir(folder)), files, 'no other file');
    return numbers;
  } finally {
    await corpus.close();
  }
}

test('add, replace, remove and compact in any order give what a map gives; chunks keep their numbers and their bytes', async () => {
  await withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'corpus');
    const random = new RandomNumbers(7, 'operations');
    const below = (limit: number) => Math.floor(limit * random.uniform());
    const expected = new Map<string, string>();
    let numbers = new Map<string, readonly number[]>();
    let state = '';
    for (let round = 0; round < 40; round++) {
      const before = new Map(expected);
      const kind = round === 0 ? 0 : below(4);
      if (kind <= 1) {
        const start = below(40);
        const documents = FIRST.slice(start, start + 1 + below(15)).map(({ id }) =>
          document(id, prose(below(100_000), below(150))),
        );
        const report = await addToCorpus(folder, source(documents), SETTINGS);
        assert.is(report.replaced, documents.filter(({ id }) => expected.has(id)).length);
        assert.is(report.added + report.replaced, documents.length);
        for (const { id, text } of documents) expected.set(id, text);
        assert.is(report.documents, expected.size);
      } else if (kind === 2) {
        const ids = [...expected.keys()].filter(() => random.uniform() < 0.2);
        assert.is((await removeFromCorpus(folder, ids)).removed, ids.length);
        for (const id of ids) expected.delete(id);
      } else {
        const report = await compactCorpus(folder, { recompress: round % 8 === 7 });
        assert.is(report.documents, expected.size);
        assert.ok(report.segments <= 1);
      }
      const now = await checkCorpus(folder, expected);
      const corpus = await SegmentedCorpus.open(folder);
      if (kind === 3 && round % 8 !== 7)
        assert.is(corpus.state, state, 'a compaction that copies changes nothing that an index sees');
      if (kind <= 1) assert.is.not(corpus.state, state);
      if (kind !== 3 || round % 8 !== 7) {
        for (const [id, own] of now) if (expected.get(id) === before.get(id)) assert.equal(own, numbers.get(id), id);
      }
      state = corpus.state;
      await corpus.close();
      numbers = now;
    }
  });
});

test('adding a source again packs what changed of it, and nothing when nothing did', async () => {
  await withTemporaryFolder(async (folder) => {
    const made = await addToCorpus(folder, source(FIRST), SETTINGS);
    assert.equal([made.added, made.replaced, made.unchanged, made.generation], [40, 0, 0, 1]);
    const manifest = await readFile(join(folder, 'manifest.json'));
    const again = await addToCorpus(folder, source(FIRST));
    assert.equal([again.added, again.replaced, again.unchanged, again.segment, again.generation], [0, 0, 40, null, 1]);
    assert.equal(await readFile(join(folder, 'manifest.json')), manifest);
    const surrogate = document('s', 'a lone \ud800 surrogate');
    const next = [...FIRST.with(3, document('d3', 'changed')), surrogate];
    const changed = await addToCorpus(folder, source(next));
    assert.equal([changed.added, changed.replaced, changed.unchanged, changed.documents], [1, 1, 39, 41]);
    assert.is((await addToCorpus(folder, source(next))).unchanged, 41, 'as it was stored');
    const corpus = await SegmentedCorpus.open(folder);
    assert.equal(
      corpus.segments.map(({ reader }) => reader.documentCount),
      [40, 2],
    );
    assert.ok(corpus.dictionary.length > 0);
    assert.equal(corpus.segments[1]!.reader.dictionary, corpus.dictionary);
    await corpus.close();
  });
});

test('a compaction copies frames as they are, without decompressing', async () => {
  await withTemporaryFolder(async (folder) => {
    await addToCorpus(folder, source(FIRST), SETTINGS);
    await addToCorpus(folder, source(FIRST.slice(10, 20).map(({ id }) => document(id, `${id} new`))));
    await removeFromCorpus(folder, ['d0', 'd39']);
    const before = await SegmentedCorpus.open(folder);
    const report = await compactCorpus(folder);
    assert.equal([report.segmentsBefore, report.segments, report.documents], [2, 1, 38]);
    assert.ok(report.bytes < report.bytesBefore);
    const decompressor = (): Decompressor => {
      throw new Error('decompressed');
    };
    const after = await SegmentedCorpus.open(folder, { decompressor });
    assert.equal([...after.ids()], [...before.ids()]);
    for (const id of after.ids()) {
      assert.equal(after.chunksOf(id), before.chunksOf(id));
      // The files of `before` are gone from the folder by now.
      for (const chunk of after.chunksOf(id))
        assert.equal(await after.compressedChunk(chunk), await before.compressedChunk(chunk));
    }
    const nothing = await compactCorpus(folder);
    assert.equal([nothing.generation, nothing.segments], [report.generation, 1]);
    await before.close();
    await after.close();
  });
});

test('compact --recompress trains a dictionary where a small beginning had none', async () => {
  await withTemporaryFolder(async (folder) => {
    await addToCorpus(folder, source([document('small', 'hardly any text')]), SETTINGS);
    await addToCorpus(folder, source(FIRST));
    const before = await SegmentedCorpus.open(folder);
    assert.is(before.dictionary.length, 0);
    await compactCorpus(folder, { recompress: true });
    const after = await SegmentedCorpus.open(folder);
    assert.ok(after.dictionary.length > 0);
    assert.is.not(after.state, before.state);
    const old = new Set([...before.ids()].flatMap((id) => before.chunksOf(id)));
    for (const id of after.ids()) for (const chunk of after.chunksOf(id)) assert.not(old.has(chunk), 'a number given twice');
    await before.close();
    await after.close();
    await checkCorpus(folder, new Map([['small', 'hardly any text'], ...FIRST.map(({ id, text }) => [id, text] as const)]));
  });
});

test('an open reader keeps its view, to the last byte, while writers go on', async () => {
  await withTemporaryFolder(async (folder) => {
    await addToCorpus(folder, source(FIRST), SETTINGS);
    const reader = await SegmentedCorpus.open(folder);
    const gone = reader.chunksOf('d5');
    await removeFromCorpus(folder, ['d5']);
    await addToCorpus(folder, source([document('d6', 'another')]));
    await compactCorpus(folder);
    await removeFromCorpus(
      folder,
      FIRST.map(({ id }) => id).filter((id) => id !== 'd5'),
    );
    assert.equal(
      [...reader.ids()],
      FIRST.map(({ id }) => id),
    );
    for (const { id, text } of FIRST) assert.is(await reader.documentById(id), text);
    await reader.close();
    const empty = await SegmentedCorpus.open(folder);
    assert.equal([empty.documentCount, empty.chunkCount, [...empty.ids()].length, empty.segments.length], [0, 0, 0, 0]);
    assert.is((await errorOf(async () => empty.chunksOf('d5'))).code, 'MAPPING_UNKNOWN_ID');
    for (const chunk of [...gone, -1, 1.5, 1e9])
      assert.is((await errorOf(() => empty.compressedChunk(chunk))).code, 'CORPUS_CHUNK');
    await empty.close();
    assert.is((await compactCorpus(folder)).segments, 0);
    await addToCorpus(folder, source(FIRST.slice(0, 2)));
    await checkCorpus(folder, new Map(FIRST.slice(0, 2).map(({ id, text }) => [id, text])));
  });
});

test('readers that open at any moment of a writer at work find one of its states', async () => {
  await withTemporaryFolder(async (folder) => {
    await addToCorpus(folder, source(FIRST.slice(0, 5)), SETTINGS);
    let done = false;
    const writing = (async () => {
      for (let round = 0; round < 12; round++) {
        await addToCorpus(folder, source(FIRST.slice(0, 5).map(({ id }) => document(id, `round ${round} of ${id}`))));
        if (round % 3 === 2) await compactCorpus(folder);
      }
      done = true;
    })();
    let opened = 0;
    while (!done) {
      const corpus = await SegmentedCorpus.open(folder);
      const texts = await Promise.all([...corpus.ids()].map((id) => corpus.documentById(id)));
      const rounds = new Set(texts.map((text) => /^round \d+/.exec(text)?.[0]));
      assert.is(texts.length, 5);
      assert.is(rounds.size, 1, [...rounds].join());
      await corpus.close();
      opened += 1;
    }
    await writing;
    assert.ok(opened > 3);
  });
});

test('sizes: every file counts, and of the text what is alive', async () => {
  await withTemporaryFolder(async (folder) => {
    await addToCorpus(folder, source(FIRST), SETTINGS);
    await addToCorpus(folder, source([document('d1', 'replaced')]));
    await removeFromCorpus(folder, ['d2']);
    const corpus = await SegmentedCorpus.open(folder);
    const statistics = await corpusStatistics(corpus);
    let files = 0;
    for (const name of await readdir(folder)) files += (await stat(join(folder, name))).size;
    const text = FIRST.filter(({ id }) => id !== 'd1' && id !== 'd2').reduce(
      (sum, { text }) => sum + text.length,
      'replaced'.length,
    );
    assert.is(statistics.fileBytes, files);
    assert.is(statistics.contentBytes, text);
    assert.is(statistics.saving, 1 - files / text);
    assert.is(statistics.chunks, corpus.chunkCount);
    assert.is(
      statistics.histogram.reduce((sum, { chunks }) => sum + chunks, 0),
      corpus.chunkCount,
    );
    assert.equal(
      statistics.segments.map(({ documents, removedDocuments }) => [documents, removedDocuments]),
      [
        [38, 2],
        [1, 0],
      ],
    );
    assert.ok(statistics.removedBytes > 0);
    await corpus.close();
  });
});

test('what cannot be done is refused and changes nothing', async () => {
  await withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'corpus');
    for (const change of [
      () => removeFromCorpus(folder, ['x']),
      () => compactCorpus(folder),
      () => SegmentedCorpus.open(folder),
    ]) {
      const error = await errorOf(change);
      assert.is(error.code, 'CORPUS_MISSING');
      assert.instance(error, UsageError);
    }
    assert.equal(await readdir(parent), [], 'the folder was not made');
    await mkdir(join(parent, 'other'));
    await writeFile(join(parent, 'other', 'thesis.md'), 'x');
    assert.is((await errorOf(() => addToCorpus(join(parent, 'other'), source(FIRST)))).code, 'CORPUS_FOLDER');
    assert.is((await errorOf(() => addToCorpus(join(parent, 'other', 'thesis.md'), source(FIRST)))).code, 'CORPUS_FOLDER');

    await addToCorpus(folder, source(FIRST), SETTINGS);
    const names = await readdir(folder);
    const manifest = await readFile(join(folder, 'manifest.json'));
    const refused = async (change: () => Promise<unknown>, code: string, pattern: RegExp): Promise<void> => {
      const error = await errorOf(change);
      assert.is(error.code, code);
      assert.match(error.message, pattern);
      assert.equal(await readdir(folder), names);
      assert.equal(await readFile(join(folder, 'manifest.json')), manifest);
    };
    await refused(() => removeFromCorpus(folder, ['d1', 'no', 'none']), 'CORPUS_UNKNOWN_ID', /"no", "none"; nothing was removed/);
    await refused(() => addToCorpus(folder, source(FIRST), { level: 5 }), 'CORPUS_SETTINGS', /level 1, and 5/);
    await refused(
      () => addToCorpus(folder, source(FIRST), { dictionaryBorders: 'word' }),
      'CORPUS_SETTINGS',
      /dictionaryBorders any, and word/,
    );
    await refused(() => addToCorpus(folder, source([])), 'PACK_EMPTY_CORPUS', /no documents/);
    await refused(() => addToCorpus(folder, source([FIRST[0]!, document('d0', 'y')])), 'PACK_DUPLICATE_ID', /"d0" occurs twice/);
    await refused(() => addToCorpus(folder, source([document('', 'y')])), 'MAPPING_ID', /cannot be used/);
    let pass = 0;
    const unsteady = () => source([document('n', `pass ${pass}`), ...(pass++ === 0 ? [] : [document('m', 'new')])])();
    await refused(() => addToCorpus(folder, unsteady), 'PACK_SOURCE_CHANGED', /changed while/);
    const lock = await lockFolder(folder);
    assert.is((await errorOf(() => addToCorpus(folder, source(FIRST)))).code, 'FOLDER_LOCKED');
    assert.is((await errorOf(() => compactCorpus(folder))).code, 'FOLDER_LOCKED');
    await (await SegmentedCorpus.open(folder)).close();
    await lock.release();
    assert.is((await removeFromCorpus(folder, ['none', 'd1', 'd1'], { ignoreMissing: true })).removed, 1);
    const missing = await removeFromCorpus(folder, ['none'], { ignoreMissing: true });
    assert.equal([missing.removed, missing.missing, missing.generation], [0, 1, 2]);
  });
});

test('files that a killed run left go with the next change; other files stay', async () => {
  await withTemporaryFolder(async (folder) => {
    const left = [
      'segment-1.zpkg',
      '.segment-1.zpkg.map.77.0a1b2c3d.tmp',
      '.manifest.json.77.0a1b2c3d.tmp',
      'segment-9.zpkg.map',
    ];
    for (const name of left) await writeFile(join(folder, name), 'half');
    assert.is((await errorOf(() => SegmentedCorpus.open(folder))).code, 'CORPUS_MISSING');
    await addToCorpus(folder, source(FIRST), SETTINGS);
    await writeFile(join(folder, 'notes.txt'), 'mine');
    for (const name of left.slice(1)) await writeFile(join(folder, name), 'half');
    await removeFromCorpus(folder, ['d0']);
    assert.equal((await readdir(folder)).sort(), ['manifest.json', 'notes.txt', 'segment-1.zpkg', 'segment-1.zpkg.map']);
  });
});

test('verification finds a document that is alive twice, and a wrong count of those that are', async () => {
  await withTemporaryFolder(async (folder) => {
    await addToCorpus(folder, source(FIRST), SETTINGS);
    await addToCorpus(folder, source([document('d0', 'again'), document('d1', 'again')]));
    const path = join(folder, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as { segments: Record<string, unknown>[] };
    const [first, second] = manifest.segments;
    for (const change of [{ removedDocuments: 1 }, { removedDocuments: 0, removed: [] }]) {
      await writeFile(path, JSON.stringify({ ...manifest, segments: [{ ...first, ...change }, second] }));
      const corpus = await SegmentedCorpus.open(folder);
      assert.is((await errorOf(() => verifyCorpus(corpus))).code, 'CORPUS_DOCUMENTS');
      await corpus.close();
    }
    const before = await readdir(folder);
    assert.is((await errorOf(() => compactCorpus(folder))).code, 'CORPUS_DOCUMENTS');
    assert.equal(await readdir(folder), before);
  });
});

test('a manifest or a segment that is not what it should be is refused by name', async () => {
  await withTemporaryFolder(async (folder) => {
    await addToCorpus(folder, source(FIRST), SETTINGS);
    const path = join(folder, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown> & {
      segments: Record<string, unknown>[];
    };
    const segment = manifest.segments[0]!;
    const opened = async (value: unknown): Promise<string> => {
      await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
      return (await errorOf(() => SegmentedCorpus.open(folder))).code;
    };
    const withSegment = (change: Record<string, unknown>) => opened({ ...manifest, segments: [{ ...segment, ...change }] });
    assert.is(await opened('{"version": 1'), 'CORPUS_FORMAT');
    assert.is(await opened('null'), 'CORPUS_FORMAT');
    assert.is(await opened({ ...manifest, version: 5 }), 'CORPUS_VERSION');
    // What version 4 adds is an analyzer, and there is none.
    assert.is(await opened({ ...manifest, version: 4 }), 'CORPUS_FORMAT');
    // What version 2 adds is metadata, and there is none.
    assert.is(await opened({ ...manifest, version: 2 }), 'CORPUS_FORMAT');
    // What version 3 adds is a size of passages, and there is none; or there is one, and the version is another.
    assert.is(await opened({ ...manifest, version: 3 }), 'CORPUS_FORMAT');
    const settings = manifest['settings'] as Record<string, unknown>;
    for (const [version, change] of [
      [1, { passageSize: 256 }],
      [3, { passageSize: 63 }],
      [3, { passageSize: 256, passageOverlap: 0 }],
      [3, { passageSize: 256, passageOverlap: 128 }],
      [1, { passageOverlap: 10 }],
    ] as const)
      assert.is(await opened({ ...manifest, version, settings: { ...settings, ...change } }), 'CORPUS_FORMAT');
    assert.is(await opened({ ...manifest, colour: 'red' }), 'CORPUS_FORMAT');
    assert.is(await opened({ ...manifest, nextChunk: 3 }), 'CORPUS_FORMAT');
    assert.is(await opened({ ...manifest, segments: [segment, segment] }), 'CORPUS_FORMAT');
    assert.is(await withSegment({ file: '../segment-1.zpkg' }), 'CORPUS_FORMAT');
    assert.is(await withSegment({ numbers: [0, 3] }), 'CORPUS_FORMAT');
    assert.is(await withSegment({ numbers: [0, 0] }), 'CORPUS_FORMAT');
    assert.is(await withSegment({ removed: [1, 1] }), 'CORPUS_FORMAT', 'no document is said to be removed');
    assert.is(await withSegment({ removed: [10_000, 1], removedDocuments: 1 }), 'CORPUS_FORMAT');
    assert.is(await withSegment({ fingerprint: 1 }), 'CORPUS_SEGMENT');
    const corpus = join(folder, 'whole');
    await addToCorpus(corpus, source(FIRST), SETTINGS);
    const whole = await SegmentedCorpus.open(corpus);
    const last = whole.chunksOf('d39')[1]!;
    await whole.close();
    assert.is(await withSegment({ removed: [last, 1], removedDocuments: 1 }), 'CORPUS_SEGMENT', 'a part of a document');
    await writeFile(path, JSON.stringify({ ...manifest, segments: [{ ...segment, removed: [0, 1], removedDocuments: 2 }] }));
    assert.is((await errorOf(() => SegmentedCorpus.open(folder))).code, 'CORPUS_FORMAT', 'more documents than chunks');

    await writeFile(path, JSON.stringify(manifest));
    await addToCorpus(folder, source(FIRST.slice(0, 9).map(({ id }) => document(id, `${id} again`))));
    await copyFile(join(folder, 'segment-2.zpkg'), join(folder, 'segment-1.zpkg'));
    await copyFile(join(folder, 'segment-2.zpkg.map'), join(folder, 'segment-1.zpkg.map'));
    assert.is((await errorOf(() => SegmentedCorpus.open(folder))).code, 'CORPUS_SEGMENT');
  });
});

test.run();

import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DocumentReader, type Metadata, packCorpus, verifyMetadata } from '../../../data/index.ts';
import { mappingPathOf } from '../../../data/mapping/mapping.ts';
import { metadataPathOf } from '../../../data/metadata/metadata-file.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import {
  METADATA_DICTIONARY,
  METADATA_DOCUMENTS,
  PASSAGES_DOCUMENTS,
  PASSAGES_PACKING,
  TERMS_ANALYZER,
} from '../../golden/metadata-documents.ts';

const test = suite('metadata golden files, version 1');
const golden = fileURLToPath(new URL('../../golden/zpkg/', import.meta.url));
const container = join(golden, 'v1-metadata.zpkg');

/** As it was written down when version 1 was frozen; spans are of chunks. */
const EXPECTED: Readonly<Record<string, Metadata | undefined>> = {
  'guide/install.md': {
    source: 'guide/install.md',
    title: 'Installing',
    language: 'en',
    fields: { author: 'someone', tags: ['a', null, { b: 1.5 }] },
  },
  titled: { title: 'A title of the text' },
  empty: undefined,
  报告: {
    source: 'https://example.org/report.pdf',
    title: '年度报告',
    pages: { first: 3, last: 5 },
    headings: ['Report', 'Items'],
    span: { start: 1000, end: 1000 + METADATA_DOCUMENTS[3]!.text.length },
    labels: ['staff', 'auditors'],
  },
  indented: { span: { start: 5, end: 100 }, labels: [] },
};

async function check(path: string): Promise<void> {
  const reader = await DocumentReader.open(path);
  try {
    assert.equal([...reader.ids()], Object.keys(EXPECTED));
    for (const [id, expected] of Object.entries(EXPECTED)) assert.equal(await reader.documentMetadata(id), expected, id);
    // The text begins behind "A title of the text " and has 13 bytes; the chunk begins with the title.
    assert.equal((await reader.metadataOf(1))?.span, { start: 0, end: 13 });
    assert.equal((await reader.metadataOf(2))?.span, { start: 0, end: 0 });
    // 4 characters of 3 bytes and a space stand before the text.
    let start = 1000;
    for (const chunk of reader.chunksOf('报告')) {
      const bytes = Buffer.byteLength(await reader.chunkText(chunk)) - (start === 1000 ? 13 : 0);
      assert.equal((await reader.metadataOf(chunk))?.span, { start, end: start + bytes });
      start += bytes;
    }
    assert.is(start, 1000 + METADATA_DOCUMENTS[3]!.text.length);
    // Not as long as the text: the chunk lies somewhere in it.
    assert.equal((await reader.metadataOf(reader.chunkCount - 1))?.span, { start: 5, end: 100 });
    await verifyMetadata(reader);
  } finally {
    await reader.close();
  }
}

test('the golden file opens and says what it said', async () => {
  await check(container);
});

test('a section that is not known and may be skipped is passed over', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'later.zpkg');
    await copyFile(container, path);
    await copyFile(mappingPathOf(container), mappingPathOf(path));
    await copyFile(join(golden, 'v1-metadata-later-section.zpkg.meta'), metadataPathOf(path));
    await check(path);
  });
});

test('packing its documents again gives the golden files, byte for byte', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'again.zpkg');
    const source = async function* () {
      yield* METADATA_DOCUMENTS;
    };
    await packCorpus(source, path, { dictionary: METADATA_DICTIONARY, targetChunkSize: 200, workers: 1 });
    for (const of of [(name: string) => name, mappingPathOf, metadataPathOf])
      assert.equal(await readFile(of(path)), await readFile(of(container)));
  });
});

/** As they were written down when the section was added: of each chunk where its passages begin without overlap, and where it ends. */
const EXPECTED_PASSAGES: readonly (readonly number[] | undefined)[] = [
  undefined,
  [0, 163, 296, 369, 472, 616],
  [0, 165, 298, 478, 613],
  [0, 101, 262],
  [0, 174, 277, 424],
  [0, 191, 296, 446, 549, 639],
  undefined,
];
/** How much earlier they begin in the file with overlaps. */
const EXPECTED_OVERLAPS: readonly (readonly number[])[] = [
  [],
  [0, 21, 21, 21, 21],
  [0, 21, 21, 22],
  [0, 20],
  [0, 20, 20],
  [0, 20, 20, 20, 18],
  [],
];

test('golden files with passages open and say what they said, and are packed again byte for byte', async () => {
  await withTemporaryFolder(async (folder) => {
    for (const [name, overlaps, options] of [
      ['v1-passages', true, {}],
      ['v1-passages-alone', false, { metadata: false, passageOverlap: 0 }],
    ] as const) {
      const path = join(golden, `${name}.zpkg`);
      await using reader = await DocumentReader.open(path);
      assert.is(reader.metadata?.hasRecords, overlaps);
      for (const [chunk, borders] of EXPECTED_PASSAGES.entries()) {
        const expected = borders?.slice(0, -1).map((start, number) => ({
          start: start - (overlaps ? EXPECTED_OVERLAPS[chunk]![number]! : 0),
          end: borders[number + 1],
        }));
        assert.equal(await reader.passagesOf(chunk), expected, `${name}, chunk ${chunk}`);
      }
      assert.equal(await verifyMetadata(reader), { passages: 21, terms: 0 });
      assert.is(reader.termAnalyzer, undefined);
      assert.is(await reader.termsOf(1), undefined);
      const again = join(folder, `${name}.zpkg`);
      const source = async function* () {
        yield* PASSAGES_DOCUMENTS;
      };
      await packCorpus(source, again, { ...PASSAGES_PACKING, ...options });
      for (const of of [(file: string) => file, mappingPathOf, metadataPathOf])
        assert.equal(await readFile(of(again)), await readFile(of(path)));
    }
  });
});

test('the golden file with terms opens and says what it said, and is packed again byte for byte', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(golden, 'v1-terms.zpkg');
    await using reader = await DocumentReader.open(path);
    assert.equal(reader.termAnalyzer, TERMS_ANALYZER.settings);
    assert.equal(await verifyMetadata(reader), { passages: 21, terms: 21 });
    const counted = async (chunk: number) =>
      (await reader.termsOf(chunk))!.map(({ terms, counts }) =>
        Object.fromEntries(terms.map((term, place) => [term, counts[place]!])),
      );
    // "Short One passage." with its title; the last document has no text.
    assert.equal(await counted(0), [{ short: 1, one: 1, passage: 1 }]);
    assert.equal(await counted(6), [{}]);
    for (let chunk = 0; chunk < reader.chunkCount; chunk++) {
      const bytes = Buffer.from(await reader.chunkText(chunk));
      const passages = (await reader.passagesOf(chunk)) ?? [{ start: 0, end: bytes.length }];
      const expected = passages.map(({ start, end }) => {
        const counts: Record<string, number> = {};
        for (const term of TERMS_ANALYZER.terms(bytes.toString('utf8', start, end))) counts[term] = (counts[term] ?? 0) + 1;
        return counts;
      });
      assert.equal(await counted(chunk), expected);
    }
    const again = join(folder, 'v1-terms.zpkg');
    const source = async function* () {
      yield* PASSAGES_DOCUMENTS;
    };
    const manifest = await packCorpus(source, again, { ...PASSAGES_PACKING, terms: TERMS_ANALYZER });
    assert.is(manifest.termBytes, reader.metadata!.termBytes);
    for (const of of [(file: string) => file, mappingPathOf, metadataPathOf])
      assert.equal(await readFile(of(again)), await readFile(of(path)));
  });
});

test('every malformed file is refused with its code, when it is opened or read', async () => {
  const codes = JSON.parse(await readFile(join(golden, 'malformed-metadata.json'), 'utf8')) as Record<string, string>;
  assert.equal(
    (await readdir(join(golden, 'malformed-metadata'))).sort(),
    Object.keys(codes)
      .map((name) => `${name}.zpkg.meta`)
      .sort(),
  );
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'malformed.zpkg');
    await copyFile(container, path);
    await copyFile(mappingPathOf(container), mappingPathOf(path));
    for (const [name, code] of Object.entries(codes)) {
      await copyFile(join(golden, 'malformed-metadata', `${name}.zpkg.meta`), metadataPathOf(path));
      const error = await errorOf(async () => {
        const reader = await DocumentReader.open(path);
        try {
          await verifyMetadata(reader);
        } finally {
          await reader.close();
        }
      });
      assert.is(error.code, code, `${name}: ${error.message}`);
      assert.ok(error.message.includes(path), name);
    }
  });
});

test.run();

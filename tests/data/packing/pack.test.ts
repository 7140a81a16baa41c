import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import { RandomNumbers } from '../../../base/random.ts';
import {
  addToCorpus,
  chunkTexts,
  type Document,
  DocumentReader,
  documentText,
  Mapping,
  type PackOptions,
  packCorpus,
  readCorpus,
} from '../../../data/index.ts';
import { settleLeftFiles } from '../../../data/mapping/document-reader.ts';
import { mappingPathOf } from '../../../data/mapping/mapping.ts';
import { metadataPathOf } from '../../../data/metadata/metadata-file.ts';
import { type Decompressor, ZpkgReader } from '../../../zpkg/index.ts';
import { collect, errorOf, withTemporaryFolder, writeJsonl } from '../../fixtures/temporary-folder.ts';

const test = suite('packing');

const WORDS =
  'index vector chunk frame symbol literal copy offset dictionary corpus query answer teacher student patch encoder decoder header checksum reader'.split(
    ' ',
  );

/** Texts of seeded words: sentences, paragraphs. */
function prose(words: number, seed: number): string {
  const numbers = new RandomNumbers(seed, 'prose');
  const random = () => numbers.uniform();
  let text = '';
  for (let i = 0; i < words; i++) {
    text += `${WORDS[Math.floor(random() * WORDS.length)]}${random() < 0.3 ? Math.floor(random() * 1000) : ''}`;
    const chance = random();
    text += chance < 0.02 ? '.\n\n' : chance < 0.1 ? '. ' : ' ';
  }
  return text;
}

async function* iterate<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

const source = (documents: readonly Document[]) => () => iterate(documents);

const DOCUMENTS: readonly Document[] = [
  { id: 'short', title: 'A title', text: 'and a text' },
  { id: 'empty', title: '', text: '' },
  { id: '中文/文档', title: '', text: '为了保护民事主体的合法权益，制定本法。'.repeat(300) },
  { id: 'long', title: 'Long', text: prose(8000, 1) },
  { id: 'faces', title: '', text: '😀👍🏽'.repeat(4000) + prose(1000, 2) },
  { id: 'unbroken', title: '', text: Array.from({ length: 8000 }, (_, i) => ((i * 2654435761) >>> 0).toString(36)).join('') },
  { id: 'surrogate', title: '', text: 'a lone \ud800 surrogate' },
  ...Array.from({ length: 60 }, (_, number) => ({ id: `d${number}`, title: `Number ${number}`, text: prose(150, number + 10) })),
];

test('round trip: order, ids, texts, splitting within the target, with every kind of dictionary', async () => {
  await withTemporaryFolder(async (folder) => {
    const variants: readonly PackOptions[] = [
      { level: 3 },
      { level: 12, targetChunkSize: 1000, dictionarySize: 4096 },
      { level: 6, dictionarySize: 4096, dictionaryBorders: 'word' },
      { level: -5, dictionary: 'none', targetChunkSize: 300 },
      { level: 1, dictionary: Buffer.from(prose(500, 99)), plainLiterals: true },
    ];
    for (const [number, options] of variants.entries()) {
      const output = join(folder, `${number}.zpkg`);
      const manifest = await packCorpus(source(DOCUMENTS), output, options);
      const reader = await DocumentReader.open(output);
      assert.equal(
        [...reader.ids()],
        DOCUMENTS.map(({ id }) => id),
      );
      assert.is(manifest.documents, DOCUMENTS.length);
      assert.is(manifest.chunks, reader.chunkCount);
      assert.is(manifest.containerBytes, (await stat(output)).size);
      assert.is(manifest.mappingBytes, (await stat(mappingPathOf(output))).size);
      assert.is(manifest.dictionaryBytes, reader.dictionary.length);
      let textBytes = 0;
      let next = 0;
      for (const document of DOCUMENTS) {
        const bytes = Buffer.from(documentText(document));
        textBytes += bytes.length;
        assert.equal(Buffer.from(await reader.documentById(document.id)), bytes, document.id);
        const chunks = reader.chunksOf(document.id);
        for (const chunk of chunks) {
          assert.is(chunk, next);
          next += 1;
          assert.is(reader.documentOf(chunk), document.id);
          const frame = await reader.compressedChunk(chunk);
          assert.ok(frame.length <= manifest.targetChunkSize, `${frame.length} bytes`);
          assert.not(chunks.length > 1 && (await reader.chunkText(chunk)).includes('\ufffd'), 'no character is cut');
        }
      }
      assert.is(next, reader.chunkCount);
      assert.is(manifest.textBytes, textBytes);
      assert.is(manifest.metadataBytes, (await stat(metadataPathOf(output))).size);
      const stored = manifest.containerBytes + manifest.mappingBytes + manifest.metadataBytes;
      assert.is(manifest.saving, 1 - stored / textBytes);
      assert.is((await reader.container.statistics()).contentBytes, textBytes);
      await reader.close();
    }
  });
});

test('long texts are cut between paragraphs or sentences, and into parts of about one size', async () => {
  await withTemporaryFolder(async (folder) => {
    const output = join(folder, 'long.zpkg');
    await packCorpus(source(DOCUMENTS.slice(3, 4)), output, { level: 3, targetChunkSize: 4096, dictionary: 'none' });
    const reader = await DocumentReader.open(output);
    const sizes: number[] = [];
    for (const chunk of reader.chunksOf('long')) {
      sizes.push(reader.container.chunkSize(chunk));
      if (chunk < reader.chunkCount - 1) assert.match(await reader.chunkText(chunk), /\.\s+$/);
    }
    assert.ok(sizes.length > 2);
    assert.ok(Math.min(...sizes) > 1500, sizes.join(' '));
    await reader.close();
  });
});

test('the same corpus and options give the same files', async () => {
  await withTemporaryFolder(async (folder) => {
    const paths = [join(folder, 'a.zpkg'), join(folder, 'b.zpkg')];
    for (const path of paths) await packCorpus(source(DOCUMENTS), path, { level: 3 });
    assert.equal(await readFile(paths[0]!), await readFile(paths[1]!));
    assert.equal(await readFile(mappingPathOf(paths[0]!)), await readFile(mappingPathOf(paths[1]!)));
  });
});

test('texts of chunks come from the source; nothing is decompressed', async () => {
  await withTemporaryFolder(async (folder) => {
    const output = join(folder, 'texts.zpkg');
    await packCorpus(source(DOCUMENTS), output, { level: 3, targetChunkSize: 500 });
    const decompressor = (): Decompressor => {
      throw new Error('decompressed');
    };
    const blind = await DocumentReader.open(output, { decompressor });
    const seeing = await DocumentReader.open(output);
    const texts = await collect(chunkTexts(iterate(DOCUMENTS), blind));
    assert.equal(
      texts.map(({ chunk }) => chunk),
      Array.from({ length: blind.chunkCount }, (_, chunk) => chunk),
    );
    for (const { chunk, id, text } of texts) {
      assert.is(text, await seeing.chunkText(chunk));
      assert.is(id, seeing.documentOf(chunk));
    }
    const changed = { ...DOCUMENTS[0]!, text: 'another text' };
    assert.is((await errorOf(() => collect(chunkTexts(iterate([changed]), blind)))).code, 'SOURCE_DIFFERS');
    const unknown = { ...DOCUMENTS[0]!, id: 'unknown' };
    assert.is((await errorOf(() => collect(chunkTexts(iterate([unknown]), blind)))).code, 'MAPPING_UNKNOWN_ID');
    await blind.close();
    await seeing.close();
  });
});

test('a small corpus gets a small dictionary or none', async () => {
  await withTemporaryFolder(async (folder) => {
    const tiny = await packCorpus(source(DOCUMENTS.slice(0, 2)), join(folder, 'tiny.zpkg'));
    assert.is(tiny.dictionaryBytes, 0);
    const small = await packCorpus(source(DOCUMENTS.slice(7)), join(folder, 'small.zpkg'), { level: 3 });
    assert.ok(small.dictionaryBytes > 0 && small.dictionaryBytes <= small.textBytes / 24, String(small.dictionaryBytes));
    const none = await packCorpus(source(DOCUMENTS.slice(7)), join(folder, 'none.zpkg'), { level: 3, dictionarySize: 0 });
    assert.is(none.dictionaryBytes, 0);
  });
});

test('what cannot be packed is refused, and leaves no file', async () => {
  await withTemporaryFolder(async (folder) => {
    const output = join(folder, 'out.zpkg');
    const refused = async (documents: () => AsyncIterable<Document>, options: PackOptions = {}): Promise<CemError> => {
      const error = await errorOf(() => packCorpus(documents, output, { level: 1, ...options }));
      assert.equal(
        (await readdir(folder)).filter((name) => name.includes('out.zpkg')),
        [],
      );
      return error;
    };
    assert.is((await refused(source([]))).code, 'PACK_EMPTY_CORPUS');
    assert.is((await refused(source(DOCUMENTS), { targetChunkSize: 10 })).code, 'PACK_OPTION');
    assert.is((await refused(source(DOCUMENTS), { dictionarySize: -1 })).code, 'PACK_OPTION');
    assert.is((await refused(source(DOCUMENTS), { level: 99 })).code, 'CODEC_LEVEL');
    assert.is((await refused(source([{ id: '\ud800', title: '', text: 'x' }]))).code, 'MAPPING_ID');

    const input = await writeJsonl(join(folder, 'twice.jsonl'), [
      { _id: 'a', text: 'x' },
      { _id: 'b', text: 'x' },
      { _id: 'a', text: 'y' },
    ]);
    const twice = await refused(() => readCorpus(input));
    assert.is(twice.code, 'PACK_DUPLICATE_ID');
    assert.ok(twice.message.includes(`${input}:1 and ${input}:3`), twice.message);

    for (const second of [DOCUMENTS.slice(1), DOCUMENTS.slice(0, -1), [...DOCUMENTS, { id: 'new', title: '', text: '' }]]) {
      let pass = 0;
      const error = await refused(() => {
        pass += 1;
        return iterate(pass === 1 ? DOCUMENTS : second);
      });
      assert.is(error.code, 'PACK_SOURCE_CHANGED');
    }

    let documents = 0;
    const breaking = async function* (): AsyncGenerator<Document> {
      for (const document of DOCUMENTS) {
        documents += 1;
        if (documents > DOCUMENTS.length + 5) throw new CemError('TEST_SOURCE', 'the source broke');
        yield document;
      }
    };
    assert.is((await refused(breaking)).code, 'TEST_SOURCE');
  });
});

test('F05: an id that no database takes is refused at the pack, by the document', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'a.jsonl');
    for (const id of ['a\u0000b', '\u0000', 'lone \ud800', 'x'.repeat(65_536)]) {
      await writeFile(path, `{"_id": "1", "text": "x"}\n${JSON.stringify({ _id: id, text: 'some text' })}\n`);
      for (const pack of [
        () => packCorpus(() => readCorpus(path), join(folder, 'out.zpkg'), { level: 1 }),
        () => addToCorpus(join(folder, 'out.corpus'), () => readCorpus(path), { level: 1 }),
      ]) {
        const error = await errorOf(pack);
        assert.is(error.code, 'MAPPING_ID');
        assert.ok(
          error.message.startsWith(`the id ${JSON.stringify(id.slice(0, 80))} in ${path}:2 cannot be used`),
          error.message,
        );
        assert.not(/[\0\n]/.test(error.message), 'one line');
      }
    }
    // The longest that is allowed, and other control characters.
    await writeJsonl(path, [
      { _id: 'x'.repeat(65_535), text: 'x' },
      { _id: 'a\u0001\nb', text: 'x' },
    ]);
    const { documents } = await packCorpus(() => readCorpus(path), join(folder, 'out.zpkg'), { level: 1 });
    assert.is(documents, 2);
  });
});

test('F09: documents without text are counted, and stay readable', async () => {
  await withTemporaryFolder(async (folder) => {
    const documents: readonly Document[] = [
      { id: 'empty', title: '', text: '' },
      { id: 'blank', title: ' ', text: ' \n ' },
      // No-break and ideographic space, a zero-width space and joiner, a byte order mark, a control character.
      { id: 'invisible', title: '', text: '\u00a0\u3000\u200b\u200d\ufeff\u0000' },
      { id: 'title', title: 'Only a title', text: '' },
      { id: 'text', title: '', text: 'x' },
      { id: 'mark', title: '', text: '?' },
    ];
    const output = join(folder, 'out.zpkg');
    const manifest = await packCorpus(source(documents), output, { level: 3 });
    assert.is(manifest.emptyDocuments, 3);
    assert.is(manifest.documents, 6);
    assert.is(manifest.chunks, 6);
    const reader = await DocumentReader.open(output);
    for (const document of documents) assert.is(await reader.documentById(document.id), documentText(document), document.id);
    assert.is((await reader.container.verify()).failed, 0);
    await reader.close();
    const corpus = join(folder, 'out.corpus');
    assert.is((await addToCorpus(corpus, source(documents), { level: 3 })).empty, 3);
    assert.is((await addToCorpus(corpus, source(documents), { level: 3 })).empty, 0);
    const none = await packCorpus(source(documents.slice(0, 2)), join(folder, 'none.zpkg'), { level: 3 });
    assert.is(none.emptyDocuments, 2);
    assert.is(none.saving, 0);
  });
});

test('a container that is there stays unless force is given', async () => {
  await withTemporaryFolder(async (folder) => {
    const output = join(folder, 'out.zpkg');
    await packCorpus(source(DOCUMENTS.slice(0, 2)), output, { level: 1 });
    const before = await readFile(output);
    assert.is((await errorOf(() => packCorpus(source(DOCUMENTS), output, { level: 1 }))).code, 'PACK_OUTPUT_EXISTS');
    assert.equal(await readFile(output), before);
    await packCorpus(source(DOCUMENTS), output, { level: 1, force: true });
    const reader = await DocumentReader.open(output);
    assert.is(reader.documentCount, DOCUMENTS.length);
    await reader.close();
    await writeFile(join(folder, 'alone.zpkg.map'), 'someone else’s');
    assert.is(
      (await errorOf(() => packCorpus(source(DOCUMENTS), join(folder, 'alone.zpkg'), { level: 1 }))).code,
      'PACK_OUTPUT_EXISTS',
    );
  });
});

test('a pack that is killed between its two files leaves the old corpus or the new one', async () => {
  await withTemporaryFolder(async (folder) => {
    const [old, next, killed] = [join(folder, 'old.zpkg'), join(folder, 'next.zpkg'), join(folder, 'killed.zpkg')];
    await packCorpus(source(DOCUMENTS.slice(0, 2)), old, { level: 1 });
    await packCorpus(source(DOCUMENTS.slice(1, 4)), next, { level: 1 });
    const ids = async () => {
      const reader = await DocumentReader.open(killed);
      await reader.close();
      return [...reader.ids()];
    };
    // The next mapping is written, the container is not there yet: first where there is none, then where there is an old one.
    await copyFile(mappingPathOf(next), `${mappingPathOf(killed)}.next`);
    assert.is((await errorOf(ids)).code, 'FILE_OPEN');
    await copyFile(old, killed);
    await copyFile(mappingPathOf(old), mappingPathOf(killed));
    assert.equal(await ids(), ['short', 'empty']);
    // The container is there, its mapping has not taken its place yet.
    await copyFile(next, killed);
    assert.equal(await ids(), ['empty', '中文/文档', 'long']);
    // Before another pack writes its mapping, that one is put in its place, or a second kill would lose it.
    await settleLeftFiles(killed);
    await rm(`${mappingPathOf(killed)}.next`, { force: true });
    assert.equal(await ids(), ['empty', '中文/文档', 'long']);
    await rename(mappingPathOf(killed), `${mappingPathOf(killed)}.next`);
    assert.equal(await ids(), ['empty', '中文/文档', 'long']);
    await packCorpus(source(DOCUMENTS.slice(4, 5)), killed, { level: 1, force: true });
    assert.equal(await ids(), ['faces']);
    assert.not((await readdir(folder)).some((name) => name.endsWith('.next')));
  });
});

test('a mapping of another container is refused', async () => {
  await withTemporaryFolder(async (folder) => {
    const [a, b] = [join(folder, 'a.zpkg'), join(folder, 'b.zpkg')];
    await packCorpus(source(DOCUMENTS.slice(0, 2)), a, { level: 1 });
    await packCorpus(source(DOCUMENTS.slice(1, 3)), b, { level: 1 });
    const error = await errorOf(() => DocumentReader.open(a, { mappingPath: mappingPathOf(b) }));
    assert.is(error.code, 'MAPPING_MISMATCH');
    assert.is((await Mapping.open(mappingPathOf(b))).documentCount, 2);
    assert.is((await errorOf(() => DocumentReader.open(a, { mappingPath: join(folder, 'none.map') }))).code, 'FILE_OPEN');
  });
});

/** Starts a process that packs and then waits in the middle of the second pass; resolves when it waits. */
async function startPacking(output: string, force: boolean): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./pack-and-wait.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, output, String(force)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('a killed pack leaves no half file, and what stood there before stays whole', async () => {
  await withTemporaryFolder(async (folder) => {
    const output = join(folder, 'killed.zpkg');
    for (const before of [false, true]) {
      if (before) await packCorpus(source(DOCUMENTS), output, { level: 1 });
      const child = await startPacking(output, before);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
      assert.equal(names, before ? ['killed.zpkg', 'killed.zpkg.map', 'killed.zpkg.meta'] : []);
      if (!before) continue;
      const reader = await DocumentReader.open(output);
      assert.is((await reader.container.verify()).failed, 0);
      assert.is(reader.documentCount, DOCUMENTS.length);
      await reader.close();
    }
    await packCorpus(source(DOCUMENTS), output, { level: 1, force: true });
    const container = await ZpkgReader.open(output);
    await container.close();
    // What the killed ones had begun is gone, too.
    assert.equal((await readdir(folder)).sort(), ['killed.zpkg', 'killed.zpkg.map', 'killed.zpkg.meta']);
  });
});

test.run();

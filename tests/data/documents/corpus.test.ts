import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readJsonl } from '../../../data/documents/corpus.ts';
import { documentText, readCorpus } from '../../../data/index.ts';
import { createCompressor } from '../../../zpkg/index.ts';
import { collect, errorOf, withTemporaryFolder, writeJsonl } from '../../fixtures/temporary-folder.ts';

const test = suite('corpus readers');

const ROWS = [
  { _id: '1', title: 'One', text: 'first' },
  { _id: 'zwei', text: 'second, without title' },
  { _id: '三', title: '', text: 'a line separator \u2028 is no end of a line' },
];

test('JSONL, plain and compressed, with CRLF, blank lines, byte order mark and no newline at the end', async () => {
  await withTemporaryFolder(async (folder) => {
    const lines = ROWS.map((row) => JSON.stringify(row));
    const content = Buffer.from(`\ufeff${lines[0]}\r\n\n   \n${lines[1]}\n${lines[2]}`);
    await writeFile(join(folder, 'a.jsonl'), content);
    await writeFile(join(folder, 'a.jsonl.gz'), gzipSync(content));
    await writeFile(join(folder, 'a.jsonl.zst'), createCompressor({ level: 3 }).compress(content));
    for (const name of ['a.jsonl', 'a.jsonl.gz', 'a.jsonl.zst']) {
      const documents = await collect(readCorpus(join(folder, name)));
      assert.equal(
        documents.map(({ id, title, text }) => ({ id, title, text })),
        ROWS.map(({ _id, title = '', text }) => ({ id: _id, title, text })),
      );
      assert.equal(
        documents.map(({ origin }) => origin?.slice(join(folder, name).length)),
        [':1', ':4', ':5'],
      );
    }
  });
});

test('lines longer than what is read at once', async () => {
  await withTemporaryFolder(async (folder) => {
    const rows = [1, 2, 3].map((number) => ({ _id: String(number), text: `${number}é`.repeat(300_000) }));
    const documents = await collect(readCorpus(await writeJsonl(join(folder, 'long.jsonl'), rows)));
    assert.equal(
      documents.map(({ text }) => text),
      rows.map(({ text }) => text),
    );
  });
});

test('a text of title and text, as BEIR joins them', () => {
  assert.is(documentText({ id: '1', title: 'T', text: 'x' }), 'T x');
  assert.is(documentText({ id: '1', title: '', text: ' x\n' }), 'x');
  assert.is(documentText({ id: '1', title: 'T', text: '' }), 'T');
});

test('bad lines are named by file and number', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'bad.jsonl');
    const good = '{"_id": "1", "text": "x"}';
    for (const [line, code, words] of [
      ['{"_id": "2", ', 'DATA_JSON', 'is not JSON'],
      ['[1]', 'DATA_JSON', 'no object'],
      ['null', 'DATA_JSON', 'no object'],
      ['{"text": "x"}', 'DATA_FIELD', 'has no "_id"'],
      ['{"_id": "", "text": "x"}', 'DATA_FIELD', 'an empty "_id"'],
      ['{"_id": 2, "text": "x"}', 'DATA_FIELD', 'a number as "_id", where a string is needed: write "_id": "2"'],
      ['{"_id": "2"}', 'DATA_FIELD', 'has no "text"'],
      ['{"_id": "2", "text": null}', 'DATA_FIELD', 'a null as "text"'],
      ['{"_id": "2", "text": "x", "title": []}', 'DATA_FIELD', 'a list as "title"'],
    ] as const) {
      await writeFile(path, `${good}\n\n${line}\n${good}\n`);
      const error = await errorOf(() => collect(readCorpus(path)));
      assert.is(error.code, code, line);
      assert.ok(error.message.startsWith(`${path}:3 `), error.message);
      assert.ok(error.message.includes(words), error.message);
    }
    await writeFile(
      path,
      Buffer.concat([Buffer.from(`${good}\n{"_id": "2", "text": "`), Buffer.from([0xff, 0xfe]), Buffer.from('"}\n')]),
    );
    const error = await errorOf(() => collect(readCorpus(path)));
    assert.is(error.code, 'DATA_UTF8');
    assert.is(error.details['line'], 2);
  });
});

test('a key that a line has twice is refused, not silently the last one taken', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'twice.jsonl');
    for (const [line, key] of [
      ['{"_id": "1", "_id": "2", "text": "x"}', '_id'],
      ['{"_id": "1", "text": "x", "te\\u0078t": "y"}', 'text'],
      ['{"_id": "1", "more": {"a": [{"b": "\\":"}]}, "text" : "\\\\", "more" :1}', 'more'],
    ] as const) {
      await writeFile(path, `${line}\n`);
      const error = await errorOf(() => collect(readCorpus(path)));
      assert.is(error.code, 'DATA_JSON');
      assert.ok(error.message.startsWith(`${path}:1 has the key "${key}" twice`), error.message);
    }
    // Texts may hold what looks like keys, and objects inside may have the same ones.
    const text = 'a "text": "_id": {"text": } \\ ":';
    await writeJsonl(path, [{ _id: '1', more: [{ text: 1 }, { text: 2, _id: { text: 3 } }], text }]);
    assert.equal(
      (await collect(readCorpus(path))).map((document) => document.text),
      [text],
    );
  });
});

test('JSONL: marks and line ends of joined files, NULs, separators of lines that are none', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'a.jsonl');
    const line = (id: string, text: string): string => JSON.stringify({ _id: id, text });
    await writeFile(
      path,
      `\ufeff${line('1', 'a')}\r\n\ufeff${line('2', '\u2028\u2029\u0085\v\f\0')}\r\n\r\n\ufeff\r\n${line('3', 'c')}\r`,
    );
    assert.equal(
      (await collect(readCorpus(path))).map(({ id, text }) => [id, text]),
      [
        ['1', 'a'],
        ['2', '\u2028\u2029\u0085\v\f\0'],
        ['3', 'c'],
      ],
    );
    await writeFile(path, `${line('1', 'a')}\n${'\0'.repeat(4096)}`);
    const error = await errorOf(() => collect(readCorpus(path)));
    assert.ok(error.message.startsWith(`${path}:2 is not JSON (it has NUL bytes`), error.message);
  });
});

test('compressed files that are cut off', async () => {
  await withTemporaryFolder(async (folder) => {
    const content = Buffer.from(ROWS.map((row) => JSON.stringify(row)).join('\n'));
    const gzip = gzipSync(content);
    const zstd = createCompressor({ level: 3 }).compress(content);
    await writeFile(join(folder, 'cut.jsonl.gz'), gzip.subarray(0, -9));
    await writeFile(join(folder, 'cut.jsonl.zst'), zstd.subarray(0, -9));
    await writeFile(join(folder, 'no.jsonl.gz'), content);
    for (const name of ['cut.jsonl.gz', 'cut.jsonl.zst', 'no.jsonl.gz']) {
      assert.is((await errorOf(() => collect(readCorpus(join(folder, name))))).code, 'DATA_DECOMPRESS', name);
    }
    for (const name of ['absent.jsonl', 'absent.jsonl.gz', 'absent.jsonl.zst']) {
      assert.is((await errorOf(() => collect(readCorpus(join(folder, name))))).code, 'FILE_OPEN', name);
      assert.is((await errorOf(() => collect(readJsonl(join(folder, name))))).code, 'FILE_OPEN', name);
    }
    await mkdir(join(folder, 'folder.jsonl'));
    assert.is((await errorOf(() => collect(readJsonl(join(folder, 'folder.jsonl'))))).code, 'FILE_OPEN');
  });
});

test('a folder of text files: sorted paths as ids, sub-folders, no hidden entries, links followed', async () => {
  await withTemporaryFolder(async (folder) => {
    await mkdir(join(folder, 'guide', 'deep'), { recursive: true });
    await mkdir(join(folder, '.git'));
    await writeFile(join(folder, 'z.txt'), 'last');
    await writeFile(join(folder, 'README.MD'), '\ufeff# Title\n\ntext\n');
    await writeFile(join(folder, 'guide', 'a.rst'), 'restructured');
    await writeFile(join(folder, 'guide', 'deep', 'page.html'), '<title>Page &amp; more</title><p>Hello <b>world</b></p>');
    await writeFile(join(folder, 'guide', 'image.png'), 'no text');
    await writeFile(join(folder, '.git', 'hidden.txt'), 'hidden');
    await symlink(join(folder, 'z.txt'), join(folder, 'link.txt'));
    const documents = await collect(readCorpus(folder));
    assert.equal(
      documents.map(({ id, title, text }) => [id, title, text]),
      [
        ['README.MD', '', '# Title\n\ntext\n'],
        ['guide/a.rst', '', 'restructured'],
        ['guide/deep/page.html', 'Page & more', 'Hello world'],
        ['link.txt', '', 'last'],
        ['z.txt', '', 'last'],
      ],
    );
    assert.equal(
      (await collect(readCorpus(join(folder, 'z.txt')))).map(({ id }) => id),
      ['z.txt'],
    );
    await writeFile(join(folder, 'latin.txt'), Buffer.from([0x63, 0x61, 0x66, 0xe9]));
    const error = await errorOf(() => collect(readCorpus(folder)));
    assert.is(error.code, 'DATA_UTF8');
    assert.ok(error.message.includes('latin.txt'));
  });
});

test('a folder without any text', async () => {
  await withTemporaryFolder(async (folder) => {
    assert.is((await errorOf(() => collect(readCorpus(folder)))).code, 'DATA_NO_DOCUMENTS');
  });
});

test.run();

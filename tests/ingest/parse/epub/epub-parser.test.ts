import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { epubParser } from '../../../../ingest/parse/epub/epub-parser.ts';
import { PARSE_SAMPLES } from '../../../../scripts/fuzz/parse-samples.ts';
import { zipFile } from '../../../../scripts/fuzz/zip-file.ts';
import { errorOf } from '../../../fixtures/temporary-folder.ts';
import { blocksOf, parsed, sampleContract } from '../sample-contract.ts';

const test = suite('epub parser');

sampleContract('epub');

const { file, entries = [] } = PARSE_SAMPLES['epub']![0]!;
const without = (name: string) => zipFile(entries.filter((entry) => entry.name !== name));
const replaced = (name: string, content: string) =>
  zipFile(entries.map((entry) => (entry.name === name ? { ...entry, bytes: Buffer.from(content) } : entry)));

test('chapters in the order of the spine, without the table of contents', async () => {
  const { title, language, fields } = await parsed('a.epub', file.bytes);
  assert.equal([title, language, fields], ['水泵 and pumps', 'zh-CN', { authors: ['A. Writer'] }]);
  assert.equal(await blocksOf('a.epub', file.bytes), [
    'heading1 Pumps',
    'paragraph A pump moves water.',
    'heading1 水泵',
    'paragraph 水泵输送液体。',
  ]);
  assert.is(epubParser.recognise(file.bytes), 2);
});

test('a missing chapter is a warning; a missing package document, or an empty spine, an error', async () => {
  assert.equal((await parsed('a.epub', without('OPS/text/two.xhtml'))).warnings, [
    'the chapter "OPS/text/two.xhtml" is not in the file',
  ]);
  assert.is((await errorOf(() => parsed('a.epub', without('OPS/book.opf')))).code, 'PARSE_EPUB');
  assert.is((await parsed('a.epub', without('META-INF/container.xml'))).title, '水泵 and pumps');
  assert.is((await errorOf(() => parsed('a.epub', replaced('OPS/book.opf', '<package/>')))).code, 'PARSE_EPUB');
});

test('encrypted chapters are refused, obfuscated fonts are not', async () => {
  const encryption = (uri: string) => ({
    name: 'META-INF/encryption.xml',
    bytes: Buffer.from(`<encryption><CipherReference URI="${uri}"/></encryption>`),
  });
  assert.is(
    (await errorOf(() => parsed('a.epub', zipFile([...entries, encryption('OPS/text/one%20a.xhtml')])))).code,
    'PARSE_ENCRYPTED',
  );
  assert.is((await parsed('a.epub', zipFile([...entries, encryption('OPS/font.otf')]))).blocks.length, 4);
});

test.run();

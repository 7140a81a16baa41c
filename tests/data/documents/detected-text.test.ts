import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { detectText } from '../../../data/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('detected encodings');

const CHINESE = '为了规范管理，制定本办法。本办法适用于全国，由国务院解释。';

/** 为了规范管理，制定本办法。本办法适用于全国，由国务院解释。 as iconv writes it. */
const ENCODED: readonly (readonly [warning: RegExp | undefined, bytes: Buffer])[] = [
  [undefined, Buffer.from(CHINESE)],
  [undefined, Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(CHINESE)])],
  [undefined, Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(CHINESE, 'utf16le')])],
  [/UTF-16LE/, Buffer.from(CHINESE, 'utf16le')],
  [/UTF-16BE/, Buffer.from(CHINESE, 'utf16le').swap16()],
  [
    /GB18030/,
    Buffer.from(
      'ceaac1cbb9e6b7b6b9dcc0eda3acd6c6b6a8b1beb0ecb7a8a1a3b1beb0ecb7a8cacad3c3d3dac8abb9faa3acd3c9b9facef1d4babde2cacda1a3',
      'hex',
    ),
  ],
];

test('the same text from every encoding, and a warning where it is not said which', () => {
  for (const [warning, bytes] of ENCODED) {
    const detected = detectText(bytes, 'a.txt');
    assert.is(detected.text, CHINESE);
    if (warning === undefined) assert.is(detected.warning, undefined);
    else assert.match(detected.warning!, warning);
  }
});

test('windows-1252 with its typographic signs; a page that declares it needs no warning', () => {
  const bytes = Buffer.from('The \x93Caf\xe9\x94 \x96 5 \x80', 'latin1');
  assert.is(detectText(bytes, 'a.txt').text, 'The “Café” – 5 €');
  assert.equal(detectText(bytes, 'a.html', 'windows-1252'), { text: 'The “Café” – 5 €' });
});

test('UTF-8 with damaged places stays UTF-8', () => {
  const damaged = Buffer.from(CHINESE);
  damaged[4] = 0x20;
  const { text, warning } = detectText(damaged, 'a.txt');
  assert.ok(text.endsWith(CHINESE.slice(2)));
  assert.match(warning!, /places are no UTF-8/);
  const declared = Buffer.concat([Buffer.from('words '.repeat(100)), Buffer.from([0xe9])]);
  assert.match(detectText(declared, 'a.html', 'utf-8').text, /\ufffd$/);
});

test('what no encoding fits, and what is no text, is refused as before', async () => {
  const noise = Uint8Array.from({ length: 300 }, (_, index) => 0x80 + ((index * 37) % 0x80));
  assert.is((await errorOf(async () => detectText(noise, 'a.txt'))).code, 'DATA_UTF8');
  assert.is((await errorOf(async () => detectText(Buffer.from('%PDF-1.7'), 'a.txt'))).code, 'DATA_BINARY');
});

test.run();

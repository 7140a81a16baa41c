import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  cutUnits,
  findParser,
  hasParser,
  openTokenCounter,
  type ParsedDocument,
  type SourceFile,
  type Unit,
  unitStatistics,
} from '../../../ingest/index.ts';
import { bookFile } from '../books.ts';

const test = suite('units of books that Debian ships');

const FAQ = 'usr/share/doc/debian/FAQ';
const REFERENCE = 'usr/share/debian-reference';
/** The boundary-alignment rate that is asked of units. */
const ALIGNED = 0.9;
const DEFAULTS = { minimumTokens: 2000, maximumTokens: 6000 };

/** A file, and the ends of the names of all files beside it that belong to the book. */
const BOOKS: readonly [string, string][] = [
  [`${FAQ}/index.en.html`, '.en.html'],
  [`${FAQ}/debian-faq.en.txt`, '/debian-faq.en.txt'],
  [`${FAQ}/debian-faq.zh-cn.txt`, '/debian-faq.zh-cn.txt'],
  [`${FAQ}/debian-faq.en.pdf`, '/debian-faq.en.pdf'],
  [`${REFERENCE}/index.zh-cn.html`, '.zh-cn.html'],
  [`${REFERENCE}/debian-reference.zh-cn.txt`, '/debian-reference.zh-cn.txt'],
  [`${REFERENCE}/debian-reference.zh-cn.pdf`, '/debian-reference.zh-cn.pdf'],
];

/** The book's files in a folder. */
const filesOf = (folder: string, end: string): SourceFile[] =>
  readdirSync(folder)
    .map((name) => `${folder}/${name}`)
    .filter((path) => path.endsWith(end))
    .map((path) => ({ path, bytes: new Uint8Array(readFileSync(path)) }));

const count = await openTokenCounter();

async function parse(file: SourceFile): Promise<readonly ParsedDocument[]> {
  return findParser(file.path, file.bytes.subarray(0, 4096)).parse(file);
}

for (const [path, end] of BOOKS) {
  test(`${path.slice(path.lastIndexOf('/') + 1)}: nine of ten borders or more fall on headings and blocks`, async () => {
    const there = bookFile(path);
    if (there === undefined) return;
    if (!hasParser(path)) {
      console.log(`skipped: ${path} is of a format that no parser reads`);
      return;
    }
    const documents = (await Promise.all(filesOf(dirname(there), end).map(parse))).flat();
    for (const strategy of ['document', 'sliding', 'headings'] as const) {
      const units: Unit[][] = [];
      for (const document of documents) units.push(await cutUnits(document, { strategy }, { count }));
      const { alignment, innerAlignment, aboveMaximum, tokens, belowMinimum } = unitStatistics(units, DEFAULTS);
      assert.ok(alignment >= ALIGNED && innerAlignment >= ALIGNED, `${strategy}: ${alignment}, ${innerAlignment}`);
      assert.is(aboveMaximum, 0);
      assert.ok(tokens.smallest > 0);
      for (const own of units) {
        const first = own.map((unit) => unit.pages?.first ?? 0);
        assert.equal(
          first,
          [...first].sort((a, b) => a - b),
        );
        assert.is(
          path.endsWith('.pdf'),
          first.every((number) => number > 0),
        );
      }
      // As few small ones as the documents allow: each has one at its end where units are filled, and hardly any otherwise.
      assert.ok(belowMinimum.others <= documents.length, `${strategy}: ${belowMinimum.others}`);
      for (const [place, { blocks }] of documents.entries()) {
        // All words in their order: letters and digits of the blocks are those of the units.
        const letters = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '');
        const whole = letters(blocks.map(({ text }) => text).join(''));
        const held = letters(units[place]!.map(({ text }) => text).join(''));
        if (blocks.every(({ codeLanguage }) => codeLanguage === undefined))
          assert.ok(held === whole, `${strategy}: document ${place}`);
      }
    }
  });
}

test.run();

import { deserialize, serialize } from 'node:v8';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError, RandomNumbers } from '../../base/index.ts';
import { detectText, jsonFault } from '../../data/index.ts';
import { type Block, type ParsedDocument, type Parser, type SourceFile, tableText } from '../../ingest/index.ts';
import { mutate } from '../../scripts/fuzz/mutations.ts';

export interface ParserUnderTest {
  readonly parser: Parser;
  /** Real and small files of the format, of which each becomes at least one document with a block. */
  readonly files: readonly SourceFile[];
  /** Of a format that is text, so that spans can be held against texts. Without it the format has no spans. */
  readonly source?: ParserSource;
  /** Mutated files that are parsed here; `npm run fuzz -- parse` does more. */
  readonly mutations?: number;
}

export interface ParserSource {
  /** The file's text, in whose UTF-8 spans count; by `detectText` unless given. */
  readonly decode?: (file: SourceFile) => string;
  /** What a person reads of a piece of it: references to characters resolved. */
  readonly readable: (piece: string) => string;
}

/** What every parser must hold, on its own files and on what is made of them by mutations. */
export function parserContract(name: string, { parser, files, source, mutations = 60 }: ParserUnderTest): void {
  const test = suite(`contract of parsers: ${name}`);

  test('it names itself', () => {
    assert.match(parser.format, /^[a-z][a-z0-9-]*$/);
    assert.ok(Number.isInteger(parser.version) && parser.version >= 1);
    for (const extension of parser.extensions) assert.match(extension, /^\.[a-z0-9]+$/);
  });

  test('documents are what the interface says, twice the same', async () => {
    assert.ok(files.length > 0);
    for (const file of files) {
      const before = Uint8Array.from(file.bytes);
      const documents = await parser.parse(file);
      assert.ok(
        documents.some(({ blocks }) => blocks.length > 0),
        `${file.path}: no blocks`,
      );
      assertDocuments(documents, file, source);
      assert.equal(await parser.parse(file), documents, `${file.path}: another result the second time`);
      assert.equal(Uint8Array.from(file.bytes), before, `${file.path}: its bytes were changed`);
    }
  });

  test('documents cross to another process', async () => {
    for (const file of files) {
      const documents = await parser.parse(file);
      assert.equal(deserialize(serialize(documents)), documents);
    }
  });

  test('recognise answers for any start', () => {
    const random = new RandomNumbers(7, 'starts');
    const starts: Uint8Array[] = [
      new Uint8Array(0),
      Buffer.from('text'),
      Uint8Array.from({ length: 4096 }, () => random.integer(256)),
    ];
    for (const file of files) starts.push(file.bytes.subarray(0, 4096), file.bytes.subarray(0, 3));
    for (const start of starts) assert.ok([0, 1, 2].includes(parser.recognise(start)));
  });

  test('an empty file, a cut one, garbage and mutations: documents or an error of ours', async () => {
    const random = new RandomNumbers(11, name);
    for (const file of files) {
      await parseAnything(parser, { ...file, bytes: new Uint8Array(0) }, source);
      for (const share of [0.1, 0.5, 0.9])
        await parseAnything(parser, { ...file, bytes: file.bytes.slice(0, Math.floor(share * file.bytes.length)) }, source);
      await parseAnything(parser, { ...file, bytes: Uint8Array.from({ length: 500 }, () => random.integer(256)) }, source);
    }
    const donors = files.map(({ bytes }) => bytes);
    for (let number = 0; number < mutations; number++) {
      const file = files[random.integer(files.length)]!;
      const regions = [
        { start: 0, end: file.bytes.length },
        { start: 0, end: Math.min(200, file.bytes.length) },
      ];
      await parseAnything(parser, { ...file, bytes: mutate(file.bytes, random, regions, donors) }, source);
    }
  });

  test.run();
}

/** @returns whether documents came of it; an error that is not ours is passed on */
async function parseAnything(parser: Parser, file: SourceFile, source: ParserSource | undefined): Promise<void> {
  try {
    assertDocuments(await parser.parse(file), file, source);
  } catch (error) {
    if (!isCemError(error)) throw error;
    assert.match(error.code, /^(PARSE|DATA)_[A-Z0-9_]+$/);
    assert.ok(error.message.includes(file.path), error.message);
  }
}

/** Holds documents to `ParsedDocument` and `Block`. */
export function assertDocuments(documents: readonly ParsedDocument[], file: SourceFile, source?: ParserSource): void {
  for (const { title, language, indexPrefix, fields, warnings, blocks } of documents) {
    if (title !== undefined) assert.ok(title !== '' && title === title.trim(), `${file.path}: title ${JSON.stringify(title)}`);
    if (language !== undefined) assert.match(language, /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/, file.path);
    if (indexPrefix !== undefined) assert.ok(indexPrefix.trim() !== '', file.path);
    assert.is(jsonFault(fields ?? {}), undefined, file.path);
    for (const warning of warnings ?? []) assert.ok(warning !== '' && !warning.includes('\n'), file.path);
    assertHeadings(blocks, file.path);
    for (const block of blocks) assertBlock(block, file.path);
    assertPages(blocks, file.path);
    if (source !== undefined) assertSpans(blocks, file, source);
    else assertAscending(blocks, file.path);
  }
}

function assertBlock(block: Block, path: string): void {
  const { kind, text, level, table, codeLanguage } = block;
  const where = `${path}: ${kind} ${JSON.stringify(text.slice(0, 60))}`;
  assert.is(text, text.trim(), `${where} is not trimmed`);
  assert.ok(text !== '' || kind === 'figure', `${where} is empty`);
  assert.not.match(text, /\p{Surrogate}/u, `${where} has half of a surrogate pair`);
  assert.is(level !== undefined, kind === 'heading' || kind === 'list-item', `${where} has level ${level}`);
  if (level !== undefined) assert.ok(Number.isInteger(level) && level >= 1 && (kind === 'list-item' || level <= 6), where);
  if (kind === 'heading') assert.not.match(text, /\n/, `${where} has several lines`);
  assert.ok(codeLanguage === undefined || (kind === 'code' && codeLanguage !== ''), where);
  assert.is(table !== undefined, kind === 'table', where);
  if (table === undefined) return;
  assert.ok(table.rows.length > 0 && table.rows[0]!.length > 0, `${where} has no cells`);
  for (const row of table.rows) assert.is(row.length, table.rows[0]!.length, `${where} is not rectangular`);
  assert.ok(table.headerRows >= 0 && table.headerRows <= table.rows.length, where);
  assert.is(text, tableText(table.rows, table.headerRows).trim(), where);
}

/** The headings above a block are the heading blocks before it, each of a smaller level than the next. */
function assertHeadings(blocks: readonly Block[], path: string): void {
  let above: Block[] = [];
  for (const block of blocks) {
    if (block.kind === 'heading') above = above.filter(({ level }) => level! < block.level!);
    assert.equal(
      block.headings,
      above.map(({ text }) => text),
      `${path}: headings of ${JSON.stringify(block.text.slice(0, 60))}`,
    );
    if (block.kind === 'heading') above.push(block);
  }
}

function assertPages(blocks: readonly Block[], path: string): void {
  let last = 1;
  for (const { pages } of blocks) {
    if (pages === undefined) continue;
    assert.ok(Number.isInteger(pages.first) && pages.first >= last && pages.last >= pages.first, `${path}: pages`);
    last = pages.first;
  }
}

/** Spans ascend and lie within the text, and the text of a block stands in its bytes: nine of ten of its words, since references and escapes may break one. */
function assertSpans(blocks: readonly Block[], file: SourceFile, source: ParserSource): void {
  const spanned = blocks.filter(({ span }) => span !== undefined);
  if (spanned.length === 0) return;
  const text = Buffer.from(source.decode?.(file) ?? detectText(file.bytes, file.path).text);
  assertAscending(blocks, file.path);
  for (const { span, text: shown, kind } of spanned) {
    assert.ok(span!.end <= text.length, `${file.path}: a span ends behind the text`);
    const piece = text.subarray(span!.start, span!.end).toString();
    assert.ok(startsCharacter(text[span!.start]) && startsCharacter(text[span!.end]), `${file.path}: a span cuts a character`);
    if (kind === 'figure') continue;
    const words = wordsOf(shown);
    const there = source.readable(piece).replace(/[\s\\]+/g, '');
    const found = words.filter((word) => there.includes(word)).length;
    assert.ok(
      found >= 0.9 * words.length,
      `${file.path}: ${JSON.stringify(shown.slice(0, 80))} is not in ${JSON.stringify(piece.slice(0, 200))}`,
    );
  }
}

/** Bytes of UTF-8 that go on in a character have the bits 10 in front. */
function startsCharacter(byte = 0): boolean {
  return (byte & 0xc0) !== 0x80;
}

function assertAscending(blocks: readonly Block[], path: string): void {
  let end = 0;
  for (const { span } of blocks) {
    if (span === undefined) continue;
    assert.ok(span.start >= end && span.end > span.start, `${path}: spans do not ascend`);
    end = span.end;
  }
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

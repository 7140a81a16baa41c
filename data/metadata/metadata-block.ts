import { CemError } from '../../base/index.ts';
import { checkMetadata } from './check-metadata.ts';
import type { DocumentRecord } from './document-record.ts';
import type { Metadata } from './metadata.ts';
import { addNumber, ContentReader, unzigzag, zigzag } from './numbers.ts';

/** Largest metadata of one document, in bytes before compression. */
const LARGEST_RECORD = 1 << 24;

type Draft = { -readonly [Key in Exclude<keyof DocumentRecord, 'metadata'>]: DocumentRecord[Key] } & {
  metadata: { -readonly [Key in keyof Metadata]: Metadata[Key] };
};

/** One column of a block: a value for each of its documents, or none. */
interface Column {
  /** Whether the document has a value here; a column without any is left out of the block. */
  has(record: DocumentRecord): boolean;
  encode(records: readonly DocumentRecord[], to: ColumnBytes): void;
  /** Writes what it reads into `records`, one for each document. */
  decode(from: ContentReader, records: readonly Draft[], context: DecodeContext): void;
}

interface DecodeContext {
  /** Id of a document of the block. */
  readonly idOf: (index: number) => string;
  readonly fail: (wrong: string) => Error;
}

/** Numbers of a column, and the strings that stand behind them. */
class ColumnBytes {
  readonly numbers: number[] = [];
  readonly strings: Uint8Array[] = [];

  number(value: number): void {
    addNumber(this.numbers, value);
  }

  string(value: Uint8Array): void {
    this.strings.push(value);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function stringFrom(bytes: Uint8Array, fail: (wrong: string) => Error): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw fail('a string is not UTF-8');
  }
}

/** A string a document: its length + `offset`, 0 for none; then the strings. */
function stringColumn(
  stringOf: (record: DocumentRecord) => string | undefined,
  set: (record: Draft, value: string, context: DecodeContext) => void,
): Column {
  return {
    has: (record) => stringOf(record) !== undefined,
    encode: (records, to) => {
      for (const record of records) {
        const value = stringOf(record);
        if (value === undefined) {
          to.number(0);
          continue;
        }
        const bytes = Buffer.from(value);
        to.number(bytes.length + 1);
        to.string(bytes);
      }
    },
    decode: (from, records, context) => {
      const lengths = from.numbers(records.length);
      for (const [index, length] of lengths.entries())
        if (length > 0) set(records[index]!, stringFrom(from.bytes(length - 1), context.fail), context);
    },
  };
}

/** A list of strings a document: how many + 1, 0 for no list; then the lengths of all; then the strings. */
function listColumn(key: 'headings' | 'labels'): Column {
  return {
    has: ({ metadata }) => metadata[key] !== undefined,
    encode: (records, to) => {
      for (const { metadata } of records) to.number(metadata[key] === undefined ? 0 : metadata[key].length + 1);
      for (const { metadata } of records) {
        for (const value of metadata[key] ?? []) {
          const bytes = Buffer.from(value);
          to.number(bytes.length);
          to.string(bytes);
        }
      }
    },
    decode: (from, records, { fail }) => {
      const counts = from.numbers(records.length);
      const lengths = counts.map((count) => from.numbers(Math.max(0, count - 1)));
      for (const [index, count] of counts.entries())
        if (count > 0) records[index]!.metadata[key] = lengths[index]!.map((length) => stringFrom(from.bytes(length), fail));
    },
  };
}

/** A string a document: 0 for none, 1 for the document's id, else its length + 2; then the strings. */
function sourceColumn(idsToEncode: readonly string[]): Column {
  return {
    has: ({ metadata }) => metadata.source !== undefined,
    encode: (records, to) => {
      for (const [index, { metadata }] of records.entries()) {
        if (metadata.source === undefined) to.number(0);
        else if (metadata.source === idsToEncode[index]) to.number(1);
        else {
          const bytes = Buffer.from(metadata.source);
          to.number(bytes.length + 2);
          to.string(bytes);
        }
      }
    },
    decode: (from, records, { idOf, fail }) => {
      for (const [index, length] of from.numbers(records.length).entries()) {
        if (length === 0) continue;
        records[index]!.metadata.source = length === 1 ? idOf(index) : stringFrom(from.bytes(length - 2), fail);
      }
    },
  };
}

const titleColumn = stringColumn(
  ({ metadata }) => metadata.title,
  ({ metadata }, value) => {
    metadata.title = value;
  },
);

const BEHIND_TITLE = 1;

/** 0: at byte 0; 1: behind the title that the column before has, and a space; else the signed number + 2. */
const textStartColumn: Column = {
  has: ({ textStart }) => textStart !== 0,
  encode: (records, to) => {
    for (const { metadata, textStart } of records) {
      if (textStart === 0) to.number(0);
      else if (metadata.title !== undefined && textStart === Buffer.byteLength(metadata.title) + 1) to.number(BEHIND_TITLE);
      else to.number(zigzag(textStart) + 2);
    }
  },
  decode: (from, records, { fail }) => {
    for (const [index, value] of from.numbers(records.length).entries()) {
      const record = records[index]!;
      if (value !== BEHIND_TITLE) record.textStart = value === 0 ? 0 : unzigzag(value - 2);
      else if (record.metadata.title === undefined) throw fail('a text begins behind a title that is not there');
      else record.textStart = Buffer.byteLength(record.metadata.title) + 1;
    }
  },
};

/** 0, or the chunks of a document of several; then the bytes of each one's content. */
const partsColumn: Column = {
  has: ({ partLengths }) => partLengths.length > 0,
  encode: (records, to) => {
    for (const { partLengths } of records) to.number(partLengths.length);
    for (const { partLengths } of records) for (const length of partLengths) to.number(length);
  },
  decode: (from, records, { fail }) => {
    const counts = from.numbers(records.length);
    if (counts.includes(1)) throw fail('a document of one chunk has lengths of several');
    for (const [index, count] of counts.entries()) {
      const lengths = from.numbers(count);
      records[index]!.partLengths = lengths;
      if (!Number.isSafeInteger(lengths.reduce((sum, length) => sum + length, 0)))
        throw fail('the chunks of a document have more than 2^53 - 1 bytes');
    }
  },
};

/** 0 for none, else the first page; then, of those that have one, how many follow it. */
const pagesColumn: Column = {
  has: ({ metadata }) => metadata.pages !== undefined,
  encode: (records, to) => {
    for (const { metadata } of records) to.number(metadata.pages?.first ?? 0);
    for (const { metadata } of records) if (metadata.pages) to.number(metadata.pages.last - metadata.pages.first);
  },
  decode: (from, records, { fail }) => {
    for (const [index, first] of from.numbers(records.length).entries())
      if (first > 0) records[index]!.metadata.pages = { first, last: first };
    for (const { metadata } of records) {
      if (metadata.pages === undefined) continue;
      const last = metadata.pages.first + from.number();
      if (!Number.isSafeInteger(last)) throw fail('a page is above 2^53 - 1');
      metadata.pages = { first: metadata.pages.first, last };
    }
  },
};

const EXACT = 1;
const AROUND = 2;

/** 0 for none, 1 when it is as long as the document's text, 2 when it is not; then start and length of each one. */
const spanColumn: Column = {
  has: ({ metadata }) => metadata.span !== undefined,
  encode: (records, to) => {
    for (const { metadata, exactSpan } of records) to.number(metadata.span === undefined ? 0 : exactSpan ? EXACT : AROUND);
    for (const { metadata } of records) {
      if (metadata.span === undefined) continue;
      to.number(metadata.span.start);
      to.number(metadata.span.end - metadata.span.start);
    }
  },
  decode: (from, records, { fail }) => {
    for (const [index, kind] of from.numbers(records.length).entries()) {
      if (kind > AROUND) throw fail('a span is of no known kind');
      if (kind === 0) continue;
      records[index]!.metadata.span = { start: 0, end: 0 };
      records[index]!.exactSpan = kind === EXACT;
    }
    for (const { metadata } of records) {
      if (metadata.span === undefined) continue;
      const start = from.number();
      const end = start + from.number();
      if (!Number.isSafeInteger(end)) throw fail('a span ends above 2^53 - 1');
      metadata.span = { start, end };
    }
  },
};

const languageColumn = stringColumn(
  ({ metadata }) => metadata.language,
  ({ metadata }, value) => {
    metadata.language = value;
  },
);

/** The fields' object as JSON text. */
const fieldsColumn = stringColumn(
  ({ metadata }) => (metadata.fields === undefined ? undefined : JSON.stringify(metadata.fields)),
  ({ metadata }, value, { fail }) => {
    let fields: unknown;
    try {
      fields = JSON.parse(value);
    } catch {
      throw fail('the fields of a document are not JSON');
    }
    metadata.fields = fields as NonNullable<Metadata['fields']>;
  },
);

/** In the order of their bits. */
function columnsOf(ids: readonly string[]): readonly Column[] {
  return [
    sourceColumn(ids),
    titleColumn,
    textStartColumn,
    partsColumn,
    pagesColumn,
    listColumn('headings'),
    spanColumn,
    languageColumn,
    listColumn('labels'),
    fieldsColumn,
  ];
}

/**
 * The content of a block before compression.
 *
 * @param ids [records.length] of the documents
 */
export function encodeBlock(records: readonly DocumentRecord[], ids: readonly string[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let mask = 0;
  for (const [bit, column] of columnsOf(ids).entries()) {
    if (!records.some((record) => column.has(record))) continue;
    mask |= 1 << bit;
    const bytes = new ColumnBytes();
    column.encode(records, bytes);
    pieces.push(Uint8Array.from(bytes.numbers), ...bytes.strings);
  }
  const head: number[] = [];
  addNumber(head, mask);
  return Buffer.concat([Uint8Array.from(head), ...pieces]);
}

/**
 * The records of a block's documents.
 *
 * @param count of documents
 * @param idOf id of a document of the block, from 0
 * @param fail makes the error for what is wrong with the content
 * @throws what `fail` makes
 */
export function decodeBlock(
  content: Uint8Array,
  count: number,
  idOf: (index: number) => string,
  fail: (wrong: string) => CemError,
): DocumentRecord[] {
  const from = new ContentReader(content, fail);
  const columns = columnsOf([]);
  const mask = from.number();
  if (mask >= 2 ** columns.length) throw fail('it has a column that is not known');
  const records = Array.from({ length: count }, (): Draft => ({ metadata: {}, textStart: 0, exactSpan: false, partLengths: [] }));
  for (const [bit, column] of columns.entries()) if ((mask >> bit) & 1) column.decode(from, records, { idOf, fail });
  if (from.left > 0) throw fail(`${from.left} bytes follow its last column`);
  for (const record of records)
    record.metadata = checkMetadata({ ...record.metadata }, (key, wrong) => fail(`"${key}" ${wrong}`));
  return records;
}

/**
 * Bytes that a record takes before compression.
 *
 * @throws CemError `METADATA_TOO_LARGE`
 */
export function recordBytes(record: DocumentRecord, id: string): number {
  const { length } = encodeBlock([record], [id]);
  if (length <= LARGEST_RECORD) return length;
  throw new CemError(
    'METADATA_TOO_LARGE',
    `the metadata of ${JSON.stringify(id.slice(0, 80))} takes ${length} bytes, and ${LARGEST_RECORD} are allowed: put what is long into the text, or leave it out`,
    { details: { id, bytes: length } },
  );
}

/** Whether two records of a document say the same, but for how it was parted into chunks. */
export function isSameRecord(a: DocumentRecord, b: DocumentRecord, id: string): boolean {
  const [first, second] = [a, b].map((record) => encodeBlock([{ ...record, partLengths: [] }], [id]));
  return Buffer.compare(first!, second!) === 0;
}

import { CemError, UsageError } from '../../base/index.ts';
import { binaryName } from '../../data/index.ts';
import { csvParser } from '../parse/csv/csv-parsers.ts';
import { epubParser } from '../parse/epub/epub-parser.ts';
import { htmlParser } from '../parse/html/html-parser.ts';
import type { Parser } from '../parse/index.ts';
import { jsonlParser, jsonParser } from '../parse/json/json-parsers.ts';
import { lawParser } from '../parse/law/law-parser.ts';
import { mailParser } from '../parse/mail/mail-parser.ts';
import { markdownParser } from '../parse/markdown/markdown-parser.ts';
import { docxParser, pptxParser, xlsxParser } from '../parse/office/index.ts';
import { courtCaseParser, pdfParser } from '../parse/pdf/index.ts';
import { imageParser } from '../parse/picture/index.ts';
import { textParser } from '../parse/text/text-parser.ts';

/** Bytes that `Parser.recognise` sees. */
export const START_BYTES = 4096;

/** All parsers; of two that are equally sure, the first is taken. */
export const PARSERS: readonly Parser[] = [
  pdfParser,
  imageParser,
  epubParser,
  docxParser,
  pptxParser,
  xlsxParser,
  mailParser,
  htmlParser,
  markdownParser,
  jsonParser,
  jsonlParser,
  csvParser,
  lawParser,
  textParser,
  courtCaseParser,
];

/** Whether a file's name says that a parser reads it: what a folder is searched for. */
export function hasParser(path: string, parsers: readonly Parser[] = PARSERS): boolean {
  const extension = extensionOf(path);
  return parsers.some(({ extensions }) => extensions.includes(extension));
}

/**
 * The parser of a file: of the format that is asked for, else of that which its first bytes are for certain, else of its extension, else of what they may be.
 *
 * @param start the first `START_BYTES` bytes, or all there are
 * @param format `Parser.format` that a person wants
 * @throws UsageError `PARSE_UNKNOWN_FORMAT` for a format that no parser has; CemError `PARSE_FORMAT` for a file that no parser reads
 */
export function findParser(
  path: string,
  start: Uint8Array,
  { format, parsers = PARSERS }: { readonly format?: string | undefined; readonly parsers?: readonly Parser[] } = {},
): Parser {
  if (format !== undefined) {
    const asked = parsers.find((parser) => parser.format === format.toLowerCase());
    if (asked !== undefined) return asked;
    const formats = parsers.map((parser) => parser.format);
    throw new UsageError(
      'PARSE_UNKNOWN_FORMAT',
      `no parser reads the format ${JSON.stringify(format)}: there are ${formats.join(', ')}`,
      {
        details: { format, formats },
      },
    );
  }
  const extension = extensionOf(path);
  const binary = binaryName(start) !== undefined;
  const seen = parsers.map((parser) => ({ parser, sure: parser.recognise(start), named: parser.extensions.includes(extension) }));
  // An archive that may be one of several formats is the one that its name says, or none.
  const found =
    seen.find(({ sure, named }) => sure === 2 && named) ??
    seen.find(({ sure }) => sure === 2) ??
    seen.find(({ sure, named }) => named && (sure === 1 || !binary)) ??
    (binary ? undefined : seen.find(({ sure }) => sure === 1));
  if (found !== undefined) return found.parser;
  throw noParser(path, start, parsers);
}

function noParser(path: string, start: Uint8Array, parsers: readonly Parser[]): CemError {
  const what = binaryName(start) ?? 'of a kind that its first bytes do not tell';
  const formats = parsers.map((parser) => parser.format);
  return new CemError(
    'PARSE_FORMAT',
    `${path} is ${what}, which no parser reads (there are ${formats.join(', ')}): convert it, take it out, or say its format`,
    { details: { path, formats } },
  );
}

/** In lower case, with the point; empty without one. */
function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const point = name.lastIndexOf('.');
  return point <= 0 ? '' : name.slice(point);
}

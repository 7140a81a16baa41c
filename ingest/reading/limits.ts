import { CemError } from '../../base/index.ts';
import type { Block, ParsedDocument } from '../parse/index.ts';

/** What one file may take. */
export interface ParseLimits {
  /** Seconds by the clock, from when its process has loaded what parses it. */
  readonly seconds: number;
  /** Megabytes (2^20) of the process's heap. Together with what lies outside of it (buffers, WebAssembly) it may have 512 more, where the system tells. */
  readonly memory: number;
  /** Bytes of the file. */
  readonly inputBytes: number;
  /** UTF-16 units of all that it gives: texts, cells, headings, titles and prefixes. */
  readonly outputLength: number;
  readonly outputBlocks: number;
}

export const DEFAULT_LIMITS: ParseLimits = {
  seconds: 60,
  memory: 1024,
  inputBytes: 1 << 27,
  outputLength: 1 << 26,
  outputBlocks: 1_000_000,
};

/** @throws CemError `PARSE_LIMIT` for a file that is larger than one may be */
export function assertInput(path: string, size: number, { inputBytes }: ParseLimits): void {
  if (size > inputBytes)
    throw overLimit(path, `has ${size} bytes, and a file may have ${inputBytes}`, 'inputBytes', size, inputBytes);
}

/** @throws CemError `PARSE_LIMIT` for documents that are larger than a file's may be together */
export function assertOutput(path: string, documents: readonly ParsedDocument[], limits: ParseLimits): void {
  const { outputBlocks, outputLength } = limits;
  const blocks = documents.reduce((sum, document) => sum + document.blocks.length, 0) + documents.length;
  if (blocks > outputBlocks)
    throw overLimit(
      path,
      `becomes ${blocks} blocks and documents, and a file may become ${outputBlocks}`,
      'outputBlocks',
      blocks,
      outputBlocks,
    );
  let length = 0;
  for (const { title = '', indexPrefix = '', blocks } of documents) {
    length += title.length + indexPrefix.length;
    for (const block of blocks) {
      length += lengthOf(block);
      if (length > outputLength)
        throw overLimit(
          path,
          `becomes more than the ${outputLength} characters that a file may become`,
          'outputLength',
          length,
          outputLength,
        );
    }
  }
}

function lengthOf({ text, headings, table }: Block): number {
  let length = text.length;
  for (const heading of headings) length += heading.length;
  for (const row of table?.rows ?? []) for (const cell of row) length += cell.length;
  return length;
}

function overLimit(path: string, what: string, limit: keyof ParseLimits, got: number, most: number): CemError {
  return new CemError('PARSE_LIMIT', `${path} ${what}: split the file, take it out, or raise the limit ${limit}`, {
    details: { path, limit, got, most },
  });
}

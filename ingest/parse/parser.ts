import type { JsonValue } from '../../data/index.ts';
import type { Pixels, RecognisedPicture } from '../recognition/index.ts';
import type { Block } from './block.ts';

/** A file to be parsed. */
export interface SourceFile {
  /** Relative to the folder that is ingested, with `/`; it decides nothing but by its extension, and is named in errors. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What a parser makes of a file, or of one record of it. */
export interface ParsedDocument {
  /** As the file itself says (its metadata or its only outermost heading); never its name. */
  readonly title?: string;
  /** BCP 47, as the file says; never guessed. */
  readonly language?: string;
  readonly blocks: readonly Block[];
  /**
   * Text that goes before the document's own where it is encoded and found, and is not shown: the law and the chapter that an article belongs to.
   * Absent: the title and the headings do.
   */
  readonly indexPrefix?: string;
  /** Whether it is one unit, however short or long, as a record of a table of records is. Absent: units are cut. */
  readonly whole?: boolean;
  /** Labels of access, where the file has a place for them (`metadata.labels` of a line of JSONL). */
  readonly labels?: readonly string[];
  /** What else is known of it, for filters and results: `{ law, article }`. Keys are snake_case. */
  readonly fields?: Readonly<Record<string, JsonValue>>;
  /** What could not be read and was left out, each in a line for a person: `page 7: 12 characters of a font without a mapping`. */
  readonly warnings?: readonly string[];
}

/** What parsers may use beside their own libraries. */
export interface ParserTools {
  /** Reads texts in pictures; absent where there are no models for it. @throws CemError as `TextRecogniser` */
  readonly recognise?: ((picture: Pixels) => Promise<RecognisedPicture>) | undefined;
}

/**
 * Reads one format. It must not trust the file: a malformed one is an error or a document with warnings, never a hang or a crash of the process; memory and time are
 * limited by who calls it, in a process of its own.
 */
export interface Parser {
  /** In lower case: `markdown`, `pdf`. */
  readonly format: string;
  /** Raised with every change of what it makes of the same file, so that files are parsed anew. */
  readonly version: number;
  /** Of file names, lower case, with the point: `.md`. */
  readonly extensions: readonly string[];
  /** Whether its files may hold pictures, in which there may be texts. */
  readonly pictures?: boolean;
  /**
   * How sure the first bytes make it that the file is of this format, whatever its name: 0 no, 1 it may be, 2 yes. A parser that only goes by extensions gives 0.
   *
   * @param start the first 4,096 bytes, or all there are
   */
  recognise(start: Uint8Array): 0 | 1 | 2;
  /** Loads its libraries, which the first file waits for otherwise. @throws CemError where one is missing */
  load?(): Promise<void>;
  /**
   * @returns the file's documents: one, or one a record (lines of JSONL, articles of a law, messages of a mailbox)
   * @throws CemError `PARSE_<FORMAT>` for a file that is malformed, `PARSE_ENCRYPTED` for one that wants a password; what readers of texts throw (`DATA_UTF8`, `DATA_BINARY`)
   */
  parse(file: SourceFile, tools?: ParserTools): Promise<readonly ParsedDocument[]>;
}

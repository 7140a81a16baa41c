import { createHash } from 'node:crypto';
import { PARSERS, type ParsedFile, type Parser, RECOGNITION_NAME } from '../../ingest/index.ts';

/** How the list of files names the parser that read one: another version may make something else of it. */
export function parserName({ format, version }: Pick<Parser, 'format' | 'version'>): string {
  return `${format} ${version}`;
}

/** The name with the models that read texts in its pictures, where some did. */
export function parsedBy(file: Pick<ParsedFile, 'format' | 'version' | 'recognition'>): string {
  return file.recognition === undefined ? parserName(file) : `${parserName(file)} ${file.recognition}`;
}

/**
 * Whether a file that was parsed so need not be parsed again: by one of today's parsers, and with its pictures read where they can be now. What was read stays where the models are gone.
 *
 * @param recognises whether texts in pictures can be read now
 */
export function isParsedWell(name: string, recognises: boolean): boolean {
  return PARSERS.some((parser) => {
    const plain = parserName(parser);
    if (name === plain) return parser.pictures !== true || !recognises;
    return parser.pictures === true && (recognises ? name === `${plain} ${RECOGNITION_NAME}` : name.startsWith(`${plain} `));
  });
}

const DIGITS = 12;

/** Stands in the list for a file that none of today's parsers read; others may. */
export const NO_PARSER = `none ${createHash('sha256')
  .update(PARSERS.map((parser) => parserName(parser)).join())
  .digest('hex')
  .slice(0, DIGITS)}`;

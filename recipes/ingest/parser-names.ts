import { createHash } from 'node:crypto';
import { PARSERS, type Parser } from '../../ingest/index.ts';

/** How the list of files names the parser that read one: another version may make something else of it. */
export function parserName({ format, version }: Pick<Parser, 'format' | 'version'>): string {
  return `${format} ${version}`;
}

const DIGITS = 12;

/** Stands in the list for a file that none of today's parsers read; others may. */
export const NO_PARSER = `none ${createHash('sha256').update(PARSERS.map(parserName).join()).digest('hex').slice(0, DIGITS)}`;

import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { UsageError } from '../../base/index.ts';

/**
 * Stands before a word that begins with a dash and is positional all the same: yargs never fills positionals with what stands behind `--`, and reads them a second
 * time. No argument of a process can hold a NUL.
 */
const LITERAL = '\0';

/** A hidden option without an effect of its own: it ends a list of values such as `--set a=b` before the words that are positional. */
export const WORDS_FOLLOW = 'words-follow';

/** Everything behind the first `--` is positional: `--` is replaced, and what would be read as an option is marked. */
export function markLiteralWords(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  if (end < 0) return [...words];
  const literal = words.slice(end + 1).map((word) => (word.startsWith('-') ? LITERAL + word : word));
  return [...words.slice(0, end), `--${WORDS_FOLLOW}=true`, ...literal];
}

/** Parsed arguments without the marks. */
export function takeLiteralWords(parsed: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]: [string, unknown]) => [
      name,
      Array.isArray(value) ? value.map(withoutMark) : withoutMark(value),
    ]),
  );
}

function withoutMark(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(LITERAL) ? value.slice(LITERAL.length) : value;
}

/** A message of yargs without the marks. */
export function withoutMarks(message: string): string {
  return message.replaceAll(LITERAL, '');
}

/**
 * Refuses arguments that are no UTF-8: Node puts U+FFFD in their place, and a file of that name is not there.
 *
 * @param commandLine the process' arguments with a NUL behind each, where the system tells them (Linux)
 * @throws UsageError `USAGE_UTF8`
 */
export function refuseForeignWords(words: readonly string[], commandLine: Uint8Array | undefined = readCommandLine()): void {
  if (commandLine === undefined || !words.some((word) => word.includes('\ufffd'))) return;
  const all = splitAtNul(commandLine).slice(-words.length);
  for (const [index, bytes] of all.entries()) {
    if (isUtf8(bytes)) continue;
    throw new UsageError(
      'USAGE_UTF8',
      `argument ${index + 1} (${words[index]}) is not UTF-8, and names of files can be no other here: rename the file (convmv does that), or name the folder that it lies in`,
      { details: { argument: index + 1 } },
    );
  }
}

function readCommandLine(): Uint8Array | undefined {
  try {
    return readFileSync('/proc/self/cmdline');
  } catch {
    return undefined;
  }
}

function splitAtNul(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
    parts.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return parts;
}

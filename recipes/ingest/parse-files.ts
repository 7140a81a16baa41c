import { readFile } from 'node:fs/promises';
import { CemError, messageOf } from '../../base/index.ts';
import type { FoundFile } from './find-files.ts';
import { type ParsedSource, type ParseTools, parseContent, unparsed } from './parse-content.ts';
import { shownFiles } from './shown-files.ts';

/**
 * Parses files, several at once, and gives what became of each in the order of the files. A file that cannot be read is a result, too.
 *
 * @param ahead files that are parsed at once
 * @throws the signal's reason, and errors that are none of a file's
 */
export async function* parseFiles(
  files: Iterable<{ readonly file: FoundFile; readonly labels: readonly string[] | undefined }>,
  tools: ParseTools,
  ahead: number,
): AsyncGenerator<ParsedSource> {
  const running: Promise<ParsedSource>[] = [];
  for (const { file, labels } of files) {
    const parsed = parseOne(file, labels, tools);
    // It is awaited in its turn; until then nobody listens for its failure.
    parsed.catch(() => {});
    running.push(parsed);
    if (running.length >= ahead) yield await running.shift()!;
  }
  for (const parsed of running) yield await parsed;
}

async function parseOne(
  { path, location, bytes, hash }: FoundFile,
  labels: readonly string[] | undefined,
  tools: ParseTools,
): Promise<ParsedSource> {
  const found = { hash: hash ?? '0'.repeat(64), bytes };
  const most = tools.threads.inputBytes;
  if (bytes > most) {
    const what = `${path} has ${bytes} bytes, and a file may have ${most}: split it, or raise the limit`;
    return unparsed({ path, labels }, new CemError('PARSE_LIMIT', what, { details: { path, bytes } }), found, false);
  }
  let content: Uint8Array;
  try {
    content = await readFile(location);
  } catch (cause) {
    return unparsed(
      { path, labels },
      new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause }),
      found,
      true,
    );
  }
  // Its hash is made anew: the file may have changed since it was found.
  return parseContent({ path, bytes: content, labels, shown: shownFiles({ path, location }, most) }, tools);
}

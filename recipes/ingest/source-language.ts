import { readFile, stat } from 'node:fs/promises';
import { isCemError } from '../../base/index.ts';
import { type DetectedLanguage, languageOfTexts, newFolderSurvey, walkFolder } from '../../data/index.ts';
import { hasParser, ParseWorkers } from '../../ingest/index.ts';
import type { OpenRoot } from './source-roots.ts';

/** Files that are parsed for it, and how large they may be: more would tell no more. */
const FILES = 12;
const MOST_BYTES = 4_000_000;
/** Files of a folder that are drawn from, from its beginning. */
const LOOKED_AT = 600;
/** Characters of a file. */
const CHARACTERS = 4000;

interface SampledFile {
  readonly path: string;
  readonly location: string | Buffer;
}

/** The language of some of the files that are to be ingested; `und` where none of them can be read. */
export async function sourceLanguage(
  roots: readonly OpenRoot[],
  { format, signal }: { readonly format: string | undefined; readonly signal: AbortSignal | undefined },
): Promise<DetectedLanguage> {
  const files = await someFiles(roots, format);
  await using threads = new ParseWorkers({ workers: 1 });
  const texts: string[] = [];
  for (const { path, location } of files) {
    try {
      const { documents } = await threads.parseFile({ path, bytes: await readFile(location) }, { format, signal });
      const text = documents.flatMap(({ blocks }) => blocks.map((block) => block.text)).join('\n');
      texts.push(text.slice(0, CHARACTERS));
    } catch (error) {
      signal?.throwIfAborted();
      // It is said of the file when it is its turn.
      if (!isCemError(error) && !(error instanceof Error && 'code' in error)) throw error;
    }
  }
  return languageOfTexts(texts);
}

async function someFiles(roots: readonly OpenRoot[], format: string | undefined): Promise<SampledFile[]> {
  const found: SampledFile[] = [];
  for (const root of roots) {
    if (!root.folder) found.push({ path: root.name, location: root.path });
    else {
      let looked = 0;
      for await (const { path, name } of walkFolder(
        root.path,
        (file) => format !== undefined || hasParser(file),
        newFolderSurvey(),
      )) {
        found.push({ path: `${root.name}/${name}`, location: path });
        if (++looked === LOOKED_AT) break;
      }
    }
  }
  const step = Math.max(1, found.length / FILES);
  const some = Array.from({ length: Math.min(FILES, found.length) }, (_, index) => found[Math.floor(index * step)]!);
  const sizes = await Promise.all(
    some.map(({ location }) =>
      stat(location).then(
        ({ size }) => size,
        () => Number.POSITIVE_INFINITY,
      ),
    ),
  );
  return some.filter((_, index) => sizes[index]! <= MOST_BYTES);
}

import { readFile, stat } from 'node:fs/promises';
import { findPeriods, isCemError, UsageError } from '../../base/index.ts';
import { languageOfTexts, newFolderSurvey, walkFolder } from '../../data/index.ts';
import { hasParser, openTokenCounter, type ParsedDocument, ParseWorkers } from '../../ingest/index.ts';

/** What some files of a folder say of all of them. */
export interface MeasuredFolder {
  /** That a parser may read. */
  readonly files: number;
  /** Of those that were read. */
  readonly sampled: number;
  /** In all files, if the others have as many as those that were read. */
  readonly documents: number;
  /** Of a document in the mean. */
  readonly tokens: number;
  readonly bytes: number;
  readonly language: string;
  readonly pictures: boolean;
  readonly dated: boolean;
}

/** Files that are parsed, evenly drawn; more would tell little more. */
const FILES = 24;
const MOST_BYTES = 16_000_000;
/** Characters of a document that its language is told from. */
const CHARACTERS = 4000;
/** Share of the documents whose headings name periods from which they are said to have dates, and likewise with pictures. */
const MANY = 0.3;

/**
 * Parses some files of a folder, and counts.
 *
 * @throws UsageError `ADVISE_FOLDER` where there is no folder, or no file that a parser reads; the signal's reason
 */
export async function measureFolder(
  folder: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<MeasuredFolder> {
  const isFolder = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder)
    throw new UsageError('ADVISE_FOLDER', `${folder} is no folder: name one with documents`, { details: { folder } });
  const files: { readonly path: string | Buffer; readonly name: string }[] = [];
  for await (const { path, name } of walkFolder(folder, hasParser, newFolderSurvey())) files.push({ path, name });
  const step = Math.max(1, files.length / FILES);
  const some = Array.from({ length: Math.min(FILES, files.length) }, (_, place) => files[Math.floor(place * step)]!);
  const documents: ParsedDocument[] = [];
  let sampled = 0;
  await using workers = new ParseWorkers({ workers: 1 });
  for (const { path, name } of some) {
    signal?.throwIfAborted();
    if ((await stat(path)).size > MOST_BYTES) continue;
    try {
      documents.push(...(await workers.parseFile({ path: name, bytes: await readFile(path) }, { signal })).documents);
      sampled++;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isCemError(error)) throw error;
    }
  }
  if (documents.length === 0)
    throw new UsageError('ADVISE_FOLDER', `no file of ${folder} could be read: give --documents, --tokens and --language`, {
      details: { folder, files: files.length },
    });
  const counter = await openTokenCounter();
  const texts = documents.map(({ blocks }) => blocks.map(({ text }) => text).join('\n'));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const share = (holds: (document: ParsedDocument) => boolean): number => documents.filter(holds).length / documents.length;
  return {
    files: files.length,
    sampled,
    documents: Math.round((files.length * documents.length) / sampled),
    tokens: Math.max(1, Math.round(mean(texts.map((text) => counter.count(text))))),
    bytes: Math.round(mean(texts.map((text) => Buffer.byteLength(text)))),
    language: languageOfTexts(texts.map((text) => text.slice(0, CHARACTERS))).language,
    pictures: share(({ blocks }) => blocks.some(({ kind }) => kind === 'figure')) >= MANY,
    dated: share(isDated) >= MANY,
  };
}

function isDated({ title, blocks }: ParsedDocument): boolean {
  const headings = blocks.filter(({ kind }) => kind === 'heading').map(({ text }) => text);
  return [title ?? '', ...headings].some((text) => findPeriods(text).some(({ year }) => year !== undefined));
}

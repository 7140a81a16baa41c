import type { Listener } from '../../base/index.ts';
import type { CollectionSources, SourceFileEntry } from '../../rag/index.ts';
import { type FoundFile, findFiles } from './find-files.ts';
import { isParsedWell, NO_PARSER } from './parser-names.ts';
import { shownFiles, shownHash } from './shown-files.ts';
import type { OpenRoot } from './source-roots.ts';

/** A file that has to be parsed, with the labels that its documents get. */
interface FileToParse {
  readonly file: FoundFile;
  readonly labels: readonly string[] | undefined;
  readonly known: SourceFileEntry | undefined;
}

/** The files as they are, against what the collection knows of them. */
export interface SourceComparison {
  readonly found: number;
  readonly toParse: readonly FileToParse[];
  /** As the collection has them: their content is the same, or the disk does not give it. */
  readonly same: readonly SourceFileEntry[];
  /** Those of them that the disk does not give. */
  readonly unread: readonly { readonly path: string; readonly message: string }[];
  readonly gone: readonly SourceFileEntry[];
  /** Of roots that are not looked at now. */
  readonly others: readonly SourceFileEntry[];
}

export interface CompareOptions {
  readonly format: string | undefined;
  readonly labels: readonly string[] | undefined;
  readonly forget: readonly string[];
  /** Its folder, of which nothing is ingested. */
  readonly collection: string;
  /** Bytes that a file which another one shows may have. */
  readonly inputBytes: number;
  /** Whether texts in pictures can be read. */
  readonly recognises: boolean;
  readonly listener: Listener;
}

/** Looks at all files of the roots: by their content, never by their times. */
export async function compareSources(
  sources: CollectionSources,
  roots: readonly OpenRoot[],
  { format, labels, forget, collection, inputBytes, recognises, listener }: CompareOptions,
): Promise<SourceComparison> {
  const known = new Map(sources.files.map((entry) => [entry.path, entry]));
  const looked = new Set(roots.map(({ name }) => name));
  const toParse: FileToParse[] = [];
  const same: SourceFileEntry[] = [];
  const unread: { path: string; message: string }[] = [];
  const unreadable = new Map<string, string>();
  const onUnreadable = (path: string, reason: string) => unreadable.set(path, reason);
  let [found, bytes] = [0, 0];
  const stage = listener.stage('looking at files');
  try {
    for await (const file of findFiles(roots, { format, collection, listener, onUnreadable })) {
      found++;
      bytes += file.bytes;
      stage.progress(found, 0, `${(bytes / 1e6).toFixed(1)} MB`);
      const entry = known.get(file.path);
      known.delete(file.path);
      const wanted = labels ?? entry?.labels;
      if (file.hash === undefined && entry !== undefined) {
        same.push(entry);
        unread.push({ path: file.path, message: file.problem ?? 'not readable' });
      } else if (
        entry !== undefined &&
        isSame(entry, file, wanted, { format, recognises }) &&
        (await showsSame(entry, file, inputBytes))
      )
        same.push(entry);
      else toParse.push({ file, labels: wanted, known: entry });
    }
    stage.done(`${found} files, ${(bytes / 1e6).toFixed(1)} MB`);
  } catch (error) {
    stage.fail();
    throw error;
  }
  const rest: SourceFileEntry[] = [];
  for (const entry of known.values()) {
    const reason = reasonAbove(entry.path, unreadable);
    if (reason === undefined) rest.push(entry);
    else {
      same.push(entry);
      unread.push({ path: entry.path, message: reason });
    }
  }
  const isGone = (entry: SourceFileEntry): boolean => looked.has(rootOf(entry)) || forget.includes(rootOf(entry));
  return { found, toParse, same, unread, gone: rest.filter(isGone), others: rest.filter((entry) => !isGone(entry)) };
}

/** Why a file, or a folder above it, cannot be looked at; undefined where it can. */
function reasonAbove(path: string, unreadable: ReadonlyMap<string, string>): string | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const above = path.slice(0, end);
    const reason = unreadable.get(above);
    if (reason !== undefined) return end === path.length ? reason : `its folder ${above} is ${reason}`;
  }
  return undefined;
}

/** The name of the root that a file lies in. */
function rootOf({ path }: Pick<SourceFileEntry, 'path'>): string {
  const end = path.indexOf('/');
  return end < 0 ? path : path.slice(0, end);
}

function isSame(
  entry: SourceFileEntry,
  file: FoundFile,
  labels: readonly string[] | undefined,
  { format, recognises }: Pick<CompareOptions, 'format' | 'recognises'>,
): boolean {
  if (entry.hash !== file.hash || JSON.stringify(entry.labels) !== JSON.stringify(labels)) return false;
  // What no parser could read, one may read by now.
  if (entry.problem !== undefined) return entry.parser === NO_PARSER && format === undefined && !isTransient(entry.problem);
  const [name] = entry.parser.split(' ');
  if (format !== undefined && format.toLowerCase() !== name) return false;
  return isParsedWell(entry.parser, recognises);
}

/** Whether the files that a document shows are as they were. */
async function showsSame({ path, shows = [] }: SourceFileEntry, { location }: FoundFile, inputBytes: number): Promise<boolean> {
  if (shows.length === 0) return true;
  const files = shownFiles({ path, location }, inputBytes);
  for (const [shown, hash] of shows) if (shownHash(await files?.read(shown)) !== hash) return false;
  return true;
}

/** Whether another try may end otherwise: time and memory depend on the machine, and the disk may give it now. */
function isTransient({ code }: { readonly code: string }): boolean {
  return ['PARSE_TIMEOUT', 'PARSE_MEMORY', 'PARSE_LIMIT', 'FILE_OPEN'].includes(code);
}

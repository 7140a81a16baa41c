import { isUtf8 } from 'node:buffer';
import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { CemError, messageOf } from '../../base/index.ts';

/** A file or folder below a folder. */
export interface FolderEntry {
  /** As the system has it, which need not be UTF-8. */
  readonly path: Buffer;
  /** From the folder, with `/`; bytes that are no UTF-8 as `%E9`. */
  readonly name: string;
}

/** Why entries were left out, in the words of the line that says so. */
type OmissionReason =
  | 'a link that leads nowhere'
  | 'a link to a folder that it lies in'
  | 'not readable'
  | 'neither file nor folder';

/** What was met on the way through a folder, beside its files. */
export interface FolderSurvey {
  /** Links that were followed, to files and to folders. */
  links: number;
  readonly omitted: { readonly name: string; readonly reason: OmissionReason }[];
  /** Files whose names are no UTF-8, by the name that was made of it. */
  readonly renamed: string[];
}

/** Entries that a line names; more are counted. */
const NAMED_ENTRIES = 3;

/** What the system answers for a file that it does not let us read, and for one that is not there; a disk that fails answers otherwise. */
const FORBIDDEN = new Set(['EACCES', 'EPERM']);
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

export function newFolderSurvey(): FolderSurvey {
  return { links: 0, omitted: [], renamed: [] };
}

/**
 * Files under a folder and its sub-folders, in the order of their names' UTF-16 units. Entries whose name begins with a dot are passed over. Links are followed, but not into a folder
 * that they lie in.
 *
 * @param wanted says by its name whether a file is looked at
 * @param survey takes what was left out
 * @throws CemError `FILE_OPEN` when the folder itself cannot be read, or the disk fails
 */
export async function* walkFolder(
  folder: string,
  wanted: (name: string) => boolean,
  survey: FolderSurvey,
): AsyncGenerator<FolderEntry> {
  const root = { path: Buffer.from(folder), name: '' };
  const entries = await readdir(root.path, { withFileTypes: true, encoding: 'buffer' }).catch((cause: unknown) => {
    throw cannotRead(folder, cause);
  });
  const status = await stat(root.path).catch((cause: unknown) => {
    throw cannotRead(folder, cause);
  });
  yield* walk(root, entries, [identity(status)], wanted, survey);
}

async function* walk(
  folder: FolderEntry,
  entries: readonly Dirent<Buffer>[],
  above: readonly string[],
  wanted: (name: string) => boolean,
  survey: FolderSurvey,
): AsyncGenerator<FolderEntry> {
  const named = entries.map((entry) => ({ entry, last: nameOf(entry.name), path: below(folder.path, entry.name) }));
  named.sort((a, b) => (a.last < b.last ? -1 : a.last > b.last ? 1 : Buffer.compare(a.entry.name, b.entry.name)));
  for (const { entry, last, path } of named) {
    if (last.startsWith('.')) continue;
    const name = folder.name === '' ? last : `${folder.name}/${last}`;
    const omit = (reason: OmissionReason) => survey.omitted.push({ name, reason });
    const link = entry.isSymbolicLink();
    const target = link ? await followed(path, omit) : entry;
    if (target === undefined) continue;
    if (target.isDirectory()) {
      const inner = await folderAt(path, omit);
      if (inner === undefined) continue;
      if (above.includes(inner.identity)) {
        omit('a link to a folder that it lies in');
        continue;
      }
      if (link) survey.links += 1;
      yield* walk({ path, name }, inner.entries, [...above, inner.identity], wanted, survey);
    } else if (wanted(last)) {
      if (!target.isFile()) {
        omit('neither file nor folder');
        continue;
      }
      if (link) survey.links += 1;
      if (!isUtf8(path)) survey.renamed.push(name);
      yield { path, name };
    }
  }
}

/** The lines that say what a survey found; none when there is nothing to say. */
export function describeSurvey(folder: string, survey: FolderSurvey): string[] {
  const lines: string[] = [];
  if (survey.links > 0) lines.push(`${folder}: ${counted(survey.links, 'symbolic link')} followed`);
  if (survey.omitted.length > 0) {
    const shown = survey.omitted.map(({ name, reason }) => `${JSON.stringify(name)} (${reason})`);
    lines.push(`${folder}: ${survey.omitted.length} left out: ${listed(shown)}`);
  }
  if (survey.renamed.length > 0) {
    const shown = survey.renamed.map((name) => JSON.stringify(name));
    lines.push(`${folder}: ${counted(survey.renamed.length, 'name')} not in UTF-8, as ids: ${listed(shown)}`);
  }
  return lines;
}

/** Whether an entry cannot be read though the disk is well, so that the others still can. */
export function isUnreadable(cause: unknown): boolean {
  const code = codeOf(cause);
  return FORBIDDEN.has(code) || ABSENT.has(code);
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
}

async function followed(path: Buffer, omit: (reason: OmissionReason) => void): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    if (!isUnreadable(cause)) throw cannotRead(nameOf(path), cause);
    omit(ABSENT.has(codeOf(cause)) ? 'a link that leads nowhere' : 'not readable');
    return undefined;
  }
}

async function folderAt(
  path: Buffer,
  omit: (reason: OmissionReason) => void,
): Promise<{ identity: string; entries: Dirent<Buffer>[] } | undefined> {
  try {
    const entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
    return { identity: identity(await stat(path)), entries };
  } catch (cause) {
    if (!isUnreadable(cause)) throw cannotRead(nameOf(path), cause);
    omit('not readable');
    return undefined;
  }
}

function identity({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function below(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from(sep), name]);
}

/** A name as text. Where it is no UTF-8, bytes beyond ASCII stand as `%E9`, and `%` as `%25`: two names never become one. */
function nameOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let name = '';
  for (const byte of bytes) {
    name += byte < 0x80 && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return name;
}

function cannotRead(path: string, cause: unknown): CemError {
  return new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function listed(shown: readonly string[]): string {
  const rest = shown.length - NAMED_ENTRIES;
  return `${shown.slice(0, NAMED_ENTRIES).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

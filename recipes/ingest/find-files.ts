import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Listener, messageOf } from '../../base/index.ts';
import { describeSurvey, newFolderSurvey, walkFolder } from '../../data/index.ts';
import { hasParser } from '../../ingest/index.ts';
import type { OpenRoot } from './source-roots.ts';

/** A file as it is on the disk. */
export interface FoundFile {
  /** Name of its root, then the path below it, with `/`. */
  readonly path: string;
  /** As the system has it. */
  readonly location: string | Buffer;
  readonly bytes: number;
  /** SHA-256 of its content; undefined where the disk does not give it. */
  readonly hash: string | undefined;
  /** Why not. */
  readonly problem?: string;
}

export interface FindOptions {
  /** That all files have, so that their names do not matter. */
  readonly format: string | undefined;
  /** Folder of which nothing is taken. */
  readonly collection: string;
  readonly listener: Pick<Listener, 'note'>;
  /** Told of files and folders that the disk does not give, and links that lead nowhere: what lies there is not gone. */
  readonly onUnreadable: (path: string, reason: string) => void;
}

/** Reasons of a survey for which nothing is known of what lies behind. */
const UNREADABLE = new Set(['not readable', 'a link that leads nowhere']);

/**
 * The files of the roots, in the order of their paths: all files of a folder that a parser may read, and files that are named, whatever they are.
 */
export async function* findFiles(
  roots: readonly OpenRoot[],
  { format, collection, listener, onUnreadable }: FindOptions,
): AsyncGenerator<FoundFile> {
  for (const root of roots) {
    if (!root.folder) {
      yield await found(root.name, root.path);
      continue;
    }
    const survey = newFolderSurvey();
    const others = new Map<string, number>();
    const wanted = (name: string): boolean => {
      if (format !== undefined || hasParser(name)) return true;
      const ending = /\.[^.]+$/.exec(name)?.[0].toLowerCase() ?? 'no ending';
      others.set(ending, (others.get(ending) ?? 0) + 1);
      return false;
    };
    const own = `${collection}${sep}`;
    for await (const { path, name } of walkFolder(root.path, wanted, survey)) {
      if (!join(root.path, name).startsWith(own)) yield await found(`${root.name}/${name}`, path);
    }
    for (const { name, reason } of survey.omitted) if (UNREADABLE.has(reason)) onUnreadable(`${root.name}/${name}`, reason);
    for (const line of describeSurvey(root.path, survey)) listener.note(line);
    if (others.size > 0) listener.note(`${root.path}: ${describeOthers(others)}`);
  }
}

async function found(path: string, location: string | Buffer): Promise<FoundFile> {
  try {
    const hash = createHash('sha256');
    const { size } = await stat(location);
    await pipeline(createReadStream(location), hash);
    return { path, location, bytes: size, hash: hash.digest('hex') };
  } catch (cause) {
    return { path, location, bytes: 0, hash: undefined, problem: messageOf(cause) };
  }
}

/** Endings that a line names; files of others are counted. */
const NAMED_ENDINGS = 4;

function describeOthers(others: ReadonlyMap<string, number>): string {
  const count = [...others.values()].reduce((sum, files) => sum + files, 0);
  const most = [...others].sort((left, right) => right[1] - left[1] || (left[0] < right[0] ? -1 : 1));
  const named = most.slice(0, NAMED_ENDINGS).map(([ending, files]) => `${ending} ${files}`);
  return `${count} files of other kinds passed over (${named.join(', ')}${most.length > NAMED_ENDINGS ? ', …' : ''})`;
}

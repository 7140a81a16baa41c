import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { messageOf, UsageError } from '../../base/index.ts';
import type { SourceRoot } from '../../rag/index.ts';

/** A root that lies somewhere: all but that of what programs put. */
type PlacedRoot = SourceRoot & { readonly path: string };

/** A file or folder that is ingested, as it is now. */
export interface OpenRoot extends PlacedRoot {
  readonly folder: boolean;
}

/**
 * The roots that are ingested now: those that are named, else all that are known and lie somewhere (what programs have put is nobody's file). A root's name is the last part of its path, and the beginning of its files' paths.
 *
 * @throws UsageError `INGEST_PATH` for a path that is not there, `INGEST_NOTHING` where nothing is named or known, `INGEST_NAME` for two that would have one name
 */
export async function openRoots(paths: readonly string[], known: readonly SourceRoot[], collection: string): Promise<OpenRoot[]> {
  const wanted = paths.length > 0 ? paths.map(rootAt) : known.filter(isPlaced);
  if (wanted.length === 0) {
    throw new UsageError(
      'INGEST_NOTHING',
      `nothing is named to be ingested, and the collection ${collection} knows no files yet: name files or folders`,
    );
  }
  const byName = new Map(known.map((root) => [root.name, root]));
  const opened: OpenRoot[] = [];
  for (const root of wanted) {
    const other = byName.get(root.name);
    if (other !== undefined && other.path !== root.path) {
      throw new UsageError(
        'INGEST_NAME',
        `${root.path} and ${other.path ?? 'what programs have put'} would both be called ${root.name} in the collection: rename one, or ingest the folder above it; --forget ${root.name} takes the other out`,
        { details: { name: root.name, paths: [root.path, other.path] } },
      );
    }
    byName.set(root.name, root);
    if (!opened.some(({ name }) => name === root.name)) opened.push({ ...root, folder: await isFolder(root.path) });
  }
  return opened;
}

function isPlaced(root: SourceRoot): root is PlacedRoot {
  return root.path !== undefined;
}

function rootAt(path: string): PlacedRoot {
  const absolute = resolve(path);
  return { name: basename(absolute) || 'root', path: absolute };
}

/** A root that is gone is not taken for one without files: a disk that is not mounted would empty the collection. */
async function isFolder(path: string): Promise<boolean> {
  let status: Stats;
  try {
    status = await stat(path);
  } catch (cause) {
    throw new UsageError(
      'INGEST_PATH',
      `cannot ingest ${path}: ${messageOf(cause)}; correct the path, or --forget ${basename(path)} if its files shall go (its folder: ${dirname(path)})`,
      { details: { path }, cause },
    );
  }
  if (status.isDirectory()) return true;
  if (status.isFile()) return false;
  throw new UsageError('INGEST_PATH', `cannot ingest ${path}: it is neither a file nor a folder; name files or folders`, {
    details: { path },
  });
}

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../base/index.ts';
import { IndexFolder } from '../../rag/index.ts';

/** What an index stores. */
export interface IndexStatistics {
  readonly path: string;
  /** The corpus that it was made from. */
  readonly zpkg: string;
  readonly documents: number;
  /** Vectors. */
  readonly rows: number;
  readonly dimension: number;
  readonly precision: string;
  /** Everything in the folder, an embedded database with its own files included. */
  readonly folderBytes: number;
  /** The server that the vectors lie in; null where they lie in the folder. */
  readonly database: string | null;
}

/** Whether a folder is an index, finished or not. */
export async function isIndexFolder(path: string): Promise<boolean> {
  return (await exists(join(path, 'index.json'))) || (await exists(join(path, 'building.json')));
}

/**
 * Opens a finished index to say what is in it.
 *
 * @throws as `IndexFolder.openForSearch`
 */
export async function indexStatistics(path: string, database: string | undefined): Promise<IndexStatistics> {
  await using folder = await IndexFolder.openForSearch(path, database === undefined ? {} : { database });
  const { manifest, vectors } = folder;
  return {
    path,
    zpkg: manifest.zpkg.path,
    documents: manifest.documents,
    rows: manifest.passages ?? manifest.chunks,
    dimension: manifest.dimension,
    precision: vectors.precision,
    folderBytes: await bytesOf(folder.path),
    database: manifest.store.kind === 'postgres' ? manifest.store.url : null,
  };
}

/** Sizes of all files below a folder; what a database removes meanwhile counts as nothing. */
async function bytesOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let total = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    total += await stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return total;
}

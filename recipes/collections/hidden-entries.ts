import { UsageError } from '../../base/index.ts';
import type { Document } from '../../data/index.ts';
import { type SourceFileEntry, unitIds } from '../../rag/index.ts';
import { compileFilter, withAccess } from '../../search/index.ts';
import type { AccessLabels } from './live-types.ts';
import type { OpenedCollection } from './opened-collection.ts';

/**
 * Whether an entry of the list of sources has a unit that somebody may not see.
 *
 * @param units that it is to have, of an entry that is not committed; those of others the store knows
 */
export async function isHidden(
  { folder }: OpenedCollection,
  entry: SourceFileEntry,
  labels: AccessLabels,
  units?: readonly Document[],
): Promise<boolean> {
  if (labels === 'everything') return false;
  const filter = withAccess(undefined, labels);
  if (units !== undefined) {
    const passes = compileFilter(filter);
    return !units.every(({ id, metadata = {} }) => passes(id, metadata));
  }
  const ids = unitIds(entry);
  const seen = await folder.store.listing.chunks(ids, filter);
  return new Set(seen.map(({ document }) => document)).size < ids.length;
}

/** That a source is taken is the one thing that is told of a document that somebody may not see: names are shared by all of a collection. */
export function sourceTaken(source: string): UsageError {
  const message = `the source ${JSON.stringify(source)} is taken by a document that this key may not see; choose another`;
  return new UsageError('SOURCE_TAKEN', message, { details: { source } });
}

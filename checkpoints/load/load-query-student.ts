import { FormatError } from '../../base/index.ts';
import { QueryStudent } from '../../encoders/index.ts';
import { loadCheckpoint } from '../store/checkpoint.ts';

/** Where a query student lies, and the content hash by which others name it. */
export interface QueryStudentFiles {
  readonly folder: string;
  readonly hash: string;
}

/**
 * Loads a query student for encoding queries; a backend must have been chosen.
 *
 * @throws CemError `CHECKPOINT_MISSING`, FormatError `CHECKPOINT_MALFORMED`, `CHECKPOINT_SHAPE`, `CHECKPOINT_HASH`, also for one that is not the one named
 */
export async function loadQueryStudent({ folder, hash }: QueryStudentFiles): Promise<QueryStudent> {
  const { model, state } = await loadCheckpoint(folder, 'encoding');
  if (state.contentHash === hash) return new QueryStudent(model, hash, state.teacher);
  model.dispose();
  throw new FormatError(
    'CHECKPOINT_HASH',
    `${folder} holds the query student ${state.contentHash.slice(0, 12)}…, where ${hash.slice(0, 12)}… belongs; it was exchanged, use another checkpoint or make the index again`,
    { details: { folder } },
  );
}

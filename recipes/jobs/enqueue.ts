import { resolve } from 'node:path';
import { UsageError } from '../../base/index.ts';
import { DEFAULT_LIMITS } from '../../ingest/index.ts';
import { joinCollection } from '../../rag/index.ts';
import { refuseOtherSettings } from '../ingest/collection-making.ts';
import { compareSources, type SourceComparison } from '../ingest/compare-sources.ts';
import { type IngestOptions, type IngestResult, settingsOfCollection } from '../ingest/ingest-options.ts';
import { countFiles, openCheckpoint, openCollectionFolder } from '../ingest/ingest-target.ts';
import { type OpenRoot, openRoots } from '../ingest/source-roots.ts';
import { listenerOf } from '../shared/call.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { recognitionFolder } from '../shared/recognition-folder.ts';
import type { FileJob } from './file-job.ts';
import { JobQueue } from './job-queue.ts';
import { assertForWorkers } from './worker-abilities.ts';

export type QueueIngestOptions = Omit<IngestOptions, 'database' | 'segments' | 'forget' | 'groups'> & {
  readonly database: string;
  readonly segments: string;
};

/** What was left to workers. */
export interface QueueIngestResult {
  readonly collection: string;
  readonly segments: string;
  readonly files: Omit<IngestResult['files'], 'failed'>;
  /** Jobs that came; files that waited already are not counted. */
  readonly queued: number;
  /** Files that workers could not be told of. */
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

/**
 * Looks at files as `ingest` does, and leaves what is new, changed or gone to the workers of a shared collection, which read the files under the same paths. The collection is made where there is none.
 *
 * @throws as `ingest`; UsageError `COLLECTION_SEGMENTS`, `JOBS_SETTINGS`; CemError `JOBS_PACKAGE`
 */
export async function queueIngestion(options: QueueIngestOptions): Promise<QueueIngestResult> {
  const listener = listenerOf(options);
  const path = resolve(options.into);
  const { paths = [], format, labels, segments, database } = options;
  assertForWorkers(path, { figures: options.figures });
  const made = await joinCollection(path, segments, database);
  await refuseOtherSettings(path, made, options);
  const named = paths.length > 0 ? await openRoots(paths, [], path) : [];
  using checkpoint = await openCheckpoint(made, named, options, listener);
  await using collection = await openCollectionFolder(path, checkpoint, options);
  assertForWorkers(path, settingsOfCollection(path, collection.manifest.settings));
  // Others may go on.
  await collection.endTurn();
  const sources = await collection.sources();
  const roots = await openRoots(paths, sources.roots, path);
  const recognition = recognitionFolder(options.ocrModels, modelsFolder(options.models));
  const comparison = await compareSources(sources, roots, {
    ...{ format, labels, listener, forget: [], collection: path },
    inputBytes: options.limits?.inputBytes ?? DEFAULT_LIMITS.inputBytes,
    recognises: recognition !== undefined,
  });
  const { jobs, problems } = jobsOf(comparison, roots, format);
  await using queue = await JobQueue.open(database, collection.manifest.id);
  const queued = await queue.add(jobs);
  return {
    collection: path,
    segments: collection.manifest.segments ?? segments,
    files: countFiles(comparison),
    queued,
    problems,
  };
}

function jobsOf(
  { toParse, gone }: SourceComparison,
  roots: readonly OpenRoot[],
  format: string | undefined,
): { readonly jobs: readonly FileJob[]; readonly problems: QueueIngestResult['problems'] } {
  const byName = new Map(roots.map(({ name, path }) => [name, { name, path }]));
  const rootOf = (path: string) => {
    const root = byName.get(path.split('/', 1)[0]!);
    if (root === undefined) throw new UsageError('INGEST_NAME', `${path} is of no folder that is ingested`);
    return root;
  };
  const jobs: FileJob[] = gone.map(({ path }) => ({ kind: 'remove', path, root: rootOf(path) }));
  const problems: { path: string; message: string }[] = [];
  for (const { file, labels } of toParse) {
    const { path, bytes } = file;
    const location = file.location.toString();
    if (!Buffer.from(location).equals(Buffer.from(file.location))) {
      problems.push({ path, message: 'its name is no UTF-8, so that workers cannot be told it: ingest it without --queue' });
      continue;
    }
    const root = rootOf(path);
    jobs.push({ kind: 'put', path, location, bytes, root, ...(labels && { labels: [...labels] }), ...(format && { format }) });
  }
  return { jobs, problems };
}

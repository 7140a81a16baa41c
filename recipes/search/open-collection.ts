import { type FieldOptions, joinCollection, openCollection as open, type QuerySteps, type Searcher } from '../../rag/index.ts';
import { listenerOf } from '../shared/call.ts';
import { type SearcherOptions, searchingOptions } from './searching-options.ts';

export interface CollectionSearcherOptions extends SearcherOptions {
  /** What is done with a query before it is ranked by; articles that it cites are a filter unless said otherwise. */
  readonly steps?: QuerySteps | undefined;
  /** Ranks what was found anew by vector groups (`cem ingest --groups`), the best 300 of it unless `candidates` says otherwise. */
  readonly field?: FieldOptions | undefined;
  /** `s3://BUCKET/PREFIX` of a collection that others share: the folder is made its place on this machine, where it is none yet. */
  readonly segments?: string | undefined;
}

/**
 * Opens a collection for questions: `await using searcher = await openCollection('docs.collection')`.
 *
 * @throws as `openCollection` of rag/
 */
export async function openCollection(collection: string, options: CollectionSearcherOptions = {}): Promise<Searcher> {
  const { note } = listenerOf(options);
  const { segments, database } = options;
  if (segments !== undefined) await joinCollection(collection, segments, database);
  return open(collection, { ...searchingOptions(options), steps: { note, ...options.steps }, field: options.field });
}

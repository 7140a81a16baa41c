import { openGroupEncoder, type QueryGroupEncoder } from '../../encoders/index.ts';
import type { Retriever } from '../../search/index.ts';
import type { PgvectorStore } from '../../search/postgres/index.ts';
import { FieldRetriever, type FieldRetrieverOptions } from '../../search/rerank/index.ts';
import { assertHeadFits, openCollectionHead } from './collection-head.ts';
import {
  assertSameGroupEncoder,
  groupsMissing,
  readGroupSettings,
  type StoredGroupSettings,
  StoredGroups,
} from './stored-groups.ts';

/** How a search ranks anew by vector groups. */
export type FieldOptions = Pick<FieldRetrieverOptions, 'candidates' | 'scorer' | 'context' | 'explain'>;

interface GroupCollection {
  readonly path: string;
  readonly store: PgvectorStore;
}

/**
 * What the groups of a collection are.
 *
 * @throws UsageError `GROUPS_MISSING`; FormatError `GROUPS_FORMAT`
 */
export async function requireGroups({ path, store }: GroupCollection): Promise<StoredGroupSettings> {
  const settings = store.keepsGroups ? await readGroupSettings(store) : undefined;
  if (settings === undefined) throw groupsMissing(path);
  return settings;
}

/**
 * Opens what makes the groups of queries as those of a collection were made.
 *
 * @param path of the collection
 * @throws CemError `GROUPS_OTHER_ENCODER`; UsageError `HEAD_ENCODER`; as `openProjection` and `openGroupEncoder`
 */
export async function openQueryGroups(path: string, settings: StoredGroupSettings, models?: string): Promise<QueryGroupEncoder> {
  const head = await openCollectionHead(path);
  const encoder = await openGroupEncoder(settings.config, {
    models: models ?? settings.models,
    projection: head?.projection,
  });
  try {
    assertHeadFits(head, encoder.description);
    assertSameGroupEncoder(settings, encoder.description);
    return encoder;
  } catch (error) {
    await encoder.dispose();
    throw error;
  }
}

/** Puts a retriever around one that finds candidates. Throws UsageError `GROUP_SCORER`. */
export function fieldAround(
  store: PgvectorStore,
  settings: StoredGroupSettings,
  encoder: QueryGroupEncoder,
  options: FieldOptions,
): (inner: Retriever) => FieldRetriever {
  const groups = new StoredGroups(store, settings);
  return (inner) => new FieldRetriever(inner, groups, encoder, options);
}

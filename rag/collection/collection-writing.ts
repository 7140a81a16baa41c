import type { QueryStudentFiles } from '../../checkpoints/index.ts';
import type { JsonValue } from '../../data/index.ts';
import type { StoredAnalyzer } from '../../search/index.ts';
import type { PgvectorStore } from '../../search/postgres/index.ts';
import type { StoreOptions } from '../index-store/open-store.ts';
import type { SourceChanges } from './change-log.ts';
import type { CollectionSources } from './collection-sources.ts';
import type { CollectionState } from './collection-state.ts';

export interface CollectionWritingOptions extends StoreOptions {
  /** The checkpoint's query student, which the collection gets a copy of. */
  readonly queryStudent?: QueryStudentFiles | undefined;
  /** What cuts passages into terms, in a collection that is made new; without it, it keeps none, and is searched by vectors alone. */
  readonly analyzer?: StoredAnalyzer | undefined;
  /** How files become documents, in a collection that is made new. */
  readonly settings: Readonly<Record<string, JsonValue>>;
  /** URL at which this process serves the collection, for others who want to open it. */
  readonly address?: string;
  /** `s3://BUCKET/PREFIX`: the collection that others share there, made where there is none; with `database`. */
  readonly segments?: string | undefined;
}

/** How many documents (units), chunks and passages there are. */
export type StateCounts = Pick<CollectionState, 'documents' | 'chunks' | 'passages'>;

/** A state that is to take the place of the one that there is. */
export interface NextState<Result extends StateCounts> {
  /** Name of the corpus' staged state. */
  readonly corpus: string;
  readonly sources: CollectionSources;
  /** What the change log says of it. */
  readonly changes: SourceChanges;
  /** Brings the store's rows to the corpus' state; what it does counts together with everything else. */
  readonly synchronise: (store: PgvectorStore) => Promise<Result>;
}

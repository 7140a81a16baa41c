import type { OpenSearcherOptions, QueryEncoderChoice, RetrieverChoice } from '../../rag/index.ts';
import type { FusionInput } from '../../search/index.ts';
import type { OnBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { given } from '../shared/given.ts';
import { modelsFolder } from '../shared/models-folder.ts';

export interface SearcherOptions extends Pick<LongCall, 'listener'>, OnBackend {
  /** PostgreSQL with pgvector, where the index lies in one and its address needs a password. */
  readonly database?: string | undefined;
  /** Folder in which teachers are looked up before the hub; where the index says unless given. */
  readonly models?: string | undefined;
  /** Bytes that binary codes may take of this process's memory (`StoreAccess` of rag/): 512 MiB unless given; 0 searches in the database. */
  readonly codesMemory?: number | undefined;
  /** Keeps the codes of the passages that searches find most in that memory, where not all of them fit (`StoreAccess` of rag/). */
  readonly tiers?: OpenSearcherOptions['tiers'];
  /** Who encodes queries; by default the teacher where it is on this machine, else the checkpoint's query student where the index has one. */
  readonly queries?: QueryEncoderChoice | undefined;
  /** What ranks: vectors (the default), words (`bm25`, of an index that keeps terms), or both (`hybrid`). */
  readonly retrievers?: RetrieverChoice | undefined;
  /** How `hybrid` fuses `bm25` and `vectors`; as was chosen for the collection, else as `hybridFusion` says, unless given. */
  readonly fusion?: FusionInput | undefined;
}

/** A recipe's options as rag/ takes them. Only the query student needs TensorFlow.js, which is not loaded before. */
export function searchingOptions(options: SearcherOptions): OpenSearcherOptions {
  const { database, queries, codesMemory, tiers, retrievers, fusion } = options;
  const models = modelsFolder(options.models);
  const listener = listenerOf(options);
  return {
    ...given({ database, models, queries, codesMemory, tiers, retrievers, fusion }),
    note: (line) => listener.note(line),
    beforeQueryStudent: async () => {
      const { useBackend } = await import('../shared/backend.ts');
      await useBackend(options, listener);
      if (queries === undefined)
        listener.note("queries: the checkpoint's query student, since its teacher is not on this machine");
    },
  };
}

import { resolve } from 'node:path';
import { inStage, isRemote, type Listener } from '../../base/index.ts';
import { type LoadedStudent, loadStudent } from '../../checkpoints/index.ts';
import { openCorpus, type PackedCorpus } from '../../data/index.ts';
import { corpusIdentity, IndexFolder, type IndexingResult, synchroniseIndex } from '../../rag/index.ts';
import type { StoredAnalyzer, VectorIndex, VectorIndexInput } from '../../search/index.ts';
import type { SearchedBy, VectorIndexRecall, VectorPrecision } from '../../search/postgres/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { checkpointForLanguage } from '../shared/default-checkpoint.ts';
import { given } from '../shared/given.ts';
import { modelOf } from '../shared/index-model.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { packedLanguage } from '../shared/packed-language.ts';

/** By how many of the index's own vectors, at which depth, a graph is held against exact search. */
const RECALL_QUERIES = 100;
const RECALL_DEPTH = 10;

export interface BuildIndexOptions extends LongCall, OnBackend {
  /** A container, its mapping beside it, or a corpus folder. */
  readonly corpus: string;
  /** Folder of the index, made when there is none. */
  readonly index: string;
  /** A checkpoint's folder or a run's; by default CEM_CHECKPOINT, else the one of the texts' language that comes with the package. */
  readonly checkpoint?: string | undefined;
  /** PostgreSQL with pgvector, as `postgres://user:password@host:port/database`; without it an embedded database in the index folder. */
  readonly database?: string | undefined;
  /** Folder where searches in this index look for the teacher before the hub. */
  readonly models?: string | undefined;
  /** How vectors are stored: `single` unless given; an index that is there keeps its own. */
  readonly precision?: VectorPrecision | undefined;
  /** Of a new index: into how many tables its rows are spread by a hash of their document, 2 to 1,024; one unless given. Fixed when it is made. */
  readonly partitions?: number | undefined;
  /** What searches go by: every vector (exact) unless given, or a graph; an index that is there keeps its own. */
  readonly vectorIndex?: VectorIndexInput | undefined;
}

/** What an index holds after it was built or updated. */
export interface BuildIndexResult extends IndexingResult {
  readonly index: string;
  readonly dimension: number;
  /** Content hash. */
  readonly checkpoint: string;
  readonly teacher: string;
  readonly precision: VectorPrecision;
  readonly vectorIndex: VectorIndex;
  /** What cut the terms that it keeps for search by words; absent where the corpus has none. */
  readonly analyzer?: StoredAnalyzer;
  /** What a search looks through; a process that keeps an index of binary codes open looks through those in its memory, where they fit. */
  readonly searchesBy: SearchedBy;
  /** What an approximate search, by a vector index or binary codes, finds of the exact results, over some of its own vectors; absent where search is exact, or nothing has changed. */
  readonly recall?: VectorIndexRecall;
  readonly seconds: number;
}

/**
 * Encodes the compressed chunks of a corpus into a search index; of one that is there, only what it lacks. Nothing is decompressed.
 *
 * @throws UsageError `CHECKPOINT_NEEDED`; and what `openCorpus`, `loadStudent` and `IndexFolder.openForIndexing` throw
 */
export async function buildIndex(options: BuildIndexOptions): Promise<BuildIndexResult> {
  const start = performance.now();
  const listener = listenerOf(options);
  // The container first: its errors are the cheapest to find.
  await using corpus = await openCorpus(options.corpus);
  const checkpointPath = options.checkpoint ?? (await chooseCheckpoint(corpus, listener));
  await useBackend(options, listener);
  using checkpoint = await loadStudent(checkpointPath);
  const zpkg = {
    path: isRemote(options.corpus) ? options.corpus : resolve(options.corpus),
    identity: await corpusIdentity(corpus),
  };
  const makers = { ...modelOf(checkpoint, modelsFolder(options.models)), zpkg };
  const { database, precision, partitions, vectorIndex } = options;
  await using folder = await IndexFolder.openForIndexing(
    options.index,
    makers,
    given({ database, precision, partitions, vectorIndex, queryStudent: checkpoint.query, analyzer: corpus.termAnalyzer }),
  );
  const result = await encodeIntoIndex(folder, corpus, checkpoint.student, listener);
  const changed =
    result.encoded > 0 || result.updated > 0 || result.termed !== undefined || result.removed > 0 || vectorIndex !== undefined;
  return {
    index: folder.path,
    ...result,
    dimension: makers.dimension,
    checkpoint: makers.checkpoint.hash,
    teacher: makers.teacher.id,
    ...folder.vectors,
    ...(corpus.termAnalyzer && { analyzer: corpus.termAnalyzer }),
    ...(changed &&
      folder.vectors.searchesBy !== 'vectors' && { recall: await folder.measureRecall(RECALL_QUERIES, RECALL_DEPTH) }),
    seconds: (performance.now() - start) / 1000,
  };
}

/** The checkpoint of the texts' language, which is said. */
async function chooseCheckpoint(corpus: PackedCorpus, listener: Listener): Promise<string> {
  const { path, note } = await checkpointForLanguage(() => packedLanguage(corpus));
  listener.note(note);
  return path;
}

function encodeIntoIndex(
  folder: IndexFolder,
  corpus: PackedCorpus,
  student: LoadedStudent['student'],
  listener: Listener,
): Promise<IndexingResult> {
  return inStage(
    listener,
    'index',
    async (stage) => {
      const result = await synchroniseIndex(corpus, student, folder.store, {
        onProgress: (done, total) => stage.progress(done, total),
      });
      await folder.finish(result);
      return result;
    },
    ({ documents, chunks, passages, encoded }) =>
      `${documents} documents, ${encoded} of ${passages} ${passages === chunks ? 'chunks' : 'passages'} encoded`,
  );
}

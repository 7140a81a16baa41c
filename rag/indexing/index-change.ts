import { setImmediate } from 'node:timers/promises';
import { batches, type OnProgress } from '../../base/index.ts';
import { addUnread, type ChunkEncoder, type Unread } from '../../encoders/index.ts';
import { checkDocumentId, type VectorRow, type VectorStore } from '../../search/index.ts';
import {
  encodeChunks,
  fingerprinter,
  type GroupReader,
  type IndexSource,
  readDocument,
  type SourceChunk,
  termReader,
  withTaken,
} from './source-rows.ts';

/** Passages that are encoded at a time: whoever waits for this thread is let in between. */
const ENCODED_AT_ONCE = 16;
/** Rows of one statement's transaction, and ids of one deletion. */
const WRITTEN_AT_ONCE = 512;

/** Which documents of a source differ from what a store has of them. */
export interface ChangedDocuments {
  /** Of the source, new or changed. */
  readonly changed: readonly string[];
  /** That the source does not have any more. */
  readonly gone: readonly string[];
}

/** What is to be done to a store, all of it made before. */
export interface IndexChange extends ChangedDocuments {
  readonly rows: readonly VectorRow[];
  /** What of the passages their vectors do not cover; absent: nothing. */
  readonly unread?: Unread;
}

/**
 * Encodes documents of a source, so that what remains to be done in the store is short. Unlike `synchroniseIndex` it looks at nothing but what it is told has changed.
 *
 * @param store is asked what it keeps, and nothing else
 * @throws CemError `VECTOR_STORE_ID`, `SEARCH_ANALYZER_OTHER`; what the encoder throws
 */
export async function prepareIndexChange(
  source: IndexSource,
  encoder: ChunkEncoder,
  store: Pick<VectorStore, 'termAnalyzer'>,
  {
    changed,
    gone,
    onProgress,
    groupsOf,
  }: ChangedDocuments & { readonly onProgress?: OnProgress | undefined; readonly groupsOf?: GroupReader | undefined },
): Promise<IndexChange> {
  const fingerprint = fingerprinter(source.dictionary);
  const termsOf = termReader(source, store);
  const rows: VectorRow[] = [];
  let unread: Unread | undefined;
  let done = 0;
  let [waiting, passages]: [SourceChunk[], number] = [[], 0];
  const encode = async (): Promise<void> => {
    const made = await encodeChunks(waiting, encoder, source.dictionary, ENCODED_AT_ONCE);
    for (const row of made.rows) rows.push(row);
    unread = addUnread(unread, made.unread);
    [waiting, passages] = [[], 0];
    onProgress?.(done, changed.length);
    await setImmediate();
  };
  for (const document of changed) {
    checkDocumentId(document);
    const chunks = await readDocument(source, document, fingerprint);
    for (const chunk of chunks) waiting.push(await withTaken(chunk, termsOf, groupsOf));
    passages += chunks.reduce((sum, chunk) => sum + chunk.rows.length, 0);
    done++;
    if (passages >= ENCODED_AT_ONCE) await encode();
  }
  if (waiting.length > 0) await encode();
  return { changed, gone, rows, ...(unread && { unread }) };
}

/**
 * Does to a store what was prepared; to be called in a transaction.
 *
 * @returns by how many rows the store grew; below 0: shrank
 */
export async function applyIndexChange(store: VectorStore, { changed, gone, rows }: IndexChange): Promise<number> {
  let removed = 0;
  for (const documents of batches([...gone, ...changed], WRITTEN_AT_ONCE)) removed += await store.deleteDocuments(documents);
  for (const some of batches(rows, WRITTEN_AT_ONCE)) await store.upsert(some);
  return rows.length - removed;
}

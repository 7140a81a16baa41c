import type { OnProgress } from '../../base/index.ts';
import { IdTable } from '../mapping/id-table.ts';
import { verifyMetadata } from '../mapping/verify-metadata.ts';
import type { Segment } from './segment.ts';
import type { SegmentedCorpus } from './segmented-corpus.ts';

/** What `verifyCorpus` found; removed chunks are looked at, too. */
export interface CorpusVerification {
  /** Alive. */
  readonly documents: number;
  /** Chunks of all segments. */
  readonly chunks: number;
  /** Their passages, where no chunk is damaged; a chunk that is its own one passage counts as one. */
  readonly passages: number;
  /** How many of them have their terms kept: all or none. */
  readonly terms: number;
  readonly contentBytes: number;
  readonly failed: number;
  /** The first 100 of the damaged chunks of each segment; `chunk` is its place in the segment. */
  readonly failures: readonly {
    readonly file: string;
    readonly chunk: number;
    readonly code: string;
    readonly message: string;
  }[];
}

/**
 * Reads and decompresses every chunk of every segment and reports those that are damaged. What opening a corpus does not look at is counted here: that each
 * id is alive once, and as many as the manifest says. The metadata of segments without damaged chunks is read, too.
 *
 * @throws FormatError `CORPUS_DOCUMENTS`, `METADATA_CHECKSUM`, `METADATA_BLOCK`
 */
export async function verifyCorpus(corpus: SegmentedCorpus, onProgress?: OnProgress): Promise<CorpusVerification> {
  const ids = new IdTable();
  for (const segment of corpus.segments) {
    const before = ids.length;
    for (const id of segment.ids()) addLiving(ids, id, segment);
    const alive = ids.length - before;
    if (alive !== segment.documentCount)
      throw segment.error('CORPUS_DOCUMENTS', `has ${alive} living documents, and the manifest says ${segment.documentCount}`);
  }
  const total = corpus.segments.reduce((sum, { entry }) => sum + entry.chunks, 0);
  const failures: CorpusVerification['failures'][number][] = [];
  let [chunks, passages, terms, contentBytes, failed] = [0, 0, 0, 0, 0];
  for (const { entry, reader } of corpus.segments) {
    const found = await reader.container.verify((done) => onProgress?.(chunks + done, total));
    chunks += found.chunks;
    contentBytes += found.contentBytes;
    failed += found.failed;
    if (found.failed === 0) {
      const said = await verifyMetadata(reader);
      passages += said.passages;
      terms += said.terms;
    }
    failures.push(...found.failures.map((failure) => ({ file: entry.file, ...failure })));
  }
  return { documents: ids.length, chunks, passages, terms, contentBytes, failed, failures };
}

/** @throws FormatError `CORPUS_DOCUMENTS` */
export function addLiving(ids: IdTable, id: string, segment: Segment): void {
  if (!ids.add(id))
    throw segment.error('CORPUS_DOCUMENTS', `has a living document ${JSON.stringify(id)}, and so has an earlier segment`);
}

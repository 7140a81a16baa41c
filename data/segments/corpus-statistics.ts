import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { distributionOf, type SizeDistribution } from '../../base/index.ts';
import { contentSize } from '../../zpkg/index.ts';
import { PassageSizes, type PassageStatistics } from '../mapping/passage-statistics.ts';
import { MANIFEST_FILE } from './manifest.ts';
import type { SegmentedCorpus } from './segmented-corpus.ts';

/** One segment of a corpus. */
interface SegmentStatistics {
  readonly file: string;
  /** Size of the container. */
  readonly bytes: number;
  readonly mappingBytes: number;
  /** 0 when it has none. */
  readonly metadataBytes: number;
  /** Alive. */
  readonly documents: number;
  readonly removedDocuments: number;
  /** Alive. */
  readonly chunks: number;
  readonly removedChunks: number;
}

/** Sizes of a corpus folder; all are bytes, and those of chunks and passages are of chunks that are alive. */
export interface CorpusStatistics extends SizeDistribution, PassageStatistics {
  readonly path: string;
  readonly generation: number;
  readonly documents: number;
  readonly chunks: number;
  readonly segments: readonly SegmentStatistics[];
  /** Containers, mappings, metadata and manifest: everything on disk. */
  readonly fileBytes: number;
  /** Part of it: the dictionaries of all segments. */
  readonly dictionaryBytes: number;
  readonly mappingBytes: number;
  readonly metadataBytes: number;
  readonly manifestBytes: number;
  /** Chunks that are alive. */
  readonly chunkBytes: number;
  /** Chunks of removed and replaced documents, which a compaction frees. */
  readonly removedBytes: number;
  /** Text of the documents that are alive. */
  readonly contentBytes: number;
  /** contentBytes / fileBytes */
  readonly ratio: number;
  /** 1 - fileBytes / contentBytes; 0 when there is no text */
  readonly saving: number;
}

/** Reads every segment once and decompresses nothing. */
export async function corpusStatistics(corpus: SegmentedCorpus): Promise<CorpusStatistics> {
  const sizes = new Float64Array(corpus.chunkCount);
  const manifestBytes = (await stat(join(corpus.path, MANIFEST_FILE))).size;
  const passages = new PassageSizes();
  let [alive, contentBytes, chunkBytes, removedBytes] = [0, 0, 0, 0];
  for (const { entry, reader } of corpus.segments) {
    for await (const { chunk, frame } of reader.container.frames()) {
      if (entry.removed.has(chunk)) {
        removedBytes += frame.length;
        continue;
      }
      sizes[alive++] = frame.length;
      chunkBytes += frame.length;
      contentBytes += contentSize(frame);
      await passages.add(reader, chunk, contentSize(frame));
    }
    passages.addBytes(reader);
  }
  const segments = corpus.segments.map(({ entry, documentCount, chunkCount }) => ({
    file: entry.file,
    bytes: entry.bytes,
    mappingBytes: entry.mappingBytes,
    metadataBytes: entry.metadataBytes ?? 0,
    documents: documentCount,
    removedDocuments: entry.removedDocuments,
    chunks: chunkCount,
    removedChunks: entry.removed.count,
  }));
  const mappingBytes = segments.reduce((sum, segment) => sum + segment.mappingBytes, 0);
  const metadataBytes = segments.reduce((sum, segment) => sum + segment.metadataBytes, 0);
  const fileBytes = manifestBytes + mappingBytes + metadataBytes + segments.reduce((sum, segment) => sum + segment.bytes, 0);
  return {
    path: corpus.path,
    generation: corpus.manifest.generation,
    documents: corpus.documentCount,
    chunks: corpus.chunkCount,
    segments,
    fileBytes,
    dictionaryBytes: corpus.dictionary.length * segments.length,
    mappingBytes,
    metadataBytes,
    manifestBytes,
    ...passages.statistics(),
    chunkBytes,
    removedBytes,
    contentBytes,
    ratio: contentBytes / fileBytes,
    saving: contentBytes === 0 ? 0 : 1 - fileBytes / contentBytes,
    ...distributionOf(sizes),
  };
}

import type { ByteSpan } from '../../base/index.ts';
import type { DocumentRecord } from '../metadata/document-record.ts';
import type { Metadata } from '../metadata/metadata.ts';
import type { SegmentedCorpus } from './segmented-corpus.ts';

/** Earlier states whose chunks may still be read. */
const EARLIER_KEPT = 2;

/** The last states of a corpus that others change: a chunk is read in the newest one that has it, and is the same in all that do. Decompresses only in `chunkText`. */
export class CorpusStates {
  /** The newest first. */
  readonly #corpora: SegmentedCorpus[];

  /** The corpora are closed with this. */
  constructor(corpus: SegmentedCorpus) {
    this.#corpora = [corpus];
  }

  /** A newer one; the oldest is closed where there are too many. */
  async add(corpus: SegmentedCorpus): Promise<void> {
    this.#corpora.unshift(corpus);
    for (const old of this.#corpora.splice(EARLIER_KEPT + 1)) await old.close();
  }

  /** Throws as `SegmentedCorpus.chunkText`, as the others do as theirs. */
  async chunkText(chunk: number): Promise<string> {
    return this.#having(chunk).chunkText(chunk);
  }

  async passagesOf(chunk: number): Promise<readonly ByteSpan[] | undefined> {
    return this.#having(chunk).passagesOf(chunk);
  }

  async metadataOf(chunk: number, passage?: number): Promise<Metadata | undefined> {
    return this.#having(chunk).metadataOf(chunk, passage);
  }

  /** The record of a chunk's document, where the chunk is the document's first; undefined for others. */
  async recordOfFirst(chunk: number): Promise<DocumentRecord | undefined> {
    const corpus = this.#having(chunk);
    const document = corpus.documentOf(chunk);
    return corpus.chunksOf(document)[0] === chunk ? corpus.record(document) : undefined;
  }

  async close(): Promise<void> {
    for (const corpus of this.#corpora) await corpus.close();
  }

  #having(chunk: number): SegmentedCorpus {
    return this.#corpora.find((corpus) => corpus.hasChunk(chunk)) ?? this.#corpora[0]!;
  }
}

import { FormatError } from '../../base/index.ts';
import { DocumentReader, type DocumentReaderOptions } from '../mapping/document-reader.ts';
import type { ChunkRange } from '../mapping/mapping.ts';
import { isSameAnalyzer } from '../metadata/term-analyzer.ts';
import type { PackSettings, SegmentEntry } from './manifest.ts';

export interface SegmentOptions extends DocumentReaderOptions {
  /** Readers by the path of their container, of which those are shared that are open still: segments are never written again. */
  readonly readers?: ReadonlyMap<string, DocumentReader> | undefined;
}

/**
 * One open segment: its container, its mapping, and what the manifest says of them. Chunks have two numbers: their place in the container, and the one that
 * the corpus knows them by.
 */
export class Segment {
  readonly entry: SegmentEntry;
  readonly reader: DocumentReader;

  private constructor(entry: SegmentEntry, reader: DocumentReader) {
    this.entry = entry;
    this.reader = reader;
  }

  /**
   * @param path of the container: a file, or an object's address
   * @throws as `DocumentReader.open`
   * @throws FormatError `CORPUS_SEGMENT` for files that are not those that the manifest names
   */
  static async open(
    path: string,
    entry: SegmentEntry,
    { terms }: Pick<PackSettings, 'terms'>,
    { readers, ...options }: SegmentOptions,
  ): Promise<Segment> {
    const reader = readers?.get(path)?.share() ?? (await DocumentReader.open(path, options));
    const segment = new Segment(entry, reader);
    try {
      segment.#check(terms);
      return segment;
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  get documentCount(): number {
    return this.entry.documents - this.entry.removedDocuments;
  }

  get chunkCount(): number {
    return this.entry.chunks - this.entry.removed.count;
  }

  /** Ids of the documents that are alive, in order. */
  *ids(): Generator<string> {
    for (const id of this.reader.ids()) if (this.#isAlive(this.reader.chunkRange(id))) yield id;
  }

  /** Where in the container a document's chunks lie; undefined when the segment does not have it, or it was removed. */
  rangeOf(id: string): ChunkRange | undefined {
    if (!this.reader.mapping.has(id)) return undefined;
    const range = this.reader.chunkRange(id);
    return this.#isAlive(range) ? range : undefined;
  }

  /** Numbers by which the corpus knows the chunks of a range. */
  numbersOf({ first, count }: ChunkRange): number[] {
    return Array.from({ length: count }, (_, part) => this.entry.numbers.at(first + part));
  }

  /** Where in the container a chunk of the corpus lies; undefined when it is not alive here. */
  placeOf(chunk: number): number | undefined {
    const place = this.entry.numbers.indexOf(chunk);
    return place < 0 || this.entry.removed.has(place) ? undefined : place;
  }

  #isAlive(range: ChunkRange): boolean {
    return !this.entry.removed.has(range.first);
  }

  /** For what is wrong with the segment: `what` follows its path. */
  error(code: 'CORPUS_SEGMENT' | 'CORPUS_DOCUMENTS', what: string): FormatError {
    const path = this.reader.container.path;
    return new FormatError(code, `${path} ${what}: restore the folder from a copy`, { details: { path } });
  }

  #check(terms: PackSettings['terms']): void {
    const { entry, reader } = this;
    const differs =
      reader.container.fingerprint !== entry.fingerprint ||
      reader.chunkCount !== entry.chunks ||
      reader.documentCount !== entry.documents ||
      reader.metadata?.size !== entry.metadataBytes;
    if (differs) throw this.error('CORPUS_SEGMENT', 'is another file than the one that the manifest names, or its metadata is');
    if (!isSameAnalyzer(reader.termAnalyzer, terms))
      throw this.error('CORPUS_SEGMENT', 'keeps the terms of another analyzer than the manifest names');
    for (const { first, count } of entry.removed.runs()) {
      const start = reader.chunkRange(reader.documentOf(first));
      const last = reader.chunkRange(reader.documentOf(first + count - 1));
      if (start.first !== first || last.first + last.count !== first + count)
        throw this.error('CORPUS_SEGMENT', 'has a document of which the manifest says that a part was removed');
    }
  }
}

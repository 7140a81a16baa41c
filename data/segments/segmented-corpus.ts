import { type ByteSpan, CemError, FormatError, type TermCounts } from '../../base/index.ts';
import type { ChunkSource } from '../../encoders/index.ts';
import type { Document } from '../documents/document.ts';
import { unpackedDocument } from '../documents/document-metadata.ts';
import type { DocumentReaderOptions } from '../mapping/document-reader.ts';
import type { ChunkRange } from '../mapping/mapping.ts';
import type { DocumentRecord } from '../metadata/document-record.ts';
import type { Metadata } from '../metadata/metadata.ts';
import type { AnalyzerDescription } from '../metadata/term-analyzer.ts';
import { type CorpusManifest, manifestOfState, requireManifest } from './manifest.ts';
import { Segment, type SegmentOptions } from './segment.ts';
import { readSegmentObjects, type SegmentObjects, segmentPath } from './segment-objects.ts';

/**
 * A corpus folder as it was when it was opened: writers that go on change nothing of it, for segments are never written again and stay readable while they
 * are open. Decompresses only in `chunkText`, `documentById` and `documents`. Safe for concurrent use.
 *
 * Chunk numbers are given once and for all: a chunk keeps its number when others come and go and when the corpus is compacted.
 */
export class SegmentedCorpus implements ChunkSource {
  readonly path: string;
  readonly manifest: CorpusManifest;
  readonly segments: readonly Segment[];

  private constructor(path: string, manifest: CorpusManifest, segments: readonly Segment[]) {
    this.path = path;
    this.manifest = manifest;
    this.segments = segments;
  }

  /**
   * @param options.state which state is wanted, be it that of a change that was staged; the one that counts unless given
   * @throws UsageError `CORPUS_MISSING` when the folder holds no corpus; CemError `CORPUS_STATE` when it is in another state
   * @throws FormatError `CORPUS_VERSION`, `CORPUS_FORMAT`, `CORPUS_SEGMENT`; as `DocumentReader.open`
   */
  static async open(
    folder: string,
    { state, ...options }: Pick<DocumentReaderOptions, 'decompressor'> & { readonly state?: string } = {},
  ): Promise<SegmentedCorpus> {
    const read = () => (state === undefined ? requireManifest(folder) : manifestOfState(folder, state));
    let manifest = await read();
    while (true) {
      try {
        return await SegmentedCorpus.openAs(folder, { manifest, objects: await readSegmentObjects(folder) }, options);
      } catch (error) {
        // A writer that compacts takes segments away, but only after its own manifest, which does not name them, stands.
        const newer = await read();
        if (newer.generation === manifest.generation) throw error;
        manifest = newer;
      }
    }
  }

  /**
   * A corpus whose manifest is known, and does not lie in a folder.
   *
   * @param folder where segments lie that are no objects
   * @throws FormatError `CORPUS_SEGMENT`; as `DocumentReader.open`
   */
  static async openAs(
    folder: string,
    { manifest, objects }: { readonly manifest: CorpusManifest; readonly objects: SegmentObjects },
    options: SegmentOptions = {},
  ): Promise<SegmentedCorpus> {
    const segments: Segment[] = [];
    try {
      for (const entry of manifest.segments)
        segments.push(await Segment.open(segmentPath(folder, entry.file, objects), entry, manifest.settings, options));
      refuseOtherDictionary(segments);
      return new SegmentedCorpus(folder, manifest, segments);
    } catch (error) {
      for (const segment of segments) await segment.reader.close();
      throw error;
    }
  }

  /** Names what the corpus holds: another one after every change of documents, the same one after a compaction that copied chunks. */
  get state(): string {
    return this.manifest.state;
  }

  /** The one dictionary of all segments. */
  get dictionary(): Uint8Array {
    return this.segments[0]?.reader.dictionary ?? new Uint8Array(0);
  }

  get documentCount(): number {
    return this.segments.reduce((sum, segment) => sum + segment.documentCount, 0);
  }

  /** Chunks of documents that are alive. */
  get chunkCount(): number {
    return this.segments.reduce((sum, segment) => sum + segment.chunkCount, 0);
  }

  /** Ids in the order in which the documents came, or came back changed. */
  *ids(): Generator<string> {
    for (const segment of this.segments) yield* segment.ids();
  }

  has(id: string): boolean {
    return this.segments.some((segment) => segment.rangeOf(id) !== undefined);
  }

  chunksOf(id: string): readonly number[] {
    const { segment, range } = this.#segmentOf(id);
    return segment.numbersOf(range);
  }

  #segmentOf(id: string): { segment: Segment; range: ChunkRange } {
    for (const segment of this.segments) {
      const range = segment.rangeOf(id);
      if (range !== undefined) return { segment, range };
    }
    throw new CemError(
      'MAPPING_UNKNOWN_ID',
      `${this.path} knows no document ${JSON.stringify(id)}: ids are compared byte for byte`,
      {
        details: { path: this.path, id },
      },
    );
  }

  /** Whether a chunk of this number is alive. */
  hasChunk(chunk: number): boolean {
    return this.segments.some((segment) => segment.placeOf(chunk) !== undefined);
  }

  /** Throws CemError `CORPUS_CHUNK`, as all that take the number of a chunk. */
  documentOf(chunk: number): string {
    const { segment, place } = this.#find(chunk);
    return segment.reader.documentOf(place);
  }

  async compressedChunk(chunk: number): Promise<Uint8Array> {
    const { segment, place } = this.#find(chunk);
    return segment.reader.compressedChunk(place);
  }

  /** Text of one chunk, decompressed. Throws as `ZpkgReader.chunk`. */
  async chunkText(chunk: number): Promise<string> {
    const { segment, place } = this.#find(chunk);
    return segment.reader.chunkText(place);
  }

  /** Text of a document, decompressed: its chunks joined. */
  async documentById(id: string): Promise<string> {
    return (await Promise.all(this.chunksOf(id).map((chunk) => this.chunkText(chunk)))).join('');
  }

  /** What is known of a document; undefined when nothing is. Throws as `DocumentReader.documentMetadata`. */
  async documentMetadata(id: string): Promise<Metadata | undefined> {
    return this.#segmentOf(id).segment.reader.documentMetadata(id);
  }

  /** What is known of a chunk, or of one of its passages; undefined when nothing is known of its segment's documents. Throws as `DocumentReader.metadataOf`. */
  async metadataOf(chunk: number, passage?: number): Promise<Metadata | undefined> {
    const { segment, place } = this.#find(chunk);
    return segment.reader.metadataOf(place, passage);
  }

  /** The passages of a chunk, spans of its content; undefined when it is its own one passage. Throws as `DocumentReader.passagesOf`. */
  async passagesOf(chunk: number): Promise<readonly ByteSpan[] | undefined> {
    const { segment, place } = this.#find(chunk);
    return segment.reader.passagesOf(place);
  }

  /** Which analyzer makes the terms of all segments; undefined when none are kept. */
  get termAnalyzer(): AnalyzerDescription | undefined {
    return this.manifest.settings.terms;
  }

  /** The terms of each of a chunk's passages; undefined when none are kept. Throws as `DocumentReader.termsOf`. */
  async termsOf(chunk: number): Promise<readonly TermCounts[] | undefined> {
    const { segment, place } = this.#find(chunk);
    return segment.reader.termsOf(place);
  }

  /** What the side file has of a document. */
  async record(id: string): Promise<DocumentRecord> {
    return this.#segmentOf(id).segment.reader.record(id);
  }

  /**
   * Every document, decompressed, in the order of `ids`, with its metadata. Title and text are parted where the metadata says so; otherwise the text is
   * both, as they were packed.
   */
  async *documents(): AsyncGenerator<Document> {
    for (const segment of this.segments)
      for (const id of segment.ids())
        yield unpackedDocument(id, await segment.reader.documentById(id), await segment.reader.record(id));
  }

  async close(): Promise<void> {
    for (const segment of this.segments) await segment.reader.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #find(chunk: number): { segment: Segment; place: number } {
    for (const segment of this.segments) {
      const place = segment.placeOf(chunk);
      if (place !== undefined) return { segment, place };
    }
    throw new CemError('CORPUS_CHUNK', `${this.path} has no chunk ${chunk}: it was removed, or there never was one`, {
      details: { path: this.path, chunk },
    });
  }
}

function refuseOtherDictionary(segments: readonly Segment[]): void {
  const [first, ...others] = segments;
  for (const { reader } of others) {
    if (Buffer.compare(reader.dictionary, first!.reader.dictionary) === 0) continue;
    const path = reader.container.path;
    throw new FormatError(
      'CORPUS_SEGMENT',
      `${path} has another dictionary than ${first!.reader.container.path}: all segments of a corpus share one; restore the folder from a copy`,
      { details: { path } },
    );
  }
}

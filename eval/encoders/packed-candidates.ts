import assert from 'node:assert/strict';
import type { ByteSpan } from '../../base/index.ts';
import {
  type Document,
  DocumentReader,
  joinWindows,
  naturalOrder,
  type PackManifest,
  type PackOptions,
  packCorpus,
} from '../../data/index.ts';
import type { ChunkSource } from '../../encoders/index.ts';
import type { Scoring } from '../../search/index.ts';
import { contentSize, type Decompressor } from '../../zpkg/index.ts';

/** How candidates are packed. */
export interface CandidatePacking
  extends Pick<PackOptions, 'level' | 'targetChunkSize' | 'dictionarySize' | 'passageSize' | 'passageOverlap'> {
  /** Undefined trains one on the candidates. */
  readonly dictionary?: Uint8Array | 'none';
  /**
   * So many neighbouring documents, by their ids, are compressed in one frame, each a passage of it, in place of chunks of its own: documents are read from inside long frames. It is a packing
   * to be measured, as variants of training are; a corpus is never packed so.
   */
  readonly windowDocuments?: number | undefined;
}

/** What documents are ranked by where that is not one vector a document or chunk, for the conditions of a result. */
export interface PassagePacking {
  /** Bytes of text that a passage has, about; null in windows, where a document is a passage. */
  readonly passage_bytes: number | null;
  readonly overlap_bytes: number;
  /** Documents in a frame; null where frames hold one document or a part of it. */
  readonly window_documents: number | null;
  /** Passages of all candidates. */
  readonly passages: number;
  /** How a document's score comes from its passages': `best passage`, or `mean of the best N passages`. */
  readonly document_score: string;
}

/** Candidates that were packed, as what is compared reads them. */
export interface PackedCandidates {
  /** Of the container; with windows its documents are windows. */
  readonly manifest: PackManifest;
  readonly chunks: ChunkSource;
  /** The texts of a document's passages, cut from its own text; undefined where documents are read whole. */
  readonly passagesOf?: (id: string) => Promise<readonly string[]>;
  /** Null: neither passages nor windows. */
  readonly packing: PassagePacking | null;
  close(): Promise<void>;
}

export interface PackingOptions {
  /** Replaces the reader's decompressor: a test installs one that throws. */
  readonly decompressor?: ((dictionary: Uint8Array) => Decompressor) | undefined;
  /** What the conditions are to say of it. */
  readonly scoring?: Scoring | undefined;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/**
 * Packs candidates and opens them.
 *
 * @param texts by id
 * @throws what `packCorpus` and `DocumentReader.open` throw
 */
export function packCandidates(
  texts: ReadonlyMap<string, string>,
  zpkg: string,
  pack: CandidatePacking,
  options: PackingOptions = {},
): Promise<PackedCandidates> {
  return pack.windowDocuments === undefined
    ? packDocuments(texts, zpkg, pack, options)
    : packWindows(texts, zpkg, { ...pack, windowDocuments: pack.windowDocuments }, options);
}

async function packDocuments(
  texts: ReadonlyMap<string, string>,
  zpkg: string,
  pack: CandidatePacking,
  options: PackingOptions,
): Promise<PackedCandidates> {
  const { windowDocuments: _, ...own } = pack;
  const manifest = await packCorpus(() => documentsOf(texts), zpkg, { ...own, ...progressOf(options) });
  const reader = await openReader(zpkg, options);
  const { passageSize = 0, passageOverlap = 0 } = pack;
  return {
    manifest,
    chunks: reader,
    ...(passageSize > 0 && { passagesOf: (id: string) => passageTexts(texts.get(id)!, id, reader) }),
    packing:
      passageSize === 0
        ? null
        : {
            passage_bytes: passageSize,
            overlap_bytes: passageOverlap,
            window_documents: null,
            passages: manifest.passages,
            document_score: scoreText(options.scoring),
          },
    close: () => reader.close(),
  };
}

async function packWindows(
  texts: ReadonlyMap<string, string>,
  zpkg: string,
  { windowDocuments, ...pack }: CandidatePacking & { readonly windowDocuments: number },
  options: PackingOptions,
): Promise<PackedCandidates> {
  assert.ok((pack.passageSize ?? 0) === 0, 'a document in a window is its own one passage');
  // Neighbours are those of the ids' order, whatever the order of the corpus.
  const ids = [...texts.keys()];
  const order = naturalOrder(ids);
  const { texts: windows, places: inOrder } = joinWindows(
    Array.from(order, (number) => texts.get(ids[number]!)!),
    windowDocuments,
  );
  const places = new Map(inOrder.map((place, index) => [order[index]!, place]));
  const byNumber = new Map(windows.map((text, window) => [String(window), text]));
  const packed = await packCorpus(() => documentsOf(byNumber), zpkg, {
    ...pack,
    // However large a window becomes, it is one frame.
    targetChunkSize: Number.MAX_SAFE_INTEGER,
    ...progressOf(options),
  });
  // Of the documents' own texts: what joins them is no text that is saved.
  const textBytes = [...texts.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const stored = packed.containerBytes + packed.mappingBytes + packed.metadataBytes;
  const manifest = { ...packed, textBytes, saving: textBytes === 0 ? 0 : 1 - stored / textBytes };
  const reader = await openReader(zpkg, options);
  const numbers = new Map(ids.map((id, number) => [id, number]));
  const windowChunks = windows.map((_, window) => reader.chunksOf(String(window))[0]!);
  /** A document is a chunk of its own here, whose frame is its window's. */
  const chunks: ChunkSource = {
    dictionary: reader.dictionary,
    chunksOf: (id) => [numbers.get(id)!],
    compressedChunk: (document) => reader.compressedChunk(windowChunks[places.get(document)!.frame]!),
    passagesOf: async (document) => {
      const { frame, span } = places.get(document)!;
      return [withinPacked(windows[frame]!, span)];
    },
  };
  return {
    manifest,
    chunks,
    packing: {
      passage_bytes: null,
      overlap_bytes: 0,
      window_documents: windowDocuments,
      passages: texts.size,
      document_score: scoreText(options.scoring),
    },
    close: () => reader.close(),
  };
}

/** A span of a text within what is packed of it, which has no white space at its ends. */
function withinPacked(text: string, { start, end }: ByteSpan): ByteSpan {
  const before = Buffer.byteLength(text) - Buffer.byteLength(text.trimStart());
  const size = Buffer.byteLength(text.trim());
  const clamp = (place: number): number => Math.min(size, Math.max(0, place - before));
  return { start: clamp(start), end: clamp(end) };
}

/**
 * The texts of a document's passages, chunk after chunk, cut from its own text by the bytes that frames and passages declare: nothing is decompressed.
 *
 * @param text that was packed, without white space at its ends
 */
export async function passageTexts(text: string, id: string, source: ChunkSource): Promise<string[]> {
  const bytes = Buffer.from(text, 'utf8');
  const passages: string[] = [];
  let start = 0;
  for (const chunk of source.chunksOf(id)) {
    const size = contentSize(await source.compressedChunk(chunk));
    const spans: readonly ByteSpan[] = (await source.passagesOf?.(chunk)) ?? [{ start: 0, end: size }];
    for (const span of spans) passages.push(bytes.toString('utf8', start + span.start, start + span.end));
    start += size;
  }
  assert.equal(start, bytes.length, `the chunks of document ${id} are its text`);
  return passages;
}

function scoreText(scoring: Scoring | undefined): string {
  return scoring?.kind === 'mean' ? `mean of the best ${scoring.best} passages` : 'best passage';
}

async function* documentsOf(texts: ReadonlyMap<string, string>): AsyncGenerator<Document> {
  for (const [id, text] of texts) yield { id, title: '', text };
}

function progressOf({ onProgress }: PackingOptions): Pick<PackOptions, 'onProgress'> {
  return onProgress === undefined ? {} : { onProgress: (stage, done, total) => onProgress(`candidates (${stage})`, done, total) };
}

function openReader(zpkg: string, { decompressor }: PackingOptions): Promise<DocumentReader> {
  return DocumentReader.open(zpkg, decompressor ? { decompressor } : {});
}

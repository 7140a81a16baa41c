import { CemError } from '../../base/index.ts';
import { contentSize } from '../../zpkg/index.ts';
import { type Document, documentText } from '../documents/document.ts';
import type { DocumentReader } from './document-reader.ts';

/** One chunk's own text. */
export interface ChunkText {
  readonly chunk: number;
  /** Id of the document that the chunk belongs to. */
  readonly id: string;
  readonly text: string;
}

/**
 * Texts of chunks, taken from the source that was packed and not from the container: each frame declares how many bytes of the document it holds, so nothing
 * is decompressed. In the order of `documents`, which may be a part of the corpus.
 *
 * @throws CemError `SOURCE_DIFFERS` when a document does not have the size that was packed, `MAPPING_UNKNOWN_ID`
 */
export async function* chunkTexts(documents: AsyncIterable<Document>, reader: DocumentReader): AsyncGenerator<ChunkText> {
  for await (const document of documents) {
    const bytes = Buffer.from(documentText(document), 'utf8');
    const chunks = reader.chunksOf(document.id);
    const sizes = (await Promise.all(chunks.map((chunk) => reader.compressedChunk(chunk)))).map((frame) => contentSize(frame));
    const packed = sizes.reduce((sum, size) => sum + size, 0);
    if (packed !== bytes.length) {
      throw new CemError(
        'SOURCE_DIFFERS',
        `the document ${JSON.stringify(document.id)} has ${bytes.length} bytes in the source and ${packed} in ${reader.container.path}: pack the corpus again`,
        { details: { id: document.id, source: bytes.length, packed } },
      );
    }
    let start = 0;
    for (const [number, chunk] of chunks.entries()) {
      const end = start + sizes[number]!;
      yield { chunk, id: document.id, text: bytes.toString('utf8', start, end) };
      start = end;
    }
  }
}

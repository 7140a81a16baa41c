import type { ByteSpan } from '../../base/index.ts';
import { chunkTexts, type Document, type DocumentReader } from '../../data/index.ts';

/** Where a text lies. */
export interface TextPlace {
  /** Number of the frame in its packing. */
  readonly frame: number;
  /** Which bytes of the frame's content it is; absent: all of them. */
  readonly span?: ByteSpan | undefined;
}

/** The passages of a packed corpus, in the order of its chunks; a chunk that is its own one passage is one. */
export interface CorpusPassages {
  /** Each passage's own text. */
  readonly texts: readonly string[];
  /** [texts] where each lies in the container. */
  readonly places: readonly TextPlace[];
  /** Each chunk's text: the very same texts where no chunk has passages. */
  readonly chunks: readonly string[];
  /** [chunks] id of each chunk's document. */
  readonly documents: readonly string[];
}

/**
 * Texts of passages from the source and not from the container.
 *
 * @param documents those that were packed
 * @throws as `chunkTexts` and `DocumentReader.passagesOf`
 */
export async function readPassages(documents: AsyncIterable<Document>, reader: DocumentReader): Promise<CorpusPassages> {
  const chunks: string[] = [];
  const ids: string[] = [];
  for await (const { chunk, id, text } of chunkTexts(documents, reader)) {
    chunks[chunk] = text;
    ids[chunk] = id;
  }
  const texts: string[] = [];
  const places: TextPlace[] = [];
  let cut = false;
  for (const [frame, text] of chunks.entries()) {
    const spans = await reader.passagesOf(frame);
    if (spans === undefined) {
      texts.push(text);
      places.push({ frame });
      continue;
    }
    cut = true;
    const bytes = Buffer.from(text, 'utf8');
    for (const span of spans) {
      texts.push(bytes.toString('utf8', span.start, span.end));
      places.push({ frame, span });
    }
  }
  return { texts, places, chunks: cut ? chunks : texts, documents: ids };
}

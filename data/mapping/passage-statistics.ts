import { contentSize } from '../../zpkg/index.ts';
import type { DocumentReader } from './document-reader.ts';

/** Passages of chunks; a chunk that is its own one passage counts as one. */
export interface PassageStatistics {
  readonly passages: number;
  /** What they take on disk; 0 where each chunk is its own one passage. */
  readonly passageBytes: number;
  /** What their terms take on disk; 0 where none are kept. */
  readonly termBytes: number;
  /** Bytes of content, overlaps counted; zeros for no chunks. */
  readonly passageSizes: { readonly smallest: number; readonly median: number; readonly largest: number };
}

/** Gathers how large passages are. */
export class PassageSizes {
  readonly #sizes: number[] = [];
  #bytes = 0;
  #termBytes = 0;

  /** @param contentBytes of the chunk, as its frame declares */
  async add(reader: DocumentReader, chunk: number, contentBytes: number): Promise<void> {
    const passages = await reader.metadata?.passages(chunk);
    if (passages === undefined) this.#sizes.push(contentBytes);
    else for (const { start, end } of passages) this.#sizes.push(end - start);
  }

  addBytes(reader: DocumentReader): void {
    this.#bytes += reader.metadata?.passageBytes ?? 0;
    this.#termBytes += reader.metadata?.termBytes ?? 0;
  }

  statistics(): PassageStatistics {
    const ascending = Float64Array.from(this.#sizes).sort();
    return {
      passages: ascending.length,
      passageBytes: this.#bytes,
      termBytes: this.#termBytes,
      passageSizes: {
        smallest: ascending[0] ?? 0,
        median: ascending[ascending.length >> 1] ?? 0,
        largest: ascending.at(-1) ?? 0,
      },
    };
  }
}

/** Reads the metadata and each frame's header; decompresses no text. */
export async function passageStatistics(reader: DocumentReader): Promise<PassageStatistics> {
  const sizes = new PassageSizes();
  for await (const { chunk, frame } of reader.container.frames()) await sizes.add(reader, chunk, contentSize(frame));
  sizes.addBytes(reader);
  return sizes.statistics();
}

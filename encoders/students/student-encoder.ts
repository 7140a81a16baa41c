import type { ByteSpan, OnProgress } from '../../base/index.ts';
import type {
  ChunkEncoder,
  ChunkSource,
  CorpusVectors,
  Encoder,
  EncoderDescription,
  QueryEmbedder,
  Unread,
  Vectors,
} from '../encoder.ts';
import { addUnread } from '../unread.ts';

/** Rows, or chunks, that are read and encoded together: enough to fill batches of like length, few enough to hold. A chunk of more passages than this is a batch by itself. */
const ROWS_PER_READ = 1024;

/** A chunk as it is asked for. */
interface OwnedChunk {
  readonly owner: number;
  readonly chunk: number;
}

/** Chunks that are encoded in one call. */
interface ReadBatch {
  readonly chunks: OwnedChunk[];
  readonly frames: Uint8Array[];
  readonly passages: (readonly ByteSpan[] | undefined)[];
  rows: number;
}

/**
 * The trained encoder over compressed chunks, with a text encoder for queries, the teacher's or the query student: a document has one vector for each passage of its chunks.
 * No way to a document's text leads through it.
 */
export class StudentEncoder implements Encoder {
  readonly description: EncoderDescription;
  readonly #student: ChunkEncoder;
  readonly #source: ChunkSource;
  readonly #queries: QueryEmbedder;

  /** @param revision identity of the student's weights */
  constructor(student: ChunkEncoder, source: ChunkSource, queries: QueryEmbedder, revision = 'unknown') {
    this.#student = student;
    this.#source = source;
    this.#queries = queries;
    this.description = { id: 'cem', revision, dimension: student.dimension, settings: { queries: queries.description } };
  }

  encodeQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#queries.embedQueries(texts, onProgress);
  }

  async encodeCorpus(ids: readonly string[], onProgress?: OnProgress): Promise<CorpusVectors> {
    const wanted = ids.flatMap((id, owner) => this.#source.chunksOf(id).map((chunk): OwnedChunk => ({ owner, chunk })));
    const { dimension } = this.#student;
    const pieces: Float32Array[] = [];
    const [owners, chunks, passages]: [number[], number[], number[]] = [[], [], []];
    let hasPassages = false;
    let unread: Unread | undefined;
    let done = 0;
    for await (const batch of this.#read(wanted)) {
      const several = batch.passages.some((spans) => spans !== undefined);
      const vectors = await this.#student.encodeChunks(
        batch.frames,
        this.#source.dictionary,
        ...(several ? ([batch.passages] as const) : []),
      );
      batch.chunks.forEach(({ owner, chunk }, index) => {
        for (let passage = 0; passage < (batch.passages[index]?.length ?? 1); passage++) {
          owners.push(owner);
          chunks.push(chunk);
          passages.push(passage);
        }
      });
      hasPassages ||= several;
      pieces.push(vectors.data);
      unread = addUnread(unread, vectors.unread);
      done += batch.chunks.length;
      onProgress?.(done, wanted.length);
    }
    return {
      rows: owners.length,
      dimension,
      data: joined(pieces, owners.length * dimension),
      owners: Int32Array.from(owners),
      chunks: Int32Array.from(chunks),
      ...(hasPassages && { passages: Int32Array.from(passages) }),
      ...(unread && { unread }),
    };
  }

  /** Reads every chunk once, with its passages, in batches by rows. */
  async *#read(wanted: readonly OwnedChunk[]): AsyncGenerator<ReadBatch> {
    for (let from = 0; from < wanted.length; from += ROWS_PER_READ) {
      const part = wanted.slice(from, from + ROWS_PER_READ);
      // Passages are little beside their frames: they say how many of these are read at once.
      const spans = await Promise.all(part.map(({ chunk }) => this.#source.passagesOf?.(chunk)));
      let first = 0;
      while (first < part.length) {
        let last = first;
        let rows = 0;
        do rows += spans[last++]?.length ?? 1;
        while (last < part.length && rows + (spans[last]?.length ?? 1) <= ROWS_PER_READ);
        const chunks = part.slice(first, last);
        const frames = await Promise.all(chunks.map(({ chunk }) => this.#source.compressedChunk(chunk)));
        yield { chunks, frames, passages: spans.slice(first, last), rows };
        first = last;
      }
    }
  }
}

function joined(pieces: readonly Float32Array[], length: number): Float32Array {
  if (pieces.length === 1) return pieces[0]!;
  const all = new Float32Array(length);
  let position = 0;
  for (const piece of pieces) {
    all.set(piece, position);
    position += piece.length;
  }
  return all;
}

import type { OnProgress } from '../../base/index.ts';
import type {
  ChunkEncoder,
  ChunkSource,
  CorpusVectors,
  Encoder,
  EncoderDescription,
  QueryEmbedder,
  Vectors,
} from '../encoder.ts';

/** Chunks that are read and encoded together: enough to fill batches of like length, few enough to hold. */
const CHUNKS_PER_READ = 1024;

/**
 * The trained encoder over compressed chunks, with a text encoder for queries, the teacher's or the query student: a document has one vector for each of its chunks.
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
    const chunks: number[] = [];
    const owners: number[] = [];
    ids.forEach((id, index) => {
      for (const chunk of this.#source.chunksOf(id)) {
        chunks.push(chunk);
        owners.push(index);
      }
    });
    const { dimension } = this.#student;
    const data = new Float32Array(chunks.length * dimension);
    for (let from = 0; from < chunks.length; from += CHUNKS_PER_READ) {
      const frames = await Promise.all(
        chunks.slice(from, from + CHUNKS_PER_READ).map((chunk) => this.#source.compressedChunk(chunk)),
      );
      const vectors = await this.#student.encodeChunks(frames, this.#source.dictionary);
      data.set(vectors.data, from * dimension);
      onProgress?.(from + frames.length, chunks.length);
    }
    return { rows: chunks.length, dimension, data, owners: Int32Array.from(owners), chunks: Int32Array.from(chunks) };
  }
}

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ChunkSource, type QueryEmbedder, StudentEncoder } from '../../../encoders/index.ts';

const test = suite('student encoder');

const CHUNKS: Readonly<Record<string, readonly number[]>> = { a: [4, 5], none: [], b: [0] };
const source: ChunkSource = {
  dictionary: new Uint8Array(),
  chunksOf: (id) => CHUNKS[id]!,
  compressedChunk: async (chunk) => Uint8Array.of(chunk),
};
const queries: QueryEmbedder = {
  description: { id: 'none', revision: '1', dimension: 1, settings: {} },
  embedQueries: () => assert.unreachable() as never,
  dispose: async () => {},
};

test('every chunk of a document has a row, which says whose it is and which chunk', async () => {
  const student = {
    dimension: 1,
    encodeChunks: async (frames: readonly Uint8Array[]) => ({
      rows: frames.length,
      dimension: 1,
      data: Float32Array.from(frames, ([chunk]) => chunk! / 10),
    }),
  };
  const { owners, chunks, data } = await new StudentEncoder(student, source, queries).encodeCorpus(['b', 'none', 'a']);
  assert.equal([...owners], [0, 2, 2]);
  assert.equal([...chunks!], [0, 4, 5]);
  assert.equal(data, Float32Array.of(0, 0.4, 0.5));
});

test.run();

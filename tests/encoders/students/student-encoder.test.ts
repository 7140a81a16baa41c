import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ByteSpan, RandomNumbers } from '../../../base/index.ts';
import { type ChunkEncoder, type ChunkSource, type QueryEmbedder, StudentEncoder } from '../../../encoders/index.ts';

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

/** [passages] of each chunk; chunks without an entry are their own one passage. */
function passageSource(spans: ReadonlyMap<number, readonly ByteSpan[]>): ChunkSource & { readonly read: number[] } {
  const read: number[] = [];
  return {
    read,
    dictionary: new Uint8Array(),
    chunksOf: (id) => CHUNKS[id] ?? [Number(id)],
    compressedChunk: async (chunk) => {
      read.push(chunk);
      return Uint8Array.from([chunk & 255, chunk >> 8]);
    },
    passagesOf: async (chunk) => spans.get(chunk),
  };
}

/** A passage's vector is its chunk, where it begins and where it ends; 0 and 0 where the whole chunk was asked for. */
const readingStudent = (batches: number[]): ChunkEncoder => ({
  dimension: 3,
  encodeChunks: async (frames, _, passages) => {
    const rows = frames.flatMap(([low, high], index) =>
      (passages?.[index] ?? [{ start: 0, end: 0 }]).map(({ start, end }) => [low! + 256 * high!, start, end]),
    );
    batches.push(rows.length);
    return {
      rows: rows.length,
      dimension: 3,
      data: Float32Array.from(rows.flat()),
      unread: { passages: 1, symbols: 2, bytes: rows.length },
    };
  },
});

test('every passage has a row, which says whose it is, which chunk and which passage; frames are read once', async () => {
  const spans = new Map([
    [
      4,
      [
        { start: 0, end: 3 },
        { start: 2, end: 9 },
      ],
    ],
    [
      0,
      [
        { start: 0, end: 1 },
        { start: 1, end: 2 },
        { start: 2, end: 3 },
      ],
    ],
  ]);
  const from = passageSource(spans);
  const batches: number[] = [];
  const corpus = await new StudentEncoder(readingStudent(batches), from, queries).encodeCorpus(['b', 'none', 'a']);
  assert.equal([...corpus.owners], [0, 0, 0, 2, 2, 2]);
  assert.equal([...corpus.chunks!], [0, 0, 0, 4, 4, 5]);
  assert.equal([...corpus.passages!], [0, 1, 2, 0, 1, 0]);
  assert.equal([...corpus.data], [0, 0, 1, 0, 1, 2, 0, 2, 3, 4, 0, 3, 4, 2, 9, 5, 0, 0]);
  assert.equal(from.read, [0, 4, 5]);
  assert.equal(batches, [6]);
  assert.equal(corpus.unread, { passages: 1, symbols: 2, bytes: 6 });
});

test('no chunk has passages: rows do not speak of them', async () => {
  const corpus = await new StudentEncoder(readingStudent([]), passageSource(new Map()), queries).encodeCorpus(['a']);
  assert.is(corpus.passages, undefined);
  assert.equal([...corpus.chunks!], [4, 5]);
});

test('batches go by rows, whatever a chunk has; as plain loops do it', async () => {
  const random = new RandomNumbers(3, 'passages');
  const ids = Array.from({ length: 3000 }, (_, chunk) => String(chunk));
  const spans = new Map<number, readonly ByteSpan[]>();
  for (const chunk of ids.keys()) {
    const count = chunk === 1500 ? 5000 : random.integer(8);
    if (count > 0)
      spans.set(
        chunk,
        Array.from({ length: count }, (_, start) => ({ start, end: start + 1 })),
      );
  }
  const batches: number[] = [];
  const from = passageSource(spans);
  const progress: number[] = [];
  const corpus = await new StudentEncoder(readingStudent(batches), from, queries).encodeCorpus(ids, (done) =>
    progress.push(done),
  );
  const expected: number[][] = [];
  for (const chunk of ids.keys()) {
    for (const [passage, { start, end }] of (spans.get(chunk) ?? [{ start: 0, end: 0 }]).entries())
      expected.push([chunk, chunk, passage, start, end]);
  }
  const { owners, chunks, passages, data, rows } = corpus;
  assert.is(rows, expected.length);
  expected.forEach(([owner, chunk, passage, start, end], row) => {
    const got = [owners[row], chunks![row], passages![row], ...data.subarray(3 * row, 3 * row + 3)];
    if (got.join() !== [owner, chunk, passage, chunk, start, end].join()) assert.unreachable(`row ${row}: ${got.join()}`);
  });
  assert.equal(from.read, [...ids.keys()], 'each frame once, in order');
  assert.is(batches.filter((size) => size > 1024).join(), '5000', 'only a chunk that is too large by itself');
  assert.is(progress.at(-1), 3000);
});

test.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BeirData, PackOptions } from '../../../data/index.ts';
import { type ChunkSource, StudentEncoder, type TextEmbedder, type Vectors } from '../../../encoders/index.ts';
import { type CandidatePacking, chunkContender, evaluateEncoders, textContender } from '../../../eval/index.ts';
import type { CemModel } from '../../../model/embedder.ts';
import { createDecompressor } from '../../../zpkg/index.ts';
import { testBackend } from '../../backend.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { tinyConfig, tinyModel } from '../../model/tiny-model.ts';

const DIMENSION = 12;
const WORDS = ['granite', 'orchid', 'harbour', 'violin', 'comet', 'saffron', 'glacier', 'lantern'];

const test = suite<{ model: CemModel }>('evaluation by passages');
test.before(async (context) => {
  await testBackend();
  context.model = tinyModel(tinyConfig(), DIMENSION);
});
test.after(({ model }) => {
  model.dispose();
});

const DATA: BeirData = {
  async *documents() {
    for (let index = 0; index < 24; index++) {
      const sentences = Array.from({ length: 1 + (index % 5) * 9 }, (_, line) => {
        const words = Array.from({ length: 9 }, (_, word) => WORDS[(index * 7 + line * 3 + word * word) % WORDS.length]!);
        return `${words.join(' ')} ${line}.`;
      });
      yield { id: `d${index}`, title: '', text: sentences.join(' ') };
    }
  },
  queries: new Map(WORDS.map((word, index) => [`q${index}`, `${word} ${index}`])),
  qrels: new Map(WORDS.map((_, index) => [`q${index}`, new Map([[`d${index}`, 1]])])),
};

/** Directions that depend on the bytes of a text alone. */
function hashVectors(texts: readonly string[]): Vectors {
  const data = new Float32Array(texts.length * DIMENSION);
  texts.forEach((text, row) => {
    const own = data.subarray(row * DIMENSION, (row + 1) * DIMENSION);
    for (const byte of Buffer.from(text)) own[byte % DIMENSION]! += 1 + (byte % 5);
    const norm = Math.hypot(...own) || 1;
    own.forEach((value, axis) => {
      own[axis] = value / norm;
    });
  });
  return { rows: texts.length, dimension: DIMENSION, data };
}

const teacher: TextEmbedder = {
  description: { id: 'hash', revision: '1', dimension: DIMENSION, settings: {} },
  embedDocuments: async (texts) => hashVectors(texts),
  embedQueries: async (texts) => hashVectors(texts),
  dispose: async () => {},
};

const refuse = () => ({
  decompress: (): never => {
    throw new Error('nothing may be decompressed');
  },
});

const PACK: Pick<PackOptions, 'level' | 'targetChunkSize' | 'dictionarySize'> = {
  level: 3,
  targetChunkSize: 400,
  dictionarySize: 1024,
};

/** Mean of the best products of a document's vectors and a query, in plain loops. */
function meanOfBest(query: Float32Array, vectors: Vectors, best: number): number {
  const products = Array.from({ length: vectors.rows }, (_, row) => {
    let product = 0;
    for (let axis = 0; axis < DIMENSION; axis++) product += query[axis]! * vectors.data[row * DIMENSION + axis]!;
    return product;
  });
  const counted = products.sort((a, b) => b - a).slice(0, best);
  return counted.reduce((sum, product) => sum + product, 0) / counted.length;
}

const CASES: readonly (readonly [packing: Partial<CandidatePacking>, best: number])[] = [
  [{ passageSize: 150 }, 1],
  [{ passageSize: 150 }, 3],
  [{ passageSize: 150, passageOverlap: 40 }, 1],
  [{ windowDocuments: 5 }, 1],
  [{}, 1],
];
for (const [packing, best] of CASES) {
  test(`scores are those of the best passages, one after the other, and nothing is decompressed: ${best} of ${JSON.stringify(packing)}`, ({
    model,
  }) =>
    withTemporaryFolder(async (temporaryFolder) => {
      const pack: CandidatePacking = { ...PACK, ...packing };
      const scores = new Map<string, Map<string, number>>();
      const expected = new Map<string, Map<string, number>>();
      const add = (row: string, id: string, vectors: Vectors): void => {
        for (const [query, text] of DATA.queries) {
          const own = expected.get(`${row} ${query}`) ?? new Map<string, number>();
          expected.set(`${row} ${query}`, own.set(id, meanOfBest(hashVectors([text]).data, vectors, best)));
        }
      };
      let source: ChunkSource | undefined;
      const { evaluation, details } = await evaluateEncoders({
        data: DATA,
        candidates: 'corpus',
        pack,
        scoring: best === 1 ? { kind: 'max' } : { kind: 'mean', best },
        temporaryFolder,
        decompressor: refuse,
        contenders: [
          textContender('teacher', teacher),
          chunkContender(
            'student',
            (chunks) => {
              source = chunks;
              return new StudentEncoder(model, chunks, teacher);
            },
            null,
          ),
        ],
        onRankings: async (row, rankings) => {
          for (const { query, hits } of rankings)
            scores.set(`${row} ${query}`, new Map(hits.map(({ document, score }) => [document, score])));
          if (row !== 'student') return;
          // While the container is open: each passage alone, in a call of its own.
          const decompressor = createDecompressor(source!.dictionary);
          for await (const { id, text } of DATA.documents()) {
            const rows: number[][] = [];
            const texts: string[] = [];
            for (const chunk of source!.chunksOf(id)) {
              const frame = await source!.compressedChunk(chunk);
              const content = Buffer.from(decompressor.decompress(frame));
              for (const span of (await source!.passagesOf?.(chunk)) ?? [{ start: 0, end: content.length }]) {
                rows.push([...(await model.encodeChunks([frame], source!.dictionary, [[span]])).data]);
                texts.push(content.toString('utf8', span.start, span.end));
              }
            }
            add('student', id, { rows: rows.length, dimension: DIMENSION, data: Float32Array.from(rows.flat()) });
            add('teacher', id, hashVectors('passageSize' in packing ? texts : [text]));
          }
        },
      });
      assert.is(details.texts.size, 24);
      assert.is(evaluation.passages === null, Object.keys(packing).length === 0);
      let compared = 0;
      for (const [key, own] of expected) {
        for (const [id, score] of own) {
          const got = scores.get(key)!.get(id)!;
          if (Math.abs(got - score) > 1e-5) assert.unreachable(`${key} ${id}: ${got}, not ${score}`);
          compared += 1;
        }
      }
      assert.is(compared, 2 * 24 * 8);
    }));
}

test.run();

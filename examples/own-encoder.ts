/** An encoder of one's own, measured beside BM25: here a text is how often it has each pair of letters. No model, no training. */
import { fileURLToPath } from 'node:url';
import { documentText, readBeir } from 'cem-rag/data';
import type { CorpusVectors, Encoder, Vectors } from 'cem-rag/encoders';
import { bm25Contender, evaluateEncoders, vectorContender } from 'cem-rag/eval';
import { tensorInnerProducts } from 'cem-rag/search/exact';

const LETTERS = 26;
const DIMENSION = LETTERS * LETTERS;

/** [texts.length, DIMENSION], L2-normalised */
function pairsOf(texts: readonly string[]): Vectors {
  const data = new Float32Array(texts.length * DIMENSION);
  texts.forEach((text, row) => {
    const vector = data.subarray(row * DIMENSION, (row + 1) * DIMENSION);
    for (const [, pair] of text.toLowerCase().matchAll(/(?=([a-z][a-z]))/g)) {
      const place = (pair!.charCodeAt(0) - 97) * LETTERS + pair!.charCodeAt(1) - 97;
      vector[place] = vector[place]! + 1;
    }
    const length = Math.hypot(...vector) || 1;
    for (let place = 0; place < DIMENSION; place++) vector[place] = vector[place]! / length;
  });
  return { rows: texts.length, dimension: DIMENSION, data };
}

/** Its documents are bound when it is made; evaluation never learns what it reads. */
class LetterPairs implements Encoder {
  readonly description = { id: 'letter-pairs', revision: '1', dimension: DIMENSION, settings: {} };
  readonly #texts: ReadonlyMap<string, string>;

  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
  }

  async encodeQueries(texts: readonly string[]): Promise<Vectors> {
    return pairsOf(texts);
  }

  async encodeCorpus(ids: readonly string[]): Promise<CorpusVectors> {
    const vectors = pairsOf(ids.map((id) => this.#texts.get(id)!));
    return { ...vectors, owners: Int32Array.from(ids.keys()) };
  }
}

const data = await readBeir(fileURLToPath(new URL('notes', import.meta.url)), 'test');
const texts = new Map<string, string>();
for await (const document of data.documents()) texts.set(document.id, documentText(document));
const encoder = new LetterPairs(texts);
const { evaluation } = await evaluateEncoders({
  data,
  candidates: 'corpus',
  contenders: [vectorContender('letter-pairs', async () => encoder), bm25Contender()],
  pack: { dictionary: 'none' },
  innerProducts: tensorInnerProducts,
});
for (const [row, measures] of Object.entries(evaluation.encoders)) console.log(row, measures['ndcg_at_10']!.toFixed(2));

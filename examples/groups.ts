/** A vector encoder of tokens of one's own, late interaction over what BM25 finds, and why the first result is the first. No model. */

import { fileURLToPath } from 'node:url';
import { documentText, readCorpus } from 'cem-rag/data';
import { createVectorizer, type TokenEncoder, TokenGroupEncoder, type TokenVectors } from 'cem-rag/encoders';
import { Bm25Retriever, type LexicalUnit } from 'cem-rag/search';
import { FieldRetriever, MemoryGroups } from 'cem-rag/search/rerank';

const DIMENSION = 26 * 26;

/** A word is how often it has each pair of letters, so that "password" and "passwords" are near each other. */
function tokensOf(text: string): TokenVectors {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? ['nothing'];
  const vectors = new Float32Array(words.length * DIMENSION);
  words.forEach((word, row) => {
    for (const [, pair] of word.matchAll(/(?=([a-z][a-z]))/g))
      vectors[row * DIMENSION + (pair!.charCodeAt(0) - 97) * 26 + pair!.charCodeAt(1) - 97]! += 1;
  });
  const tokens = words.map((word) => ({ text: word, continues: false, special: false }));
  return { tokens, dimension: DIMENSION, vectors, sentence: new Float32Array(DIMENSION) };
}

const letterPairs: TokenEncoder = {
  description: { id: 'letter-pairs', revision: '1', dimension: DIMENSION, settings: {} },
  tokenDimension: DIMENSION,
  encodeQueryTokens: async (texts) => texts.map(tokensOf),
  encodeDocumentTokens: async (texts) => texts.map(tokensOf),
  dispose: async () => {},
};

const encoder = new TokenGroupEncoder(letterPairs, { vectorizer: createVectorizer({ strategy: 'token_pool_topK', k: 64 }) });
const units: LexicalUnit[] = [];
const groups = new MemoryGroups();
for await (const document of readCorpus(fileURLToPath(new URL('notes', import.meta.url)))) {
  const text = documentText(document);
  units.push({ document: document.id, text });
  const [encoded] = await encoder.encodeTextGroups([text]);
  groups.set({ document: document.id, chunk: 0, passage: 0 }, encoded!.group);
}
const words = await Bm25Retriever.create(units);
const field = new FieldRetriever(words, groups, encoder, { scorer: { scorer: 'maxsim' }, explain: true });
const [hits] = await field.search(['lost laptop keys revoked'], { k: 2 });
const [best] = hits!;
console.log(`${best!.document}: ${best!.matches!.map(({ query, passage }) => `${query} ~ ${passage}`).join(', ')}`);

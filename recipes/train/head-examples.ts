import { batches, type OnProgress } from '../../base/index.ts';
import type { LoadedStudent } from '../../checkpoints/index.ts';
import type { QueryHeadRunConfig } from '../../configs/index.ts';
import { createVectorizer, patchGroup, type TokenEncoder, type VectorGroup, type WordWeights } from '../../encoders/index.ts';
import { bestPlaces, type GroupSet, groupSet, scoreGroups } from '../../eval/groups/index.ts';
import { Bm25Retriever, wholeDocuments } from '../../search/lexical/index.ts';
import { type HeadPair, TokenRows } from '../../training/index.ts';
import { readPatches } from '../shared/read-patches.ts';
import type { TextPairs } from './head-pairs.ts';

/** Texts whose token vectors are held at a time. */
const TEXTS_AT_ONCE = 256;

/** Vectors of texts' tokens or patches, chosen, and those of the texts as a whole. */
export interface EncodedTexts {
  readonly rows: TokenRows;
  /** One vector a text, or one for each of the chunks that it is packed as. */
  readonly whole: GroupSet;
}

/** Encodes texts and keeps the content tokens that weigh most. */
export async function encodeTexts(
  encoder: TokenEncoder,
  texts: readonly string[],
  role: 'query' | 'key',
  tokens: number,
  words: WordWeights,
  onProgress?: OnProgress,
): Promise<EncodedTexts> {
  const vectorizer = createVectorizer({ strategy: 'token_pool_topK', k: tokens });
  const rows = new TokenRows(encoder.tokenDimension);
  const { dimension } = encoder.description;
  const sentences = new Float32Array(texts.length * dimension);
  let done = 0;
  for (const some of batches(texts, TEXTS_AT_ONCE)) {
    const read = role === 'query' ? await encoder.encodeQueryTokens(some) : await encoder.encodeDocumentTokens(some);
    for (const text of read) {
      rows.add(vectorizer.vectorize(text, { words }).data);
      sentences.set(text.sentence, done++ * dimension);
    }
    onProgress?.(done, texts.length);
  }
  const starts = Int32Array.from({ length: texts.length + 1 }, (_, place) => place);
  return { rows, whole: { size: texts.length, dimension, starts, data: sentences } };
}

/** Reads passages by their patches, and keeps those with the longest vectors. */
export async function encodePatches(
  student: LoadedStudent,
  texts: readonly string[],
  most: number,
  onProgress?: OnProgress,
): Promise<EncodedTexts> {
  const { dimension } = student.student;
  const rows = new TokenRows(dimension);
  const whole: VectorGroup[] = [];
  for await (const text of readPatches(texts, student, { onProgress })) {
    rows.add(patchGroup(text, most).data);
    whole.push({ vectors: text.chunks.length / dimension, dimension, data: text.chunks });
  }
  return { rows, whole: groupSet(whole, dimension) };
}

/** The pairs with the passages that retrievers find for their queries. A backend must have been chosen where these are the encoder's. */
export async function withCandidates(
  { queries, keys, pairs }: TextPairs,
  negatives: QueryHeadRunConfig['data']['negatives'],
  depth: number,
  whole: { readonly queries: GroupSet; readonly keys: GroupSet },
  onProgress?: OnProgress,
): Promise<HeadPair[]> {
  const asked = pairs.map(({ query }) => queries[query]!);
  const lists: number[][][] = [];
  if (negatives === 'words' || negatives === 'both') lists.push(await byWords(asked, keys, depth, onProgress));
  if (negatives === 'encoder' || negatives === 'both')
    lists.push(
      await byWholeTexts(
        pairs.map(({ query }) => query),
        whole,
        depth,
        onProgress,
      ),
    );
  return pairs.map(({ query, positives }, place) => ({
    query,
    positives,
    candidates: inTurn(lists.map((list) => list[place]!)),
  }));
}

async function byWords(
  queries: readonly string[],
  keys: readonly string[],
  depth: number,
  onProgress?: OnProgress,
): Promise<number[][]> {
  const retriever = await Bm25Retriever.create(wholeDocuments(keys.map((text, place) => [String(place), text] as const)));
  const found: number[][] = [];
  for (const some of batches(queries, TEXTS_AT_ONCE)) {
    const hits = await retriever.search(some, { k: depth });
    found.push(...hits.map((own) => own.map(({ document }) => Number(document))));
    onProgress?.(found.length, queries.length);
  }
  return found;
}

async function byWholeTexts(
  pairs: readonly number[],
  { queries: { data, dimension }, keys }: { readonly queries: GroupSet; readonly keys: GroupSet },
  depth: number,
  onProgress?: OnProgress,
): Promise<number[][]> {
  const asked = groupSet(
    pairs.map((query) => ({ vectors: 1, dimension, data: data.subarray(query * dimension, (query + 1) * dimension) })),
    dimension,
  );
  const ids = Array.from({ length: keys.size }, (_, place) => String(place));
  const found: number[][] = [];
  await scoreGroups(asked, keys, 1, (query, { sum }) => {
    found[query] = bestPlaces(sum, ids, depth);
    onProgress?.(query + 1, pairs.length);
  });
  return found;
}

/** The first of each list, the second of each, and so on; each number once. */
function inTurn(lists: readonly (readonly number[])[]): number[] {
  const [only] = lists;
  if (only === undefined) return [];
  if (lists.length === 1) return [...only];
  const longest = Math.max(...lists.map(({ length }) => length));
  return [...new Set(Array.from({ length: longest }, (_, place) => lists.flatMap((list) => list[place] ?? [])).flat())];
}

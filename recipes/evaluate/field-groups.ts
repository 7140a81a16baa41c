import { batches, type OnProgress } from '../../base/index.ts';
import type { LoadedStudent } from '../../checkpoints/index.ts';
import {
  type GroupRole,
  patchGroup,
  type TokenEncoder,
  type TokenProjection,
  type VectorGroup,
  type Vectorizer,
  type WordWeights,
} from '../../encoders/index.ts';
import { type GroupSet, groupSet } from '../../eval/groups/index.ts';
import { readPatches } from '../shared/read-patches.ts';

/** Texts whose token vectors are held at a time. */
const TEXTS_AT_ONCE = 64;

/** Groups of texts, each way of making them by itself, and the texts' own vectors. */
interface EncodedGroups {
  /** By vectorizers, or by projections. */
  readonly groups: readonly GroupSet[];
  readonly whole: GroupSet;
}

/** Groups of texts by several vectorizers, whose token vectors are read and projected once, and the texts' own vectors as groups of one. */
export async function encodeTokenGroups(
  encoder: TokenEncoder,
  texts: readonly string[],
  role: GroupRole,
  {
    vectorizers,
    words,
    projection,
  }: {
    readonly vectorizers: readonly Vectorizer[];
    readonly words: WordWeights;
    readonly projection: TokenProjection | undefined;
  },
  onProgress: OnProgress,
): Promise<EncodedGroups> {
  const made = vectorizers.map((): VectorGroup[] => []);
  const sentences: VectorGroup[] = [];
  for (const some of batches(texts, TEXTS_AT_ONCE)) {
    const read = role === 'query' ? await encoder.encodeQueryTokens(some) : await encoder.encodeDocumentTokens(some);
    for (const { tokens, vectors, dimension, sentence } of read) {
      const projected = projection?.project(vectors, tokens.length, role);
      const text = { tokens, vectors: projected?.vectors ?? vectors, dimension: projection?.dimension ?? dimension };
      vectorizers.forEach((vectorizer, place) => {
        made[place]!.push(vectorizer.vectorize(text, { words, tokens: projected?.weights }));
      });
      sentences.push({ vectors: 1, dimension: sentence.length, data: sentence });
    }
    onProgress(sentences.length, texts.length);
  }
  const dimension = projection?.dimension ?? encoder.tokenDimension;
  return {
    groups: made.map((groups) => groupSet(groups, dimension)),
    whole: groupSet(sentences, encoder.description.dimension),
  };
}

/** Groups of passages that the encoder reads compressed, by several projections (undefined: none), and the vectors of their chunks. */
export async function encodePatchGroups(
  student: LoadedStudent,
  texts: readonly string[],
  projections: readonly (TokenProjection | undefined)[],
  onProgress: OnProgress,
): Promise<EncodedGroups> {
  const { dimension } = student.student;
  const made = projections.map((): VectorGroup[] => []);
  const chunks: VectorGroup[] = [];
  for await (const text of readPatches(texts, student, { onProgress })) {
    projections.forEach((projection, place) => {
      made[place]!.push(patchGroup(text, undefined, projection));
    });
    chunks.push({ vectors: text.chunks.length / dimension, dimension, data: text.chunks });
  }
  return {
    groups: made.map((groups, place) => groupSet(groups, projections[place]?.dimension ?? dimension)),
    whole: groupSet(chunks, dimension),
  };
}

import { createHash } from 'node:crypto';
import {
  type Encoder,
  LsaEmbedder,
  lsaConfig,
  RandomEncoder,
  TextCorpusEncoder,
  type TextEmbedder,
} from '../../encoders/index.ts';
import type { Retriever } from '../../search/index.ts';
import { Bm25Retriever, wholeDocuments } from '../../search/lexical/index.ts';
import type { Candidates } from '../measures/candidates.ts';
import type { SymbolReading } from './symbol-coverage.ts';
import type { VectorContent } from './vector-key.ts';

/** How much of a document a contender reads at most, e.g. 256 tokens. */
export interface MaximumLength {
  readonly limit: number;
  readonly unit: 'tokens' | 'symbols a passage' | 'bytes';
}

interface NamedContender {
  /** Its row in tables and results. */
  readonly name: string;
  /** What it is given of a document. */
  readonly input: 'text' | 'compressed chunks' | 'id';
  /** Null: it reads everything. */
  readonly maximumLength: MaximumLength | null;
}

/** Something that makes vectors, which exact search ranks by. */
export interface EncoderContender extends NamedContender {
  encoder(candidates: Candidates): Promise<Encoder>;
  /** What a document's vectors are made of, which they are kept under; absent where they cost nothing. */
  readonly contentOf?: (candidates: Candidates, id: string) => Promise<VectorContent>;
  /** An earlier row whose encoder makes the same document vectors: where it is there, they are taken from it. */
  readonly documentsOf?: string;
  /** Whether each of the candidates' passages has a vector of its own, where they have some. */
  readonly readsPassages: boolean;
  /** How it reads the symbols of chunks; absent where it reads something else. */
  readonly symbols?: SymbolReading;
}

/** Something that ranks without vectors. */
interface RetrieverContender extends NamedContender {
  retriever(candidates: Candidates): Promise<RetrieverWithDescription>;
  /** How it finds, e.g. an inverted index. */
  readonly index: string;
}

interface RetrieverWithDescription {
  readonly retriever: Retriever;
  readonly description: { readonly id: string; readonly revision: string; readonly settings: Readonly<Record<string, unknown>> };
}

/** One row of a comparison: everything that can rank the candidates is one of these two, made only when they are packed. */
export type Contender = EncoderContender | RetrieverContender;

const contentOfText = async ({ texts }: Candidates, id: string): Promise<VectorContent> => [texts.get(id)!];

const contentOfPassages = async (candidates: Candidates, id: string): Promise<VectorContent> =>
  (await candidates.passagesOf?.(id)) ?? contentOfText(candidates, id);

/** A text embedder that reads the candidates' texts, or those of their passages. */
export function textContender(name: string, embedder: TextEmbedder): EncoderContender {
  const maximumTokens = embedder.description.settings['maximumTokens'];
  return {
    name,
    input: 'text',
    maximumLength: typeof maximumTokens === 'number' ? { limit: maximumTokens, unit: 'tokens' } : null,
    readsPassages: true,
    encoder: async ({ texts, passagesOf }) => new TextCorpusEncoder(embedder, texts, passagesOf && { passagesOf }),
    contentOf: contentOfPassages,
  };
}

/** An encoder that is given the compressed chunks and nothing else. */
export function chunkContender(
  name: string,
  encoder: (chunks: Candidates['chunks']) => Encoder,
  maximumLength: MaximumLength | null,
  symbols?: SymbolReading,
): EncoderContender {
  let dictionary: Uint8Array | undefined;
  return {
    name,
    input: 'compressed chunks',
    maximumLength,
    readsPassages: true,
    ...(symbols && { symbols }),
    encoder: async ({ chunks }) => encoder(chunks),
    contentOf: async ({ chunks }, id) => {
      // Of one container, and too long to be hashed again for every document.
      dictionary ??= createHash('sha256').update(chunks.dictionary).digest();
      const parts = await Promise.all(chunks.chunksOf(id).map((chunk) => contentOfChunk(chunks, chunk)));
      return [dictionary, ...parts.flat()];
    },
  };
}

/** A chunk's frame and, where it has passages, their spans. */
async function contentOfChunk(chunks: Candidates['chunks'], chunk: number): Promise<VectorContent> {
  const passages = await chunks.passagesOf?.(chunk);
  const frame = await chunks.compressedChunk(chunk);
  return passages === undefined ? [frame] : [frame, JSON.stringify(passages.map(({ start, end }) => [start, end]))];
}

/** An encoder that was trained on text, and is given the texts: the ceiling that compression is measured against. */
export function textStudentContender(
  name: string,
  encoder: (texts: Candidates['texts']) => Encoder,
  maximumLength: MaximumLength,
): EncoderContender {
  return {
    name,
    input: 'text',
    maximumLength,
    readsPassages: false,
    encoder: async ({ texts }) => encoder(texts),
    contentOf: contentOfText,
  };
}

/** Vectors that were made elsewhere, or by rule: cheap to read again. */
export function vectorContender(name: string, encoder: () => Promise<Encoder>): EncoderContender {
  return { name, input: 'id', maximumLength: null, readsPassages: false, encoder };
}

/** Chance: random directions of this dimension. */
export function randomContender(dimension: number): EncoderContender {
  return vectorContender('random', async () => new RandomEncoder({ dimension }));
}

/** Latent semantic analysis fitted on the candidates themselves, whole documents, without looking at queries or judgments. */
export function lsaContender(): EncoderContender {
  return {
    name: 'lsa',
    input: 'text',
    maximumLength: null,
    readsPassages: true,
    encoder: async ({ texts, passagesOf }) => {
      const embedder = await LsaEmbedder.fit(texts.values(), lsaConfig.parse({ kind: 'lsa' }));
      return new TextCorpusEncoder(embedder, texts, passagesOf && { passagesOf });
    },
    contentOf: contentOfPassages,
  };
}

/** BM25 over the candidates' texts, at Anserini's parameters. */
export function bm25Contender(): Contender {
  return {
    name: 'bm25',
    input: 'text',
    maximumLength: null,
    index: 'inverted index',
    retriever: async ({ texts }) => {
      const retriever = await Bm25Retriever.create(wholeDocuments(texts));
      return { retriever, description: { id: 'bm25', revision: '1', settings: retriever.settings } };
    },
  };
}

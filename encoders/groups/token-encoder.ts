import type { OnProgress } from '../../base/index.ts';
import type { EncoderDescription } from '../encoder.ts';

/** A token as its encoder read it. */
export interface Token {
  /** Without marks of continuation and without spaces around it. */
  readonly text: string;
  /** It belongs to the word of the token before it. */
  readonly continues: boolean;
  /** It is none of the text's own: one that the model wants around every text, or one of a prompt. */
  readonly special: boolean;
}

/** A text as its encoder's states: one vector a token, and one for the whole. */
export interface TokenVectors {
  /** [tokens] */
  readonly tokens: readonly Token[];
  /** Length of a token's vector. */
  readonly dimension: number;
  /** [tokens, dimension], as the model gives them. */
  readonly vectors: Float32Array;
  /** [sentence dimension], L2-normalised. */
  readonly sentence: Float32Array;
}

/** An encoder that gives the vectors of tokens as well as the text's. */
export interface TokenEncoder {
  readonly description: EncoderDescription;
  /** Length of a token's vector; the description's dimension is that of the sentence. */
  readonly tokenDimension: number;
  /**
   * [texts.length], with the model's query prompt, whose tokens are marked as special.
   *
   * @param signal of whoever asks, as in `QueryEmbedder.embedQueries`
   */
  encodeQueryTokens(texts: readonly string[], onProgress?: OnProgress, signal?: AbortSignal): Promise<TokenVectors[]>;
  /** [texts.length], documents as the model wants them. Hold few: a text of 256 tokens of 384 values is 400 KB. */
  encodeDocumentTokens(texts: readonly string[], onProgress?: OnProgress): Promise<TokenVectors[]>;
  dispose(): Promise<void>;
}

import type { SymbolBatch } from '../../model/symbols/symbol-batch.ts';
import type { ChunkEncoder, PreparedDictionary } from '../../model/symbols/symbol-reader.ts';

/** A compressed text with the dictionary that it was compressed with. */
export interface CompressedText {
  readonly frame: Uint8Array;
  readonly dictionary: PreparedDictionary;
}

/** Makes a batch of compressed texts. */
export type EncodeFrames = (texts: readonly CompressedText[]) => Promise<SymbolBatch>;

/** Encodes on this thread. */
export function encodeHere(encoder: Pick<ChunkEncoder, 'encode' | 'batch'>): EncodeFrames {
  return async (texts) => encoder.batch(texts.map(({ frame, dictionary }) => encoder.encode(frame, dictionary)));
}

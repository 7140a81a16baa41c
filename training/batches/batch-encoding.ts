import type { PreparedDictionary, SymbolBatch, SymbolReader } from '../../model/symbols/index.ts';

/** A compressed text with the dictionary that it was compressed with. */
export interface CompressedText {
  readonly frame: Uint8Array;
  readonly dictionary: PreparedDictionary;
}

/** Makes a batch of compressed texts. */
export type EncodeFrames = (texts: readonly CompressedText[]) => Promise<SymbolBatch>;

/** Encodes on this thread. */
export function encodeHere(reader: Pick<SymbolReader, 'encode' | 'batch'>): EncodeFrames {
  return async (texts) => reader.batch(texts.map(({ frame, dictionary }) => reader.encode(frame, dictionary)));
}

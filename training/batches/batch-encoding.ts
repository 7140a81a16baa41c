import type { ByteSpan } from '../../base/index.ts';
import type { EncodedChunk, PreparedDictionary, SymbolBatch, SymbolReader } from '../../model/symbols/index.ts';

/** A compressed text with the dictionary that it was compressed with. */
export interface CompressedText {
  /** Texts of one frame, which have the very same array here, are parsed together. */
  readonly frame: Uint8Array;
  readonly dictionary: PreparedDictionary;
  /** Which bytes of the frame's content the text is; absent: all of them. */
  readonly span?: ByteSpan | undefined;
}

/** Makes a batch of compressed texts. */
export type EncodeFrames = (texts: readonly CompressedText[]) => Promise<SymbolBatch>;

/** Encodes on this thread. */
export function encodeHere(reader: Pick<SymbolReader, 'encode' | 'encodePassages' | 'batch'>): EncodeFrames {
  return async (texts) => reader.batch(encodeTexts(reader, texts));
}

/** Each text by itself, wherever it lies. */
export function encodeTexts(
  reader: Pick<SymbolReader, 'encode' | 'encodePassages'>,
  texts: readonly CompressedText[],
): EncodedChunk[] {
  const chunks: EncodedChunk[] = [];
  const passages = new Map<Uint8Array, { readonly place: number; readonly span: ByteSpan }[]>();
  texts.forEach(({ frame, dictionary, span }, place) => {
    if (span === undefined) {
      chunks[place] = reader.encode(frame, dictionary);
      return;
    }
    const own = passages.get(frame);
    if (own) own.push({ place, span });
    else passages.set(frame, [{ place, span }]);
  });
  for (const [frame, own] of passages) {
    own.sort((a, b) => a.span.start - b.span.start);
    const { dictionary } = texts[own[0]!.place]!;
    const encoded = reader.encodePassages(
      frame,
      dictionary,
      own.map(({ span }) => span),
    );
    own.forEach(({ place }, index) => {
      chunks[place] = encoded[index]!;
    });
  }
  return chunks;
}

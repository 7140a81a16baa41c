import { type DetectedLanguage, languageOfTexts, type PackedCorpus } from '../../data/index.ts';
import { parseFrame, readDictionary } from '../../zpkg/index.ts';

/** Chunks whose literals are looked at. */
const CHUNKS = 48;
/** Bytes of the dictionary that are: it holds pieces of the corpus' own text. */
const DICTIONARY_BYTES = 32_768;

/** The language of packed texts, from the dictionary's content and the literals of some chunks: nothing is decompressed. Words that copies cut through tell less than whole ones, letters as much. */
export async function packedLanguage(corpus: PackedCorpus): Promise<DetectedLanguage> {
  const dictionary = corpus.dictionary.length === 0 ? undefined : readDictionary(corpus.dictionary);
  // What is most frequent stands at the end.
  const parts = [dictionary?.content.subarray(-DICTIONARY_BYTES) ?? new Uint8Array(0)];
  const { chunkCount } = corpus;
  const step = Math.max(1, Math.floor(chunkCount / CHUNKS));
  for (let chunk = 0; chunk < chunkCount; chunk += step)
    parts.push(parseFrame(await corpus.compressedChunk(chunk), dictionary).literals);
  return languageOfTexts(parts.map((part) => Buffer.from(part).toString('utf8')));
}

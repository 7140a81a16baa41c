import { type DictionaryBorders, trainDictionary } from '../../zpkg/index.ts';

/** zstd's own advice: a hundred times the dictionary's size makes a sample. */
const SAMPLE_FACTOR = 100;
const LARGEST_SAMPLE = 64 * 1024 * 1024;
/**
 * A dictionary is stored with the corpus: it never takes more than this share of the text (of 0.7 MB of Chinese law the whole takes least at a 22nd, 2% more at
 * an 8th), and below the smallest size it is left out.
 */
const LARGEST_DICTIONARY_SHARE = 1 / 24;
const SMALLEST_DICTIONARY = 1024;

/** Bytes of a corpus' text that a dictionary of this size is trained on. */
export function dictionarySampleBytes(size: number): number {
  return Math.min(SAMPLE_FACTOR * size, LARGEST_SAMPLE);
}

/**
 * The dictionary of a corpus, as large as wanted or as its text allows; empty where that is too little to be worth one.
 *
 * @param sample of the texts, see `dictionarySampleBytes`
 * @param textBytes of all texts
 * @param size wanted, in bytes
 * @throws UsageError `DICTIONARY_BORDERS`
 */
export function trainCorpusDictionary(
  sample: readonly Uint8Array[],
  textBytes: number,
  { size, level, borders }: { readonly size: number; readonly level: number; readonly borders: DictionaryBorders },
): Uint8Array {
  const allowed = Math.min(size, Math.floor(LARGEST_DICTIONARY_SHARE * textBytes));
  return allowed < SMALLEST_DICTIONARY ? new Uint8Array(0) : trainDictionary(sample, { size: allowed, level, borders });
}

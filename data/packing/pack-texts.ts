import { RandomNumbers } from '../../base/index.ts';
import { ZpkgWriter } from '../../zpkg/index.ts';
import { compressionThreads, compressTexts } from './compress-texts.ts';
import { dictionarySampleBytes, trainCorpusDictionary } from './corpus-dictionary.ts';
import { DictionarySample } from './dictionary-sample.ts';

/** Part of the texts, which a dictionary is trained on. */
export interface DictionaryShare {
  /** More than 0, at most 1: each text is taken with this probability. */
  readonly share: number;
  readonly seed: number;
}

export interface PackTextsOptions {
  /** zstd level, -7..22. */
  readonly level: number;
  /** Bytes of the dictionary that is trained, as in `PackOptions`; 0: none. */
  readonly dictionarySize: number;
  /** What the dictionary is trained on; by default all texts. */
  readonly dictionarySample?: DictionaryShare | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Sizes in bytes. */
export interface PackedTexts {
  readonly containerBytes: number;
  readonly dictionaryBytes: number;
}

/**
 * Packs texts into a container of which chunk i is text i, whole, however large it becomes: chunks that were packed before, with another dictionary or level. There is no
 * mapping. The file appears when everything is written.
 *
 * @throws UsageError `CODEC_LEVEL`; CemError `PACK_THREAD`, `FILE_CREATE`
 */
export async function packTexts(texts: readonly string[], output: string, options: PackTextsOptions): Promise<PackedTexts> {
  const { level, dictionarySize, dictionarySample = { share: 1, seed: 1 } } = options;
  const sample = new DictionarySample(dictionarySampleBytes(dictionarySize), dictionarySample.seed);
  const random = new RandomNumbers(dictionarySample.seed, 'dictionary-texts');
  let textBytes = 0;
  for (const text of texts) {
    const bytes = Buffer.from(text, 'utf8');
    textBytes += bytes.length;
    // Drawn for every text, so that a larger share has all texts of a smaller one.
    if (random.uniform() < dictionarySample.share && dictionarySize > 0) sample.add(bytes);
  }
  const dictionary =
    dictionarySize === 0
      ? new Uint8Array(0)
      : trainCorpusDictionary(sample.take(), textBytes, { size: dictionarySize, level, borders: 'any' });
  const settings = { level, dictionary, plainLiterals: false, targetChunkSize: Number.MAX_SAFE_INTEGER };
  const writer = await ZpkgWriter.create(output, { dictionary });
  try {
    let done = 0;
    for await (const parts of compressTexts(each(texts), settings, compressionThreads(textBytes))) {
      for (const { frame } of parts) await writer.append(frame);
      done++;
      options.onProgress?.(done, texts.length);
    }
    const { bytes } = await writer.finish();
    return { containerBytes: bytes, dictionaryBytes: dictionary.length };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function* each(texts: readonly string[]): AsyncGenerator<string> {
  yield* texts;
}

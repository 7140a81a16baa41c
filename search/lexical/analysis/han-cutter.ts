import { createHash } from 'node:crypto';
import { charactersAndPairs } from '../tokenizer.ts';
import type { WordsConfig } from './analyzer-config.ts';
import { optionalPackage } from './optional-package.ts';

/** Cuts runs of Han characters. */
export interface HanCutter {
  readonly cut: (run: string) => Iterable<string>;
  /** Digest of the dictionary that decides where words end; empty without one. */
  readonly dictionary: string;
}

interface Words {
  readonly cut: (run: string) => string[];
  readonly dictionary: string;
}

let loaded: Promise<Words> | undefined;

/** jieba with its own dictionary, once a process: about 0.4 s and 40 MB. */
function jieba(): Promise<Words> {
  loaded ??= optionalPackage('@node-rs/jieba', 'chinese: words or both', 'chinese: characters', loadJieba).catch(
    (error: unknown) => {
      loaded = undefined;
      throw error;
    },
  );
  return loaded;
}

async function loadJieba(): Promise<Words> {
  const [{ Jieba }, { dict }] = await Promise.all([import('@node-rs/jieba'), import('@node-rs/jieba/dict.js')]);
  const instance = Jieba.withDict(dict);
  // Its model of words that the dictionary lacks is made at the first cut.
  instance.cutForSearch('预热', true);
  return {
    cut: (run) => instance.cutForSearch(run, true),
    dictionary: createHash('sha256').update(dict).digest('hex').slice(0, 16),
  };
}

/** @throws CemError `SEARCH_ANALYZER_PACKAGE` where words are wanted and jieba is not installed */
export async function hanCutter(chinese: WordsConfig['chinese']): Promise<HanCutter> {
  if (chinese === 'characters') return { cut: charactersAndPairs, dictionary: '' };
  const words = await jieba();
  if (chinese === 'words') return words;
  return { cut: (run) => withLongerWords(run, words.cut(run)), dictionary: words.dictionary };
}

/** Words of one or two characters are among characters and pairs already, and counted once. */
function* withLongerWords(run: string, words: readonly string[]): Generator<string> {
  yield* charactersAndPairs(run);
  for (const word of words) if ([...word].length > 2) yield word;
}

import type { PackChoices } from '../../recipes/index.ts';
import type { DictionaryBorders } from '../../zpkg/index.ts';

/** How documents are packed, as the command line names it. */
export interface PackSettings {
  readonly level: number | undefined;
  readonly 'target-chunk-size': number | undefined;
  readonly 'dictionary-size': number | undefined;
  readonly 'dictionary-borders': DictionaryBorders | undefined;
  readonly 'plain-literals': boolean | undefined;
  readonly 'passage-size': number | undefined;
  readonly 'passage-overlap': number | undefined;
  readonly terms: 'none' | 'words' | 'characters' | undefined;
  readonly workers: number | undefined;
}

/** What commands cut chunks into passages by unless they are told otherwise. Programs that call the recipes say it themselves. */
export const DEFAULT_PASSAGE_SIZE = 1024;

/** Options of commands that pack. None has a default of yargs, so that a corpus which was made otherwise can be told from one that was made so. */
export const packOptions = {
  level: { type: 'number', describe: 'zstd level, -7 to 22', defaultDescription: '19' },
  'target-chunk-size': {
    type: 'number',
    describe: 'largest compressed size of a chunk in bytes; a larger document is split',
    defaultDescription: '4096',
  },
  'dictionary-size': {
    type: 'number',
    describe: 'bytes of the shared dictionary, 0 for none; at most a 24th of the text',
    defaultDescription: '65536',
  },
  'dictionary-borders': {
    choices: ['any', 'word'] as const,
    describe: 'word: no word is cut in the dictionary (for text with spaces)',
    defaultDescription: 'any',
  },
  'plain-literals': { type: 'boolean', describe: 'leave literals uncompressed (larger; for the bytes input)' },
  'passage-size': {
    type: 'number',
    describe: 'bytes of text that a passage inside a chunk has, about; 0: chunks are not cut into passages',
    defaultDescription: '1024',
  },
  'passage-overlap': {
    type: 'number',
    describe: 'bytes that a passage shares with the one before it, at most; below half the passage size',
    defaultDescription: '0',
  },
  terms: {
    choices: ['none', 'words', 'characters'] as const,
    describe:
      'terms of each passage that are kept for search by words: words with stems and identifiers, whole words and characters, or none',
    defaultDescription: 'none',
  },
  workers: {
    type: 'number',
    describe: 'threads that compress; by default as many as the machine has cores, fewer for few documents',
  },
} as const;

/** What was given of the settings; what was not is left to what packs. */
export function givenPackOptions(settings: PackSettings): PackChoices {
  const { level, terms, workers } = settings;
  const targetChunkSize = settings['target-chunk-size'];
  const dictionarySize = settings['dictionary-size'];
  const dictionaryBorders = settings['dictionary-borders'];
  const plainLiterals = settings['plain-literals'];
  const passageSize = settings['passage-size'];
  const passageOverlap = settings['passage-overlap'];
  return {
    ...(level !== undefined && { level }),
    ...(targetChunkSize !== undefined && { targetChunkSize }),
    ...(dictionarySize !== undefined && { dictionarySize }),
    ...(dictionaryBorders !== undefined && { dictionaryBorders }),
    ...(plainLiterals !== undefined && { plainLiterals }),
    ...(passageSize !== undefined && { passageSize }),
    ...(passageOverlap !== undefined && { passageOverlap }),
    ...(terms !== undefined && { terms }),
    ...(workers !== undefined && { workers }),
  };
}

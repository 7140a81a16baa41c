import { UsageError } from '../../base/index.ts';
import { createCompressor } from '../container/codec.ts';
import { readDictionary } from '../frame/dictionary.ts';
import { selectContent } from './dictionary-content.ts';
import { countSymbols, describeEntropy } from './dictionary-entropy.ts';
import { pruneContent } from './dictionary-pruning.ts';
import { type DictionaryBorders, lastBytes } from './word-borders.ts';

/** What to train a dictionary for. */
export interface DictionaryTrainingOptions {
  /** Largest size of the whole dictionary in bytes, 256 to 16 MiB. */
  readonly size: number;
  /** Compression level that it will be used at: usage and tables are measured at it. */
  readonly level: number;
  /**
   * `word`: what is taken of the samples begins and ends where words do, so that a copy from the dictionary can be read by itself. For scripts that part words
   * by spaces, where frames stay as small (English at level 19: 0.5% smaller); of text without spaces hardly anything is taken (Chinese: 38% larger). `any` by default.
   */
  readonly borders?: DictionaryBorders;
  /** Chooses which samples are measured when there are more than needed; default 0. Same samples, options and seed: same bytes. */
  readonly seed?: number;
}

const BORDERS: readonly DictionaryBorders[] = ['any', 'word'];
const SMALLEST_SIZE = 256;
const LARGEST_SIZE = 16 * 1024 * 1024;
/** Bytes of samples that content is chosen from; more would only cost memory (5 bytes for each). */
const SELECTION_BYTES = 64 * 1024 * 1024;
/** Bytes of samples that usage and tables are measured on. */
const MEASURING_BYTES = 4 * 1024 * 1024;
/** Content is chosen this much larger than wanted and then pruned: 1.5 and 2 gave equal frames, 3 larger ones. */
const SURPLUS = 1.5;
/** Rounds of fitting tables: on technical text at level 19 the third saved 0.08 points more, the fourth nothing. */
const PASSES = 3;
/** Fewer sequences than this cannot tell 36 + 53 + 18 codes apart. */
const FEWEST_SEQUENCES = 500;

/**
 * Trains a zstd dictionary on samples of what will be compressed, one sample a future frame.
 *
 * Content: segments that cover what many samples share, then pruned to the parts that copies use. Tables: Huffman codes of literals and FSE
 * tables of offsets, match lengths and literal lengths, fitted to the frames of the samples.
 *
 * @returns a formatted dictionary; raw content when the samples are too few to fit tables (under 500 sequences) or nothing of the wanted
 *   size is left beside them; empty (no dictionary) when the samples share nothing
 * @throws UsageError DICTIONARY_SIZE, DICTIONARY_BORDERS
 */
export function trainDictionary(samples: readonly Uint8Array[], options: DictionaryTrainingOptions): Uint8Array {
  const { size, level, seed = 0, borders = 'any' } = options;
  if (!Number.isInteger(size) || size < SMALLEST_SIZE || size > LARGEST_SIZE) {
    throw new UsageError(
      'DICTIONARY_SIZE',
      `dictionary size ${size} is not a whole number from ${SMALLEST_SIZE} to ${LARGEST_SIZE} bytes: choose one of these`,
      {
        details: { size },
      },
    );
  }
  if (!BORDERS.includes(borders)) {
    throw new UsageError(
      'DICTIONARY_BORDERS',
      `dictionary borders \`${borders}\` are not one of ${BORDERS.join(', ')}: choose one of these`,
      {
        details: { borders },
      },
    );
  }
  const order = shuffled(samples, seed);
  const measured = firstBytes(order, MEASURING_BYTES);
  const wide = selectContent(firstBytes(order, SELECTION_BYTES), Math.ceil(size * SURPLUS), borders);
  if (wide.length < 8) return new Uint8Array(0);
  const content = pruneContent(wide, measured, size, createCompressor({ level, dictionary: wide }), borders);

  // Again and again: with tables a level's parse weighs symbols by them, so later counts come closer to those of the frames to come.
  let dictionary = content;
  for (let pass = 0; pass < PASSES; pass++) {
    const counts = countSymbols(measured, createCompressor({ level, dictionary }), readDictionary(dictionary));
    const header = counts.sequences < FEWEST_SEQUENCES ? undefined : describeEntropy(counts, content);
    if (header === undefined || header.length > size / 2) return content;
    // What the header takes is cut from the start, the least useful part; distances are counted from the end.
    dictionary = Buffer.concat([header, lastBytes(content, size - header.length, borders)]);
  }
  return dictionary;
}

/** A copy of `items` in an order that the seed decides (Fisher-Yates over a mulberry32 generator). */
function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const order = [...items];
  let state = seed | 0;
  for (let last = order.length - 1; last > 0; last--) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const other = ((mixed ^ (mixed >>> 14)) >>> 0) % (last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

/** The first items that together have no more than `bytes` bytes, at least one. */
function firstBytes(items: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let total = 0;
  const end = items.findIndex((item, i) => {
    total += item.length;
    return total > bytes && i > 0;
  });
  return end < 0 ? items : items.slice(0, end);
}

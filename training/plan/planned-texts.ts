import { type ModelConfig, ngramTables } from '../../model/index.ts';
import { BYTE_VOCABULARY } from '../../model/symbols/index.ts';
import type { TrainingConfig } from '../options/config.ts';
import { FLOAT_BYTES } from './count-step.ts';

/**
 * Bytes of a text by its granularity: means over 4,000 passages of technical documentation (990, 92, 8; spans have 4.8 a word). Titles, which few corpora have, are taken for short sentences.
 */
const PASSAGE_BYTES = 1000;
const SENTENCE_BYTES = 92;
const TITLE_BYTES = 60;
const WORD_BYTES = 8;
const SPAN_WORD_BYTES = 4.8;
/** A frame of a short text is at most its bytes and this: without a dictionary 79 of 92 bytes and 16 of 8. With one it is half as large. */
const FRAME_OVERHEAD = 8;
/** A string's header and the pointer to it in Node. */
const STRING_OVERHEAD = 24;
/** Where a frame ends (float64) and how large it is (uint32); the latter is kept of passages, too. */
const FRAME_END = 8;
const SIZE = 4;

/** Texts of one granularity that a run is made of. */
export interface PlannedTexts {
  readonly name: string;
  /** How many there are, at most. */
  readonly count: number;
  /** UTF-8 bytes of a typical one. */
  readonly bytes: number;
  /** Frames of each that are held in memory: one for every packing of a short text, none where they are read from a container. */
  readonly frames: number;
}

/**
 * The texts of a configuration: of the short ones as many as it allows, or as many as a corpus of this size can have.
 *
 * @param corpusBytes size of the training data; undefined: not known, and passages are left out
 * @param variants packings beside the run's own
 */
export function plannedTexts(
  { passages, sentences, titles, words, spans, lists = [] }: TrainingConfig,
  corpusBytes: number | undefined,
  variants: number,
): PlannedTexts[] {
  const short = (
    name: string,
    settings: { readonly batchSize: number; readonly maximum: number } | undefined,
    bytes: number,
    corpus = corpusBytes,
  ) => ({
    name,
    count: settings?.batchSize ? Math.min(settings.maximum, Math.ceil((corpus ?? Number.POSITIVE_INFINITY) / bytes)) : 0,
    bytes,
    frames: 1 + variants,
  });
  const spanWords = spans === undefined ? 1 : (spans.shortest + spans.longest) / 2;
  return [
    {
      name: 'passages',
      count: passages.batchSize === 0 ? 0 : Math.ceil((corpusBytes ?? 0) / PASSAGE_BYTES),
      bytes: PASSAGE_BYTES,
      frames: 0,
    },
    short('sentences', sentences, SENTENCE_BYTES),
    short('titles', titles, TITLE_BYTES),
    short('words', words, WORD_BYTES),
    // They are drawn from anywhere and may overlap: as many as are wanted, however small the corpus is.
    short('spans', spans, spanWords * SPAN_WORD_BYTES, undefined),
    // Their files are read when the run begins.
    ...lists.map((list) => short(list.name, list, SENTENCE_BYTES, undefined)),
  ].filter(({ count }) => count > 0);
}

/** Bytes of the texts themselves, which are held from the first stage to the last. */
export function stringBytes(texts: readonly PlannedTexts[]): number {
  return texts.reduce((sum, { count, bytes }) => sum + count * (bytes + STRING_OVERHEAD), 0);
}

/** Bytes of what steps are cut from beside the texts: the teacher's vectors, and the frames that lie in memory. */
export function labelBytes(texts: readonly PlannedTexts[], dimension: number): number {
  return texts.reduce((sum, { count, bytes, frames }) => {
    const frame = bytes + FRAME_OVERHEAD + FRAME_END;
    return sum + count * (dimension * FLOAT_BYTES + SIZE + frames * frame);
  }, 0);
}

/**
 * Most bytes that the ridge regression of `training.tableWarmStart` holds, 0 without it: for each position of the chosen texts and each table the row and its unknown, for each unknown the
 * solution, the direction and the gradient, and four numbers for each of a text's targets (`warmStartTables` says where).
 */
export function warmStartBytes(
  model: ModelConfig,
  dimension: number,
  { tableWarmStart }: TrainingConfig,
  texts: readonly PlannedTexts[],
): number {
  if (tableWarmStart === undefined) return 0;
  const all = texts.reduce((sum, { count }) => sum + count, 0);
  const chosen = Math.min(tableWarmStart.texts, all);
  const positions = texts.reduce((sum, { count, bytes }) => sum + (chosen / all) * count * bytes, 0);
  const tables = ngramTables(model);
  const unknowns = tables * Math.min(model.tables.rows, positions) + Math.min(BYTE_VOCABULARY, positions);
  const copies = { rows: 2, unknowns: 3, targets: 4 };
  const numbers =
    copies.rows * positions * (1 + tables) +
    copies.unknowns * unknowns * model.local.dimension +
    copies.targets * chosen * Math.max(dimension, model.local.dimension);
  return FLOAT_BYTES * numbers;
}

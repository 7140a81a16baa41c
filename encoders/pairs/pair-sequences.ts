import { UsageError } from '../../base/index.ts';

/** What a tokenizer puts around the two texts of a pair. */
export interface PairFrame {
  readonly before: readonly number[];
  readonly between: readonly number[];
  readonly after: readonly number[];
  /** Token types of the first text with what stands before and behind it, and of the second with what ends the sequence: 0 and 1 in BERT, 0 and 0 in RoBERTa. */
  readonly types: readonly [first: number, second: number];
}

/** Turns texts into token ids for pairs. */
export interface PairTokenizer {
  /** Ids of a text without special tokens. */
  encode(text: string): number[];
  readonly frame: PairFrame;
  readonly padId: number;
}

/** One pair as a model reads it. */
export interface PairSequence {
  readonly ids: readonly number[];
  /** How many of the ids have the first token type; those behind have the second. */
  readonly firstTypes: number;
}

/** What happens to a text that does not fit beside its query: its end is cut off, or it is read in overlapping windows, and the best one counts (max-P; Dai and Callan 2019). */
export type LongTexts = 'cut' | 'windows';

/** Share of a window that the next one repeats. */
const OVERLAP = 0.25;

/** @throws UsageError `RERANKER_MAXIMUM_TOKENS` where no token of each text is left beside the special ones */
export function pairRoom({ before, between, after }: PairFrame, maximumTokens: number): number {
  const room = maximumTokens - before.length - between.length - after.length;
  if (room >= 2) return room;
  throw new UsageError(
    'RERANKER_MAXIMUM_TOKENS',
    `${maximumTokens} tokens are too few for a pair: ${maximumTokens - room} of them are special tokens; give more`,
    { details: { maximumTokens } },
  );
}

/**
 * How many tokens of two texts stay when both must fit into `room`: the longer one is cut first, and where both are longer than half of it each gets half, the longer
 * one the odd token (`longest_first` of Hugging Face's tokenizers).
 */
export function cutLengths(first: number, second: number, room: number): [first: number, second: number] {
  if (first + second <= room) return [first, second];
  const shorter = Math.min(first, second, Math.floor(room / 2));
  const longer = room - shorter;
  return first <= second ? [shorter, longer] : [longer, shorter];
}

/** The pair with its special tokens, cut to `room` tokens beside them. */
export function pairSequence(frame: PairFrame, query: readonly number[], text: readonly number[], room: number): PairSequence {
  const [first, second] = cutLengths(query.length, text.length, room);
  return framed(frame, query.slice(0, first), text.slice(0, second));
}

/**
 * The pairs of a query with each window of a text; one where the text fits. The query keeps half of the room at most. Windows overlap by a quarter, and the last one ends with the text.
 */
export function windowSequences(
  frame: PairFrame,
  query: readonly number[],
  text: readonly number[],
  room: number,
): PairSequence[] {
  if (query.length + text.length <= room) return [framed(frame, query, text)];
  const asked = query.slice(0, Math.floor(room / 2));
  const width = room - asked.length;
  const step = Math.max(1, width - Math.floor(width * OVERLAP));
  const starts: number[] = [];
  for (let start = 0; start + width < text.length; start += step) starts.push(start);
  starts.push(Math.max(0, text.length - width));
  return starts.map((start) => framed(frame, asked, text.slice(start, start + width)));
}

function framed({ before, between, after }: PairFrame, query: readonly number[], text: readonly number[]): PairSequence {
  return {
    ids: [...before, ...query, ...between, ...text, ...after],
    firstTypes: before.length + query.length + between.length,
  };
}

/** Pairs side by side, as a model's inputs; rows are padded behind their end. */
export interface PairBatch {
  readonly rows: number;
  /** Tokens of a row with its padding. */
  readonly positions: number;
  /** [rows, positions] */
  readonly ids: Int32Array;
  /** [rows, positions]; 0 at padding */
  readonly types: Int32Array;
  /** [rows, positions] 1 for tokens, 0 for padding */
  readonly mask: Uint8Array;
}

export function pairBatch(
  sequences: readonly PairSequence[],
  { frame, padId }: Pick<PairTokenizer, 'frame' | 'padId'>,
): PairBatch {
  const rows = sequences.length;
  const positions = Math.max(1, ...sequences.map(({ ids }) => ids.length));
  const ids = new Int32Array(rows * positions).fill(padId);
  const types = new Int32Array(rows * positions);
  const mask = new Uint8Array(rows * positions);
  sequences.forEach((sequence, row) => {
    const start = row * positions;
    const end = start + sequence.ids.length;
    ids.set(sequence.ids, start);
    types.fill(frame.types[0], start, start + sequence.firstTypes);
    types.fill(frame.types[1], start + sequence.firstTypes, end);
    mask.fill(1, start, end);
  });
  return { rows, positions, ids, types, mask };
}

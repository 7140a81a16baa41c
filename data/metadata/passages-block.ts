import type { ByteSpan } from '../../base/index.ts';
import { addNumber, ContentReader } from './numbers.ts';

/** Passages of one chunk. */
export const MOST_PASSAGES = 65_535;

const LENGTHS = 1;
const OVERLAPS = 2;

/** The passages of a block's chunks, decoded. */
export interface PassagesBlock {
  /** Of a chunk by its place in the block; undefined when it is its own one passage. */
  passagesOf(index: number): readonly ByteSpan[] | undefined;
}

/**
 * The content of a block before compression.
 *
 * @param chunks the passages of each; undefined, or one alone, for a chunk that is its own one passage
 */
export function encodePassages(chunks: readonly (readonly ByteSpan[] | undefined)[]): Uint8Array {
  const counts: number[] = [];
  const lengths: number[] = [];
  const overlaps: number[] = [];
  let overlapping = false;
  for (const passages of chunks) {
    const several = passages !== undefined && passages.length > 1 ? passages : [];
    addNumber(counts, several.length);
    let before = 0;
    for (const [number, { start, end }] of several.entries()) {
      addNumber(lengths, end - before);
      if (number > 0) addNumber(overlaps, before - start);
      overlapping ||= before > start;
      before = end;
    }
  }
  const mask = (lengths.length > 0 ? LENGTHS : 0) | (overlapping ? OVERLAPS : 0);
  return Buffer.concat([
    Uint8Array.of(mask),
    ...(lengths.length > 0 ? [Uint8Array.from(counts), Uint8Array.from(lengths)] : []),
    ...(overlapping ? [Uint8Array.from(overlaps)] : []),
  ]);
}

/**
 * The passages of a block's chunks.
 *
 * @param count of chunks
 * @param fail makes the error for what is wrong with the content
 * @throws what `fail` makes
 */
export function decodePassages(content: Uint8Array, count: number, fail: (wrong: string) => Error): PassagesBlock {
  const from = new ContentReader(content, fail);
  const mask = from.number();
  if (mask > (LENGTHS | OVERLAPS)) throw fail('it has a column that is not known');
  if (mask === OVERLAPS) throw fail('it has overlaps of passages that are not there');
  const counts = (mask & LENGTHS) === 0 ? new Array<number>(count).fill(0) : from.numbers(count);
  /** [count + 1] where each chunk's passages begin in `lengths`. */
  const firsts = [0];
  for (const several of counts) {
    if (several === 1) throw fail('a chunk that is its own one passage has lengths of several');
    if (several > MOST_PASSAGES) throw fail(`a chunk has ${several} passages, and ${MOST_PASSAGES} are allowed`);
    firsts.push(firsts.at(-1)! + several);
  }
  const lengths = from.numbers(firsts.at(-1)!);
  checkLengths(lengths, firsts, fail);
  /** As `lengths`, with nothing for the first passage of each chunk. */
  const overlaps = (mask & OVERLAPS) === 0 ? undefined : readOverlaps(from, lengths, firsts, fail);
  if (from.left > 0) throw fail(`${from.left} bytes follow its last column`);
  return {
    passagesOf: (index) => {
      const [first, end] = [firsts[index]!, firsts[index + 1]!];
      if (first === end) return undefined;
      let position = 0;
      return lengths.slice(first, end).map((length, number) => {
        const start = position - (overlaps?.[first + number] ?? 0);
        position += length;
        return { start, end: position };
      });
    },
  };
}

function checkLengths(lengths: readonly number[], firsts: readonly number[], fail: (wrong: string) => Error): void {
  for (let chunk = 0; chunk + 1 < firsts.length; chunk++) {
    let bytes = 0;
    for (let passage = firsts[chunk]!; passage < firsts[chunk + 1]!; passage++) {
      if (lengths[passage] === 0) throw fail('a passage is empty');
      bytes += lengths[passage]!;
    }
    if (!Number.isSafeInteger(bytes)) throw fail('the passages of a chunk have more than 2^53 - 1 bytes');
  }
}

function readOverlaps(
  from: ContentReader,
  lengths: readonly number[],
  firsts: readonly number[],
  fail: (wrong: string) => Error,
): number[] {
  const overlaps: number[] = [];
  for (let chunk = 0; chunk + 1 < firsts.length; chunk++) {
    for (let passage = firsts[chunk]!; passage < firsts[chunk + 1]!; passage++) {
      const overlap = passage === firsts[chunk] ? 0 : from.number();
      if (passage > firsts[chunk]! && overlap >= lengths[passage - 1]!)
        throw fail('a passage begins before the one in front of it');
      overlaps.push(overlap);
    }
  }
  return overlaps;
}

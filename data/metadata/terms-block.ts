import type { TermCounts } from '../../base/index.ts';
import { addNumber, ContentReader } from './numbers.ts';
import { MOST_PASSAGES } from './passages-block.ts';

/** Bytes of all terms of a block, written out: the dictionary has of each only what differs from the one before. */
const LARGEST_DICTIONARY = 1 << 27;
/** How often a term may occur in a passage. */
const MOST_OCCURRENCES = 2 ** 32 - 1;

/** The terms of a block's chunks, decoded. */
export interface TermsBlock {
  /** Of a chunk by its place in the block: those of each of its passages. */
  termsOf(index: number): readonly TermCounts[];
}

/** Where a term occurs: units by their number in the block, ascending, and how often in each. */
interface Postings {
  readonly units: number[];
  readonly counts: number[];
}

/** Bytes under construction, which a list of numbers is too slow for. */
class NumberBytes {
  #bytes = new Uint8Array(1 << 12);
  #length = 0;

  add(value: number): void {
    if (value > 0x7f) {
      const several: number[] = [];
      addNumber(several, value);
      for (const byte of several) this.#push(byte);
    } else this.#push(value);
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }
}

/**
 * The content of a block before compression.
 *
 * @param chunks the terms of each one's passages, one passage at least
 */
export function encodeTerms(chunks: readonly (readonly TermCounts[])[]): Uint8Array {
  const passages = new NumberBytes();
  const postingsOf = new Map<string, Postings>();
  let unit = 0;
  for (const units of chunks) {
    passages.add(units.length);
    for (const { terms, counts } of units) {
      terms.forEach((term, place) => {
        let postings = postingsOf.get(term);
        if (postings === undefined) {
          postings = { units: [], counts: [] };
          postingsOf.set(term, postings);
        }
        postings.units.push(unit);
        postings.counts.push(counts[place]!);
      });
      unit += 1;
    }
  }
  const dictionary = [...postingsOf]
    .map(([term, postings]) => ({ bytes: Buffer.from(term), postings }))
    .sort((left, right) => Buffer.compare(left.bytes, right.bytes));
  const [shared, lengths, occurrences] = [new NumberBytes(), new NumberBytes(), new NumberBytes()];
  const endings: Uint8Array[] = [];
  let before: Uint8Array = new Uint8Array(0);
  for (const { bytes, postings } of dictionary) {
    const common = commonLength(before, bytes);
    shared.add(common);
    lengths.add(bytes.length - common);
    endings.push(bytes.subarray(common));
    occurrences.add(postings.units.length);
    before = bytes;
  }
  const [gaps, counts] = [new NumberBytes(), new NumberBytes()];
  for (const place of byOccurrences(dictionary.map(({ postings }) => postings.units.length))) {
    const { postings } = dictionary[place]!;
    let last = -1;
    for (const [index, number] of postings.units.entries()) {
      gaps.add(number - last - 1);
      counts.add(postings.counts[index]! - 1);
      last = number;
    }
  }
  const size = new NumberBytes();
  size.add(dictionary.length);
  return Buffer.concat([
    passages.bytes,
    size.bytes,
    shared.bytes,
    lengths.bytes,
    ...endings,
    occurrences.bytes,
    gaps.bytes,
    counts.bytes,
  ]);
}

/**
 * The terms of a block's chunks.
 *
 * @param count of chunks
 * @param fail makes the error for what is wrong with the content
 * @throws what `fail` makes
 */
export function decodeTerms(content: Uint8Array, count: number, fail: (wrong: string) => Error): TermsBlock {
  const from = new ContentReader(content, fail);
  const passages = from.numbers(count);
  /** [count + 1] */
  const firsts = [0];
  for (const several of passages) {
    if (several < 1 || several > MOST_PASSAGES)
      throw fail(`a chunk has terms of ${several} passages, and 1 to ${MOST_PASSAGES} are allowed`);
    firsts.push(firsts.at(-1)! + several);
  }
  const unitCount = firsts.at(-1)!;
  const dictionary = readDictionary(from, fail);
  const occurrences = from.numbers(dictionary.length);
  let postings = 0;
  for (const units of occurrences) {
    if (units < 1 || units > unitCount) throw fail(`a term is in ${units} of ${unitCount} passages`);
    postings += units;
  }
  const gaps = from.numbers(postings);
  const counts = from.numbers(postings);
  if (counts.some((more) => more >= MOST_OCCURRENCES)) throw fail(`a term occurs more than ${MOST_OCCURRENCES} times`);
  if (from.left > 0) throw fail(`${from.left} bytes follow its last count`);
  const starts = unitStarts(gaps, occurrences, unitCount, fail);
  const [terms, frequencies] = [new Uint32Array(postings), new Uint32Array(postings)];
  const next = starts.slice();
  eachPosting(gaps, occurrences, (term, unit, posting) => {
    const place = next[unit]!++;
    terms[place] = term;
    frequencies[place] = counts[posting]! + 1;
  });
  const ofUnit = (unit: number): TermCounts => {
    const [start, end] = [starts[unit]!, starts[unit + 1]!];
    return {
      terms: Array.from(terms.subarray(start, end), (term) => dictionary[term]!),
      counts: [...frequencies.subarray(start, end)],
    };
  };
  return {
    termsOf: (index) => Array.from({ length: passages[index]! }, (_, passage) => ofUnit(firsts[index]! + passage)),
  };
}

/** Terms in the order in which their postings stand: those that occur in most passages first, of equal ones those that come first. */
function byOccurrences(occurrences: readonly number[]): Uint32Array {
  return Uint32Array.from(occurrences.keys()).sort((left, right) => occurrences[right]! - occurrences[left]! || left - right);
}

function commonLength(left: Uint8Array, right: Uint8Array): number {
  let length = 0;
  while (length < left.length && length < right.length && left[length] === right[length]) length++;
  return length;
}

function readDictionary(from: ContentReader, fail: (wrong: string) => Error): string[] {
  const size = from.number();
  const shared = from.numbers(size);
  const lengths = from.numbers(size);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let before: Uint8Array = new Uint8Array(0);
  let bytesOfAll = 0;
  return shared.map((common, place) => {
    const ending = from.bytes(lengths[place]!);
    if (common > before.length) throw fail('a term shares more with the one before than that has');
    bytesOfAll += common + ending.length;
    if (bytesOfAll > LARGEST_DICTIONARY) throw fail(`its terms have more than ${LARGEST_DICTIONARY} bytes`);
    const term = Buffer.concat([before.subarray(0, common), ending]);
    // Behind an empty one only those that are not empty ascend.
    if (Buffer.compare(before, term) >= 0) throw fail('its terms do not ascend');
    before = term;
    try {
      return decoder.decode(term);
    } catch {
      throw fail('a term is not UTF-8');
    }
  });
}

/** Calls with each posting's term, unit and place, in the order of the file. */
function eachPosting(
  gaps: readonly number[],
  occurrences: readonly number[],
  call: (term: number, unit: number, posting: number) => void,
): void {
  let posting = 0;
  for (const term of byOccurrences(occurrences)) {
    let unit = -1;
    for (let left = occurrences[term]!; left > 0; left--) {
      unit += gaps[posting]! + 1;
      call(term, unit, posting);
      posting += 1;
    }
  }
}

/** [units + 1] where each unit's terms begin among all. */
function unitStarts(
  gaps: readonly number[],
  occurrences: readonly number[],
  unitCount: number,
  fail: (wrong: string) => Error,
): Uint32Array {
  const starts = new Uint32Array(unitCount + 1);
  eachPosting(gaps, occurrences, (_, unit) => {
    if (unit >= unitCount) throw fail(`a term is in passage ${unit}, and there are ${unitCount}`);
    starts[unit + 1]! += 1;
  });
  for (let unit = 0; unit < unitCount; unit++) starts[unit + 1]! += starts[unit]!;
  return starts;
}

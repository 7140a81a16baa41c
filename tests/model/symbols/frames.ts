import type { FrameSymbols } from '../../../zpkg/index.ts';

/** A frame that says exactly this, as a parser would give it: strings are literals, numbers copies. */
export function frameOf(...parts: (string | { offset: number; length: number })[]): FrameSymbols {
  const lengths: number[] = [];
  const offsets: number[] = [];
  let literals = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      literals += part;
      for (const _ of part) {
        lengths.push(1);
        offsets.push(0);
      }
    } else {
      lengths.push(part.length);
      offsets.push(part.offset);
    }
  }
  return {
    count: lengths.length,
    lengths: Uint32Array.from(lengths),
    offsets: Uint32Array.from(offsets),
    literals: Buffer.from(literals),
    size: lengths.reduce((sum, length) => sum + length, 0),
    blockStarts: Uint32Array.of(0),
  };
}

/** What LZ77 makes of it, byte by byte. */
export function execute(frame: FrameSymbols, dictionary: string): Uint8Array {
  const bytes = [...Buffer.from(dictionary)];
  let literal = 0;
  for (let symbol = 0; symbol < frame.count; symbol++) {
    for (let i = 0; i < frame.lengths[symbol]!; i++) {
      const offset = frame.offsets[symbol]!;
      bytes.push(offset === 0 ? frame.literals[literal++]! : bytes[bytes.length - offset]!);
    }
  }
  return Uint8Array.from(bytes.slice(dictionary.length));
}

export const copy = (offset: number, length: number) => ({ offset, length });
export const DICTIONARY = 'the dictionary of a corpus, whose tail is reached';

/** Frames of what ropes have to get right: name, frame, and the dictionary where it is not `DICTIONARY`. */
export const CASES: readonly (readonly [name: string, frame: FrameSymbols, dictionary?: string])[] = [
  ['a run of one byte', frameOf('x', copy(1, 100)), ''],
  ['a run of three bytes that ends inside its period', frameOf('abc', copy(3, 50), 'z'), ''],
  ['a run whose source is several ranges', frameOf('ab', copy(20, 5), 'q', copy(7, 40), 'end')],
  ['copies of copies', frameOf('hello ', copy(49, 14), copy(12, 10), copy(9, 9), '!', copy(25, 20), copy(4, 30))],
  ['a copy that begins in the dictionary and runs on into the document', frameOf('docu', copy(4 + 6, 20), 'x')],
  ['the same at the very start, where it copies itself', frameOf(copy(5, 23), 'x', copy(3, 9))],
  ["a first literal behind a copy of the dictionary's end", frameOf(copy(7, 7), 'literals follow', copy(10, 6))],
  ['the same, with a copy across that border', frameOf(copy(20, 20), 'literals', copy(14, 12), copy(3, 30))],
  ['neighbours that continue each other', frameOf(copy(49, 10), copy(49, 10), 'a', copy(49, 5))],
  ['ranges shorter than an n-gram', frameOf('a', copy(30, 1), 'b', copy(20, 2), 'c', copy(40, 3), 'd', copy(3, 1), copy(49, 4))],
  ['an empty chunk', frameOf()],
];

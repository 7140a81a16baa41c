import type { ByteSpan } from '../../base/index.ts';
import { RandomNumbers } from '../../base/random.ts';
import { BYTE_ID_OFFSET, type NgramHash } from '../../model/symbols/ngram-hash.ts';
import type { EncodedChunk } from '../../model/symbols/symbol-batch.ts';
import { symbolKind } from '../../model/symbols/symbol-kinds.ts';
import type { FrameSymbols } from '../../zpkg/index.ts';

/** What a passage must be encoded to, from its plain text, which exists in tests only: plain loops over all symbols and all bytes. */
export function encodePlainly(symbols: FrameSymbols, text: Uint8Array, { start, end }: ByteSpan, hash: NgramHash): EncodedChunk {
  const lengths: number[] = [];
  const kinds: number[] = [];
  let position = 0;
  for (let symbol = 0; symbol < symbols.count; symbol++) {
    const next = position + symbols.lengths[symbol]!;
    const length = Math.min(next, end) - Math.max(position, start);
    if (length > 0) {
      lengths.push(length);
      kinds.push(symbolKind(symbols.offsets[symbol] !== 0, length));
    }
    position = next;
  }
  const ids = Uint16Array.from(text.subarray(start, end), (byte) => byte + BYTE_ID_OFFSET);
  const width = hash.sizes.length;
  const rows = new Int32Array(ids.length * width);
  hash.hash(ids, 0, ids.length, rows);
  return {
    count: lengths.length,
    lengths: Uint32Array.from(lengths),
    kinds: Uint8Array.from(kinds),
    rows: [Int32Array.from(ids), ...hash.sizes.map((_, size) => Int32Array.from(ids, (_, i) => rows[i * width + size]!))],
  };
}

/** Longest span that is drawn, and shortest of those that tile; a short overlap comes on top. */
const LONGEST = 900;
const SHORTEST = 50;

/** Spans that tile so many bytes, with a short overlap now and then; every third time others as well: single bytes, and any two places. In the order of their first bytes. */
export function drawSpans(size: number, name: string): ByteSpan[] {
  const random = new RandomNumbers(1, name);
  const spans: ByteSpan[] = [];
  for (let start = 0; start < size; ) {
    const end = Math.min(size, start + SHORTEST + random.integer(LONGEST - SHORTEST));
    spans.push({ start: Math.max(0, start - random.integer(2) * random.integer(40)), end });
    start = end;
  }
  if (random.integer(3) === 0) {
    const place = random.integer(size);
    const [a, b] = [random.integer(size + 1), random.integer(size + 1)];
    spans.push(
      { start: place, end: place + 1 },
      { start: Math.min(a, b), end: Math.min(Math.max(a, b), Math.min(a, b) + LONGEST) },
    );
  }
  return spans.sort((a, b) => a.start - b.start);
}

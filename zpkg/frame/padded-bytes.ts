import { FormatError } from '../../base/index.ts';

/** A sequence reads up to 90 bits before its position is checked, a load takes 32 more: 16 bytes hold both. */
const PADDING = 16;

/**
 * A copy of a byte range with padding on both sides, so that 32-bit loads near its ends stay inside the buffer, together with
 * the place that the range has in its file, so that errors can name a position there.
 *
 * Bits are addressed as `byte index * 8 + bit`, least significant bit first.
 */
export class PaddedBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Index of the first byte of the range. */
  readonly start = PADDING;
  /** Index after the last byte of the range. */
  end = PADDING;
  #origin = 0;
  readonly #subject: string;

  /**
   * @param capacity largest range in bytes
   * @param subject what the bytes are, for messages ('zstd frame')
   */
  constructor(capacity: number, subject: string) {
    this.bytes = new Uint8Array(capacity + 2 * PADDING);
    this.view = new DataView(this.bytes.buffer);
    this.#subject = subject;
  }

  /** Takes over `source[from, to)`; `to - from` must be within the capacity. */
  load(source: Uint8Array, from: number, to: number): void {
    this.bytes.set(source.subarray(from, to), PADDING);
    this.end = PADDING + to - from;
    // What lies behind the range is never accepted as data, but it must not depend on an earlier range either.
    this.view.setUint32(this.end, 0, true);
    this.#origin = from - PADDING;
  }

  /** Refuses to read on when `index` (exclusive) lies behind the range. */
  need(index: number, what: string): void {
    if (index > this.end) {
      this.fail('FRAME_TRUNCATED', this.end, `${what} would end ${index - this.end} bytes behind the end of its section`);
    }
  }

  /** Throws a FormatError that names the position of `index` in the file. */
  fail(code: string, index: number, problem: string): never {
    throw malformedInput(code, this.#subject, index + this.#origin, problem);
  }
}

/** The error for a malformed `subject`: `details.position` is the byte at which it was noticed. */
export function malformedInput(
  code: string,
  subject: string,
  position: number,
  problem: string,
  details: Record<string, unknown> = {},
) {
  return new FormatError(
    code,
    `Malformed ${subject} at byte ${position}: ${problem}. The data is damaged: make it again from its source.`,
    {
      details: { ...details, position },
    },
  );
}

/** Index of the highest set bit; `value` > 0. */
export function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}

/** The `width` (at most 25) bits from bit address `bit` upwards. */
export function bitsAt(view: DataView, bit: number, width: number): number {
  return (view.getUint32(bit >>> 3, true) >>> (bit & 7)) & ((1 << width) - 1);
}

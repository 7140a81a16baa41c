import { BEGIN_ID, BYTE_OFFSET } from '../../model/entropy/index.ts';

/** Stands before every text of a stream; no byte of UTF-8 has this value. */
const BEGIN = 0xff;
const FIRST_CAPACITY = 1 << 16;

/** Texts end to end, each behind its begin id, one byte an id: what a byte language model reads. */
export class ByteStream {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #length = 0;
  /** Texts in it. */
  texts = 0;

  /** Ids in it: bytes, and one for each text. */
  get length(): number {
    return this.#length;
  }

  add(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    const needed = this.#length + 1 + bytes.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes[this.#length] = BEGIN;
    this.#bytes.set(bytes, this.#length + 1);
    this.#length = needed;
    this.texts++;
  }

  /**
   * Consecutive ids as rows of one batch.
   *
   * @param starts where each row begins; a row lies within the stream
   * @returns [starts.length, length]
   */
  ids(starts: ArrayLike<number>, length: number): Int32Array {
    const ids = new Int32Array(starts.length * length);
    for (let row = 0; row < starts.length; row++) {
      const start = starts[row]!;
      for (let i = 0; i < length; i++) {
        const byte = this.#bytes[start + i]!;
        ids[row * length + i] = byte === BEGIN ? BEGIN_ID : byte + BYTE_OFFSET;
      }
    }
    return ids;
  }

  /** Its first texts as bytes: as many as fit into `limit`, the last one cut. */
  firstTexts(limit: number): Uint8Array[] {
    const texts: Uint8Array[] = [];
    let left = limit;
    for (let start = 1; start < this.#length && left > 0; ) {
      const next = this.#bytes.indexOf(BEGIN, start);
      const end = next < 0 || next >= this.#length ? this.#length : next;
      texts.push(this.#bytes.slice(start, Math.min(end, start + left)));
      left -= end - start;
      start = end + 1;
    }
    return texts;
  }
}

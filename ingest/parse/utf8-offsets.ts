/** UTF-16 units between two places whose bytes are kept. */
const STEP = 4096;

/** Finds the UTF-8 byte of a place in a text that is counted in UTF-16 units, without counting from the beginning each time. */
export class Utf8Offsets {
  readonly #text: string;
  /** Bytes before every `STEP`th unit, as far as was asked. */
  readonly #steps: number[] = [0];

  constructor(text: string) {
    this.#text = text;
  }

  /** Bytes of UTF-8 before a unit of the text; half of a surrogate pair counts as the whole character's start. */
  byteOf(unit: number): number {
    const at = this.#whole(Math.min(unit, this.#text.length));
    const step = Math.floor(at / STEP);
    while (this.#steps.length <= step) {
      const last = this.#steps.length - 1;
      this.#steps.push(this.#steps[last]! + this.#bytes(this.#whole(last * STEP), this.#whole((last + 1) * STEP)));
    }
    return this.#steps[step]! + this.#bytes(this.#whole(step * STEP), at);
  }

  #whole(unit: number): number {
    const code = this.#text.charCodeAt(unit);
    const before = this.#text.charCodeAt(unit - 1);
    return code >= 0xdc00 && code <= 0xdfff && before >= 0xd800 && before <= 0xdbff ? unit - 1 : unit;
  }

  #bytes(start: number, end: number): number {
    return Buffer.byteLength(this.#text.slice(start, end), 'utf8');
  }
}

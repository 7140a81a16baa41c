const LARGEST_CODE = 127;

/** Token vectors of many texts in memory: a byte a number, and a scale a vector (a third of a gigabyte for 20,000 texts of 45 vectors of 384 numbers). */
export class TokenRows {
  /** Length of a vector. */
  readonly dimension: number;
  readonly #starts: number[] = [0];
  #codes: Int8Array = new Int8Array(1 << 20);
  #scales: Float32Array = new Float32Array(1 << 12);

  constructor(dimension: number) {
    this.dimension = dimension;
  }

  /** Texts. */
  get size(): number {
    return this.#starts.length - 1;
  }

  /** Vectors of a text. */
  count(text: number): number {
    return this.#starts[text + 1]! - this.#starts[text]!;
  }

  /**
   * Adds a text's vectors.
   *
   * @param rows [vectors, dimension]
   */
  add(rows: Float32Array): void {
    const { dimension } = this;
    const first = this.#starts.at(-1)!;
    const end = first + rows.length / dimension;
    if (end > this.#scales.length) this.#scales = grown(this.#scales, new Float32Array(Math.max(end, 2 * this.#scales.length)));
    if (end * dimension > this.#codes.length)
      this.#codes = grown(this.#codes, new Int8Array(Math.max(end * dimension, 2 * this.#codes.length)));
    for (let row = first; row < end; row++) {
      const values = rows.subarray((row - first) * dimension, (row - first + 1) * dimension);
      let largest = 0;
      for (const value of values) largest = Math.max(largest, Math.abs(value));
      const scale = Math.fround(largest / LARGEST_CODE);
      this.#scales[row] = scale;
      if (scale === 0) continue;
      for (let i = 0; i < dimension; i++) this.#codes[row * dimension + i] = Math.round(values[i]! / scale);
    }
    this.#starts.push(end);
  }

  /**
   * Writes a text's vectors.
   *
   * @param from number of the first vector there
   */
  read(text: number, target: Float32Array, from: number): void {
    const { dimension } = this;
    const first = this.#starts[text]!;
    for (let row = first; row < this.#starts[text + 1]!; row++) {
      const scale = this.#scales[row]!;
      const to = (from + row - first) * dimension;
      for (let i = 0; i < dimension; i++) target[to + i] = this.#codes[row * dimension + i]! * scale;
    }
  }

  /**
   * Texts side by side, as long as the longest of them.
   *
   * @param texts their numbers
   * @returns rows [texts * width, dimension], zeros behind a text's own; mask [texts * width] 1 for its own
   */
  padded(texts: readonly number[]): { readonly rows: Float32Array; readonly mask: Float32Array; readonly width: number } {
    const width = Math.max(1, ...texts.map((text) => this.count(text)));
    const rows = new Float32Array(texts.length * width * this.dimension);
    const mask = new Float32Array(texts.length * width);
    texts.forEach((text, place) => {
      this.read(text, rows, place * width);
      mask.fill(1, place * width, place * width + this.count(text));
    });
    return { rows, mask, width };
  }
}

function grown<Numbers extends Int8Array | Float32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}

import { RandomNumbers } from '../../base/random.ts';
import type { Vectors } from '../../encoders/index.ts';

/** Rows gather around so many centres. */
const CENTRES = 1000;
/** Length of a row's own part, its centre's being 1: neighbours' cosines are then about 0.7, as those of passages of one subject are. */
const SPREAD = 0.65;

/** Unit vectors around centres that the seed alone decides, so that vectors and queries of one seed belong together. */
export class SyntheticVectors {
  readonly #dimension: number;
  readonly #centres: Float32Array;
  readonly #numbers: RandomNumbers;

  constructor(dimension: number, seed: number, name: string) {
    this.#dimension = dimension;
    this.#numbers = new RandomNumbers(seed, 'centres');
    this.#centres = new Float32Array(CENTRES * dimension);
    for (let centre = 0; centre < CENTRES; centre++) this.#fillUnit(this.#row(this.#centres, centre));
    this.#numbers = new RandomNumbers(seed, name);
  }

  /** The next rows of the stream. */
  take(rows: number): Vectors {
    const data = new Float32Array(rows * this.#dimension);
    for (let row = 0; row < rows; row++) {
      const values = this.#row(data, row);
      const centre = this.#row(this.#centres, this.#numbers.integer(CENTRES));
      this.#fillUnit(values);
      for (let index = 0; index < values.length; index++) values[index] = centre[index]! + SPREAD * values[index]!;
      normalise(values);
    }
    return { rows, dimension: this.#dimension, data };
  }

  #row(data: Float32Array, row: number): Float32Array {
    return data.subarray(row * this.#dimension, (row + 1) * this.#dimension);
  }

  #fillUnit(values: Float32Array): void {
    for (let index = 0; index < values.length; index++) values[index] = this.#numbers.uniform() - 0.5;
    normalise(values);
  }
}

function normalise(values: Float32Array): void {
  let squares = 0;
  for (let index = 0; index < values.length; index++) squares += values[index]! ** 2;
  const factor = 1 / Math.sqrt(squares);
  for (let index = 0; index < values.length; index++) values[index]! *= factor;
}

import { RandomNumbers } from '../../base/random.ts';
import type { Vectors } from '../../encoders/index.ts';

/** Length of the difference of two other vectors that is added to a vector: neighbours stay neighbours, and no two rows are the same. */
const DIFFERENCE = 0.35;

/** As many unit vectors as are wanted, made from real ones: each is a real one moved along the difference of two others, so that their directions are those of real vectors. */
export class MixedVectors {
  readonly #real: Vectors;
  readonly #numbers: RandomNumbers;

  constructor(real: Vectors, seed: number, name: string) {
    this.#real = real;
    this.#numbers = new RandomNumbers(seed, name);
  }

  /** The next rows of the stream. */
  take(rows: number): Vectors {
    const { dimension, rows: count, data: real } = this.#real;
    const data = new Float32Array(rows * dimension);
    const pick = (): number => this.#numbers.integer(count) * dimension;
    for (let row = 0; row < rows; row++) {
      const [base, plus, minus] = [pick(), pick(), pick()];
      let squares = 0;
      for (let index = 0; index < dimension; index++) {
        const value = real[base + index]! + DIFFERENCE * (real[plus + index]! - real[minus + index]!);
        data[row * dimension + index] = value;
        squares += value * value;
      }
      const factor = 1 / Math.sqrt(squares || 1);
      for (let index = 0; index < dimension; index++) data[row * dimension + index]! *= factor;
    }
    return { rows, dimension, data };
  }
}

import { CemError, RandomNumbers } from '../../base/index.ts';
import type { ImageTrainingConfig } from './config.ts';
import type { ImageExamples } from './options.ts';

/** Pictures of a step with their targets. */
export interface PictureBatch {
  /** [batch, size, size, 3] each number from 0 to 255 */
  readonly pictures: Float32Array;
  /** [batch, dimension] */
  readonly targets: Float32Array;
}

/** Batches by step: a function of the seed and the step alone, so that a run resumes exactly. Each epoch meets every picture once, in an order of its own. */
export class PictureBatches {
  readonly #examples: ImageExamples;
  readonly #size: number;
  readonly #seed: number;
  readonly #config: Pick<ImageTrainingConfig, 'batchSize' | 'augmentation'>;
  #order: { readonly epoch: number; readonly pictures: Int32Array } | undefined;

  /** @throws CemError `TRAINING_NO_TEXTS` where there are fewer pictures than a step takes */
  constructor(
    examples: ImageExamples,
    size: number,
    seed: number,
    config: Pick<ImageTrainingConfig, 'batchSize' | 'augmentation'>,
  ) {
    if (examples.count < config.batchSize) {
      throw new CemError(
        'TRAINING_NO_TEXTS',
        `there are ${examples.count} pictures with captions to train on, and a step takes ${config.batchSize}: give more, or set training.batchSize lower`,
        { details: { pictures: examples.count } },
      );
    }
    this.#examples = examples;
    this.#size = size;
    this.#seed = seed;
    this.#config = config;
  }

  /** Passes over all pictures that so many steps are. */
  epochs(steps: number): number {
    return (steps * this.#config.batchSize) / this.#examples.count;
  }

  /** @param step from 0 on */
  at(step: number): PictureBatch {
    const { batchSize } = this.#config;
    const { count, dimension, targets } = this.#examples;
    const numbers = 3 * this.#size ** 2;
    const batch = { pictures: new Float32Array(batchSize * numbers), targets: new Float32Array(batchSize * dimension) };
    for (let place = 0; place < batchSize; place++) {
      const number = step * batchSize + place;
      const index = this.#orderOf(Math.floor(number / count))[number % count]!;
      this.#draw(
        index,
        new RandomNumbers(this.#seed, `pictures/${number}`),
        batch.pictures.subarray(place * numbers, (place + 1) * numbers),
      );
      batch.targets.set(targets.subarray(index * dimension, (index + 1) * dimension), place * dimension);
    }
    return batch;
  }

  /** A part of a picture at full size, perhaps in a mirror, in another light. Between pixels values are interpolated in both directions. */
  #draw(index: number, random: RandomNumbers, into: Float32Array): void {
    const { smallestCrop, flip, light } = this.#config.augmentation;
    const size = this.#size;
    const start = index * 3 * size * size;
    const { pictures } = this.#examples;
    const side = smallestCrop + (1 - smallestCrop) * random.uniform();
    const left = (1 - side) * random.uniform() * (size - 1);
    const top = (1 - side) * random.uniform() * (size - 1);
    const mirrored = random.uniform() < 0.5 && flip;
    const contrast = 1 + light * (2 * random.uniform() - 1);
    const brightness = 255 * light * (random.uniform() - 0.5);
    for (let y = 0; y < size; y++) {
      const fromY = top + side * y;
      const y0 = Math.min(Math.floor(fromY), size - 2);
      const shareY = fromY - y0;
      for (let x = 0; x < size; x++) {
        const fromX = left + side * (mirrored ? size - 1 - x : x);
        const x0 = Math.min(Math.floor(fromX), size - 2);
        const shareX = fromX - x0;
        const corner = start + 3 * (y0 * size + x0);
        for (let colour = 0; colour < 3; colour++) {
          const at = corner + colour;
          const upper = pictures[at]! * (1 - shareX) + pictures[at + 3]! * shareX;
          const lower = pictures[at + 3 * size]! * (1 - shareX) + pictures[at + 3 * size + 3]! * shareX;
          const value = (upper * (1 - shareY) + lower * shareY - 127.5) * contrast + 127.5 + brightness;
          into[3 * (y * size + x) + colour] = Math.max(0, Math.min(255, value));
        }
      }
    }
  }

  /** A seeded permutation of all pictures. */
  #orderOf(epoch: number): Int32Array {
    if (this.#order?.epoch !== epoch) {
      const pictures = Int32Array.from({ length: this.#examples.count }, (_, index) => index);
      new RandomNumbers(this.#seed, `order/${epoch}`).shuffle(pictures);
      this.#order = { epoch, pictures };
    }
    return this.#order.pictures;
  }
}

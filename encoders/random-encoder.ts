import { type OnProgress, RandomNumbers } from '../base/index.ts';
import type { CorpusVectors, Encoder, EncoderDescription, Vectors } from './encoder.ts';

/**
 * What knows nothing: every document and query gets a random unit vector, uniform on the sphere, that depends only on the seed and on the id
 * or text. The row that any other must beat. It is bound to no documents, so no id is unknown to it.
 */
export class RandomEncoder implements Encoder {
  readonly description: EncoderDescription;
  readonly #seed: number;

  constructor(options: { dimension: number; seed?: number }) {
    this.#seed = options.seed ?? 0;
    this.description = { id: 'random', revision: '1', dimension: options.dimension, settings: { seed: this.#seed } };
  }

  async encodeQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#encode('query', texts, onProgress);
  }

  async encodeCorpus(ids: readonly string[], onProgress?: OnProgress): Promise<CorpusVectors> {
    return { ...this.#encode('document', ids, onProgress), owners: Int32Array.from(ids.keys()) };
  }

  #encode(kind: 'query' | 'document', keys: readonly string[], onProgress?: OnProgress): Vectors {
    const { dimension } = this.description;
    const data = new Float32Array(keys.length * dimension); // [keys, dimension]
    keys.forEach((key, row) => {
      fillUnitVector(data.subarray(row * dimension, (row + 1) * dimension), new RandomNumbers(this.#seed, `${kind} ${key}`));
    });
    onProgress?.(keys.length, keys.length);
    return { rows: keys.length, dimension, data };
  }
}

/** Independent normal deviates, normalised: a direction without preference (Muller 1959). */
function fillUnitVector(vector: Float32Array, numbers: RandomNumbers): void {
  const deviates = Float64Array.from(vector, () => numbers.normal());
  const norm = Math.hypot(...deviates) || 1;
  for (let index = 0; index < vector.length; index++) vector[index] = deviates[index]! / norm;
}

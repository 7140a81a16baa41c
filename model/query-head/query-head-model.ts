import assert from 'node:assert/strict';
import { RandomNumbers } from '../../base/index.ts';
import { type GroupRole, HeadProjection, type HeadWeights } from '../../encoders/index.ts';
import { namedWeights } from '../named-weights.ts';
import { tf } from '../tf.ts';
import type { QueryHeadModelConfig } from './config.ts';
import { HeadLayer } from './head-layer.ts';

const ROLES: readonly GroupRole[] = ['query', 'key'];

/** Token vectors behind a head, on a backend. */
export interface HeadOutput {
  /** [rows, dimension], at length 1. */
  readonly vectors: tf.Tensor2D;
  /** [rows] what each token counts. */
  readonly weights: tf.Tensor1D;
}

/** A head that projects token vectors, to be trained. */
export class QueryHeadModel {
  readonly config: QueryHeadModelConfig;
  readonly inputDimension: number;
  readonly graph: tf.LayersModel;
  readonly #layers: ReadonlyMap<GroupRole, tf.layers.Layer>;

  /** With weights of zeros, as a checkpoint is read into. */
  constructor(config: QueryHeadModelConfig, inputDimension: number) {
    this.config = config;
    this.inputDimension = inputDimension;
    const { dimension, layers, hidden, shared, tokenWeights } = config;
    const x = tf.input({ shape: [inputDimension], name: 'tokens' });
    const layerOf = (name: string) =>
      new HeadLayer({ name, inputDimension, dimension, hidden: layers === 2 ? hidden : 0, tokenWeights });
    const query = layerOf(shared ? 'head' : 'query');
    const key = shared ? query : layerOf('key');
    const outputs = (shared ? [query] : [query, key]).map((layer) => layer.apply(x) as tf.SymbolicTensor);
    this.graph = tf.model({ name: 'cem-query-head', inputs: x, outputs });
    this.#layers = new Map<GroupRole, tf.layers.Layer>([
      ['query', query],
      ['key', key],
    ]);
  }

  /**
   * A head that begins as a projection on given directions: with all of them it changes no similarity.
   *
   * @param directions [dimension, inputDimension], orthonormal rows
   */
  static create(config: QueryHeadModelConfig, inputDimension: number, directions: Float32Array, seed: number): QueryHeadModel {
    const { dimension } = config;
    assert(directions.length === dimension * inputDimension, 'a direction for each dimension of the head');
    const model = new QueryHeadModel(config, inputDimension);
    const kernel = new Float32Array(directions.length); // [inputDimension, dimension]
    for (let row = 0; row < dimension; row++)
      for (let i = 0; i < inputDimension; i++) kernel[i * dimension + row] = directions[row * inputDimension + i]!;
    for (const weight of namedWeights(model.graph)) {
      if (weight.name.endsWith('/kernel')) writeWeight(weight, kernel);
      if (!weight.name.endsWith('/up')) continue;
      // Both roles begin as the same.
      const values = new Float32Array(inputDimension * config.hidden);
      new RandomNumbers(seed, 'query-head/up').fillTruncatedNormal(values, 1);
      writeWeight(weight, values);
    }
    return model;
  }

  /** To be called inside of a tidy. */
  apply(rows: tf.Tensor2D, role: GroupRole): HeadOutput {
    const { dimension } = this.config;
    const output = this.#layers.get(role)!.apply(rows) as tf.Tensor2D;
    const count = output.shape[0];
    return {
      vectors: tf.slice2d(output, [0, 0], [count, dimension]),
      weights: tf.slice2d(output, [0, dimension], [count, 1]).reshape([count]) as tf.Tensor1D,
    };
  }

  /** The head as it is now, for use without a backend. */
  async projection(id: string, revision: string): Promise<HeadProjection> {
    const arrays = new Map<string, Float32Array>();
    for (const weight of namedWeights(this.graph)) {
      const tensor = weight.read();
      arrays.set(weight.name, (await tensor.data()).slice() as Float32Array);
      tensor.dispose();
    }
    return headProjection(id, revision, this.config, this.inputDimension, arrays);
  }

  dispose(): void {
    this.graph.dispose();
  }
}

/** A head of its weights by name, as a checkpoint has them. */
export function headProjection(
  id: string,
  revision: string,
  { dimension, layers, hidden: width, shared, tokenWeights }: QueryHeadModelConfig,
  inputDimension: number,
  arrays: ReadonlyMap<string, Float32Array>,
): HeadProjection {
  const [query, key] = ROLES.map((role): HeadWeights => {
    const own = (name: string) => arrays.get(`${shared ? 'head' : role}/${name}`)!;
    return {
      inputDimension,
      dimension,
      kernel: own('kernel'),
      ...(layers === 2 && { hidden: { width, up: own('up'), upBias: own('up-bias'), down: own('down') } }),
      ...(tokenWeights && { importance: { kernel: own('importance'), bias: own('importance-bias')[0]! } }),
    };
  }) as [HeadWeights, HeadWeights];
  return new HeadProjection(id, revision, { query, key });
}

function writeWeight(weight: { readonly shape: readonly number[]; write(values: tf.Tensor): void }, values: Float32Array): void {
  const tensor = tf.tensor(values, [...weight.shape]);
  weight.write(tensor);
  tensor.dispose();
}

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
  /** Length of the vectors that queries have. */
  readonly inputDimension: number;
  /** Length of those that keys have. */
  readonly keyDimension: number;
  readonly graph: tf.LayersModel;
  readonly #layers: ReadonlyMap<GroupRole, tf.layers.Layer>;

  /** With weights of zeros, as a checkpoint is read into. Only two heads take vectors of two lengths. */
  constructor(config: QueryHeadModelConfig, inputDimension: number, keyDimension = inputDimension) {
    assert(!config.shared || keyDimension === inputDimension, 'a shared head takes vectors of one length');
    this.config = config;
    this.inputDimension = inputDimension;
    this.keyDimension = keyDimension;
    const { dimension, layers, hidden, shared, tokenWeights } = config;
    const layerOf = (name: string, width: number) =>
      new HeadLayer({ name, inputDimension: width, dimension, hidden: layers === 2 ? hidden : 0, tokenWeights });
    const query = layerOf(shared ? 'head' : 'query', inputDimension);
    const key = shared ? query : layerOf('key', keyDimension);
    const inputs = [tf.input({ shape: [inputDimension], name: 'queries' })];
    const outputs = [query.apply(inputs[0]!) as tf.SymbolicTensor];
    if (!shared) {
      const keys = tf.input({ shape: [keyDimension], name: 'keys' });
      inputs.push(keys);
      outputs.push(key.apply(keys) as tf.SymbolicTensor);
    }
    this.graph = tf.model({ name: 'cem-query-head', inputs, outputs });
    this.#layers = new Map<GroupRole, tf.layers.Layer>([
      ['query', query],
      ['key', key],
    ]);
  }

  /**
   * A head that begins as a projection on given directions: with all of them it changes no similarity.
   *
   * @param directions [dimension, input dimension] of either role, orthonormal rows
   */
  static create(
    config: QueryHeadModelConfig,
    directions: Readonly<Record<GroupRole, Float32Array>>,
    seed: number,
  ): QueryHeadModel {
    const { dimension } = config;
    const model = new QueryHeadModel(config, directions.query.length / dimension, directions.key.length / dimension);
    for (const weight of namedWeights(model.graph)) {
      const role = weight.name.startsWith('key/') ? 'key' : 'query';
      if (weight.name.endsWith('/kernel')) writeWeight(weight, transposed(directions[role], dimension));
      if (!weight.name.endsWith('/up')) continue;
      // Roles that take vectors of one length begin as the same.
      const values = new Float32Array(weight.shape[0]! * config.hidden);
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
    return headProjection(id, revision, this.config, { query: this.inputDimension, key: this.keyDimension }, arrays);
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
  inputDimensions: Readonly<Record<GroupRole, number>>,
  arrays: ReadonlyMap<string, Float32Array>,
): HeadProjection {
  const [query, key] = ROLES.map((role): HeadWeights => {
    const own = (name: string) => arrays.get(`${shared ? 'head' : role}/${name}`)!;
    return {
      inputDimension: inputDimensions[role],
      dimension,
      kernel: own('kernel'),
      ...(layers === 2 && { hidden: { width, up: own('up'), upBias: own('up-bias'), down: own('down') } }),
      ...(tokenWeights && { importance: { kernel: own('importance'), bias: own('importance-bias')[0]! } }),
    };
  }) as [HeadWeights, HeadWeights];
  return new HeadProjection(id, revision, { query, key });
}

/** [inputs, rows] of [rows, inputs] */
function transposed(matrix: Float32Array, rows: number): Float32Array {
  const inputs = matrix.length / rows;
  return Float32Array.from(matrix, (_, place) => matrix[(place % rows) * inputs + Math.floor(place / rows)]!);
}

function writeWeight(weight: { readonly shape: readonly number[]; write(values: tf.Tensor): void }, values: Float32Array): void {
  const tensor = tf.tensor(values, [...weight.shape]);
  weight.write(tensor);
  tensor.dispose();
}

import { FormatError } from '../../base/index.ts';
import { type NamedWeight, namedWeights, tf } from '../../model/index.ts';
import type { FetchedArray, NamedArray } from './safetensors.ts';

/** A graph's weights by their names, as they are kept in a file. */
export async function graphArrays(graph: tf.LayersModel): Promise<Map<string, NamedArray>> {
  const arrays = new Map<string, NamedArray>();
  for (const weight of namedWeights(graph)) arrays.set(weight.name, { shape: weight.shape, data: await fetchWeight(weight) });
  return arrays;
}

/** The same, each fetched from the backend by itself. */
export function fetchedGraphArrays(graph: tf.LayersModel): Map<string, FetchedArray> {
  return new Map(namedWeights(graph).map((weight) => [weight.name, { shape: weight.shape, fetch: () => fetchWeight(weight) }]));
}

async function fetchWeight(weight: NamedWeight): Promise<Float32Array> {
  const tensor = weight.read();
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}

/**
 * Writes arrays into a graph's weights: all of them, and each in its shape.
 *
 * @param path of the file that they are from
 * @throws FormatError `CHECKPOINT_SHAPE`
 */
export function restoreGraph(graph: tf.LayersModel, arrays: ReadonlyMap<string, NamedArray>, path: string): void {
  const weights = namedWeights(graph);
  for (const weight of weights) {
    const { name, shape } = weight;
    const found = arrays.get(name);
    if (found === undefined || found.shape.join() !== shape.join()) {
      throw new FormatError(
        'CHECKPOINT_SHAPE',
        `${path}: "${name}" should be [${shape.join(', ')}], got ${found ? `[${found.shape.join(', ')}]` : 'nothing'}; the weights do not belong to the state.json beside them`,
        { details: { path, name, expected: shape, found: found?.shape } },
      );
    }
    const tensor = tf.tensor(found.data, [...shape]);
    weight.write(tensor);
    tensor.dispose();
  }
  if (arrays.size === weights.length) return;
  throw new FormatError(
    'CHECKPOINT_SHAPE',
    `${path} holds ${arrays.size} arrays, a model of its configuration has ${weights.length}; use a matching checkpoint`,
    { details: { path } },
  );
}

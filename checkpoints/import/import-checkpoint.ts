import type { CemModel } from '../../model/index.ts';
import { namedWeights, tf } from '../../model/index.ts';
import { loadCheckpoint, tableNames } from '../store/checkpoint.ts';
import type { ImportReport, ShapeMismatch } from './import-blt.ts';

/**
 * Warm start from a checkpoint of ours, whatever it was trained on and whatever teacher and packing it had: writes its weights into a model wherever both have the weight in the same shape. A table
 * of n-grams is taken only where its size, hash function and number of rows are the same: elsewhere its rows would mean other n-grams.
 *
 * @param folder a checkpoint itself, see `findCheckpoint`
 * @throws as `loadCheckpoint`
 */
export async function importCheckpoint(model: CemModel, folder: string): Promise<ImportReport> {
  const { model: source } = await loadCheckpoint(folder);
  try {
    const report = { loaded: [] as string[], notLoaded: [] as string[], mismatched: [] as ShapeMismatch[] };
    const weights = new Map(namedWeights(source.graph).map((weight) => [weight.name, weight]));
    const unused = new Set([...weights.keys(), ...tableNames(source.config).map((name) => `tables/${name}`)]);
    const fits = (name: string, expected: readonly number[], found: readonly number[] | undefined): boolean => {
      unused.delete(name);
      if (found === undefined) report.notLoaded.push(name);
      else if (tf.util.arraysEqual(expected as number[], found as number[])) report.loaded.push(name);
      else report.mismatched.push({ name, source: name, expected, found });
      return report.loaded.at(-1) === name;
    };

    for (const weight of namedWeights(model.graph)) {
      const known = weights.get(weight.name);
      if (!fits(weight.name, weight.shape, known?.shape)) continue;
      const values = known!.read();
      weight.write(values);
      values.dispose();
    }

    const sameHash = source.config.tables.hashFunction === model.config.tables.hashFunction;
    const tables = new Map(tableNames(source.config).map((name, index) => [name, source.tables.tables[index]!]));
    const shapeOf = ({ tables: { dimension } }: CemModel, table: Float32Array) => [table.length / dimension, dimension];
    for (const [index, name] of tableNames(model.config).entries()) {
      const table = model.tables.tables[index]!;
      const known = index === 0 || sameHash ? tables.get(name) : undefined;
      if (fits(`tables/${name}`, shapeOf(model, table), known && shapeOf(source, known))) table.set(known!);
    }
    return { ...report, unused: [...unused] };
  } finally {
    source.dispose();
  }
}

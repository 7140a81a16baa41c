import assert from 'node:assert/strict';
import { tf } from './tf.ts';

/**
 * A weight of a graph as files name it. A variable of the graph may hold several: one whose name's last part has dots, such as `local/0/attention/query.key.value`, is matrices of
 * equal shape side by side by columns, in the order of the names, so that one product multiplies with all of them. Seeds, checkpoints, imports and the state of optimisers know
 * only its parts, `local/0/attention/query` and so on, one after another.
 */
export interface NamedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** The caller owns the result, which shares its memory with the graph where the weight is a variable by itself. */
  read(): tf.Tensor;
  /** @param values in the weight's shape; they stay the caller's */
  write(values: tf.Tensor): void;
}

/** What says how the numbers of a variable lie. */
type Variable = Pick<tf.LayerVariable, 'originalName' | 'shape'>;

/** Every weight by itself, in the order of the variables. */
export function namedWeights(graph: { readonly weights: readonly tf.LayerVariable[] }): NamedWeight[] {
  return graph.weights.flatMap((variable) => {
    const names = partNames(variable.originalName);
    return names.length === 1 ? wholeWeight(variable) : partWeights(variable, names);
  });
}

function wholeWeight(variable: tf.LayerVariable): NamedWeight {
  return {
    name: variable.originalName,
    shape: variable.shape as number[],
    read: () => variable.read().clone(),
    write: (values) => {
      variable.write(values);
    },
  };
}

function partWeights(variable: tf.LayerVariable, names: readonly string[]): NamedWeight[] {
  const shape = partShape(variable, names.length);
  const [rows, columns] = shape;
  /** [rows, some parts' columns] */
  const slice = (from: number, to: number): tf.Tensor =>
    tf.slice(variable.read(), [0, from * columns], [rows, (to - from) * columns]);
  return names.map((name, part) => ({
    name,
    shape,
    read: () => slice(part, part + 1),
    write: (values) => {
      tf.util.assertShapesMatch(values.shape, [...shape], `${name}: `);
      tf.tidy(() => {
        const before = part > 0 ? [slice(0, part)] : [];
        const behind = part + 1 < names.length ? [slice(part + 1, names.length)] : [];
        variable.write(tf.concat([...before, values, ...behind], 1));
      });
    },
  }));
}

/**
 * The numbers of a variable with its parts one after another, each [rows, columns].
 *
 * @param values as they lie in the variable
 * @returns `values` themselves where the variable is a weight by itself, else a copy
 */
export function toNamedOrder(variable: Variable, values: Float32Array): Float32Array {
  return reordered(variable, values, (rows, parts, row, part) => [row * parts + part, part * rows + row]);
}

/**
 * The numbers of a variable as they lie in it.
 *
 * @param values as `toNamedOrder` gives them
 * @returns `values` themselves where the variable is a weight by itself, else a copy
 */
export function toVariableOrder(variable: Variable, values: Float32Array): Float32Array {
  return reordered(variable, values, (rows, parts, row, part) => [part * rows + row, row * parts + part]);
}

/** @param places of one row of one part, in the values and in the result, counted in rows of a part */
function reordered(
  variable: Variable,
  values: Float32Array,
  places: (rows: number, parts: number, row: number, part: number) => readonly [from: number, to: number],
): Float32Array {
  const parts = partNames(variable.originalName).length;
  if (parts === 1) return values;
  const [rows, columns] = partShape(variable, parts);
  assert.equal(values.length, rows * parts * columns);
  const result = new Float32Array(values.length);
  for (let part = 0; part < parts; part++) {
    for (let row = 0; row < rows; row++) {
      const [from, to] = places(rows, parts, row, part);
      result.set(values.subarray(from * columns, (from + 1) * columns), to * columns);
    }
  }
  return result;
}

/** The names of a variable's parts, or its own where it is a weight by itself. */
export function partNames(name: string): string[] {
  const last = name.lastIndexOf('/') + 1;
  return name
    .slice(last)
    .split('.')
    .map((part) => name.slice(0, last) + part);
}

/** [rows, columns] of each part. */
function partShape({ originalName, shape }: Variable, parts: number): readonly [rows: number, columns: number] {
  const [rows, columns] = shape as [number, number];
  assert(shape.length === 2 && columns % parts === 0, `"${originalName}" is ${parts} matrices, got [${shape.join(', ')}]`);
  return [rows, columns / parts];
}

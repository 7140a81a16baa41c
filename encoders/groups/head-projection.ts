import type { GroupRole, ProjectedTokens, TokenProjection } from './token-projection.ts';

/** The weights of a head for one role, rows of matrices by input. */
export interface HeadWeights {
  readonly inputDimension: number;
  readonly dimension: number;
  /** [inputDimension, dimension] */
  readonly kernel: Float32Array;
  /** What a second layer adds; absent: nothing. */
  readonly hidden?:
    | {
        readonly width: number;
        /** [inputDimension, width] */
        readonly up: Float32Array;
        /** [width] */
        readonly upBias: Float32Array;
        /** [width, dimension] */
        readonly down: Float32Array;
      }
    | undefined;
  /** What a token counts, `2 sigmoid(x importance + bias)`; absent: all the same. */
  readonly importance?: { readonly kernel: Float32Array; readonly bias: number } | undefined;
}

/** Below any length of a token's vector. */
const UNIT_EPSILON = 1e-12;

/**
 * A trained head, in plain arithmetic: `x' = x / |x|`, `y = x' W`, and with two layers `+ silu(x' U + b) V`. It needs no backend, so that a process that only searches has none.
 */
export class HeadProjection implements TokenProjection {
  readonly id: string;
  readonly revision: string;
  readonly inputDimension: number;
  readonly keyDimension: number;
  readonly dimension: number;
  readonly #weights: Readonly<Record<GroupRole, HeadWeights>>;

  constructor(id: string, revision: string, weights: Readonly<Record<GroupRole, HeadWeights>>) {
    this.id = id;
    this.revision = revision;
    this.inputDimension = weights.query.inputDimension;
    this.keyDimension = weights.key.inputDimension;
    this.dimension = weights.query.dimension;
    this.#weights = weights;
  }

  project(vectors: Float32Array, tokens: number, role: GroupRole): ProjectedTokens {
    const { kernel, dimension, inputDimension, hidden, importance } = this.#weights[role];
    const unit = unitRows(vectors, tokens, inputDimension); // [tokens, inputDimension]
    const projected = new Float32Array(tokens * dimension);
    addProduct(projected, unit, kernel, tokens, inputDimension, dimension);
    if (hidden !== undefined) {
      const { width, up, upBias, down } = hidden;
      const states = new Float32Array(tokens * width);
      for (let token = 0; token < tokens; token++) states.set(upBias, token * width);
      addProduct(states, unit, up, tokens, inputDimension, width);
      for (let i = 0; i < states.length; i++) states[i] = states[i]! / (1 + Math.exp(-states[i]!));
      addProduct(projected, states, down, tokens, width, dimension);
    }
    if (importance === undefined) return { vectors: projected };
    const weights = new Float32Array(tokens);
    for (let token = 0; token < tokens; token++) {
      let sum = importance.bias;
      for (let i = 0; i < inputDimension; i++) sum += unit[token * inputDimension + i]! * importance.kernel[i]!;
      weights[token] = 2 / (1 + Math.exp(-sum));
    }
    return { vectors: projected, weights };
  }
}

/** Rows at length 1. */
function unitRows(vectors: Float32Array, rows: number, dimension: number): Float32Array {
  const unit = new Float32Array(rows * dimension);
  for (let start = 0; start < unit.length; start += dimension) {
    let square = UNIT_EPSILON;
    for (let i = start; i < start + dimension; i++) square += vectors[i]! * vectors[i]!;
    const scale = 1 / Math.sqrt(square);
    for (let i = start; i < start + dimension; i++) unit[i] = vectors[i]! * scale;
  }
  return unit;
}

/** `target += left right`: [rows, columns] += [rows, inner] x [inner, columns]. */
function addProduct(
  target: Float32Array,
  left: Float32Array,
  right: Float32Array,
  rows: number,
  inner: number,
  columns: number,
): void {
  for (let row = 0; row < rows; row++) {
    const out = target.subarray(row * columns, (row + 1) * columns);
    const from = row * inner;
    let i = 0;
    // Four rows of the matrix at a time: the sums are read and written a quarter as often.
    for (; i + 4 <= inner; i += 4) {
      const [a, b, c, d] = [left[from + i]!, left[from + i + 1]!, left[from + i + 2]!, left[from + i + 3]!];
      const at = i * columns;
      for (let column = 0; column < columns; column++) {
        const place = at + column;
        out[column] =
          out[column]! +
          a * right[place]! +
          b * right[place + columns]! +
          c * right[place + 2 * columns]! +
          d * right[place + 3 * columns]!;
      }
    }
    for (; i < inner; i++) {
      const value = left[from + i]!;
      for (let column = 0; column < columns; column++) out[column] = out[column]! + value * right[i * columns + column]!;
    }
  }
}

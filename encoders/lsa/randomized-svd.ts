import assert from 'node:assert/strict';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { multiplyRow, type SparseMatrix } from './sparse-matrix.ts';

export interface RandomizedSvdOptions {
  /** Singular triplets wanted. */
  readonly rank: number;
  /** More columns in the random start than wanted triplets; 10 to 20 are enough (Halko, Martinsson, Tropp 2011, section 4.2). */
  readonly oversampling: number;
  /** Power iterations: products with A^T A, each followed by orthonormalisation (algorithm 4.4 there). */
  readonly iterations: number;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface RightSingularVectors {
  /** Triplets found: `rank`, or fewer when the matrix has a lower rank. */
  readonly rank: number;
  /** Row-major [columns, rank], orthonormal columns, in descending order of singular values; the largest entry of each is positive. */
  readonly vectors: Float64Array;
  /** [rank] */
  readonly values: Float64Array;
}

/** An eigenvalue of a Gram matrix below this share of the largest is rounding, not a direction: the square of 1e-6. */
const NEGLIGIBLE = 1e-12;

/**
 * The leading right singular vectors of a sparse matrix, by randomised subspace iteration (Halko, Martinsson, Tropp 2011, "Finding structure with randomness").
 * Works on the columns' side and row by row, so memory is that of two dense [columns, rank + oversampling] matrices, whatever the number of rows.
 * The same matrix and seed give the same bytes.
 */
export function randomizedSvd(matrix: SparseMatrix, options: RandomizedSvdOptions): RightSingularVectors {
  assert(options.rank > 0 && options.iterations >= 0 && options.oversampling >= 0);
  const steps = options.iterations + 2;
  let width = Math.min(options.rank + options.oversampling, matrix.columns, matrix.rows);
  if (width === 0 || matrix.values.every((value) => value === 0))
    return { rank: 0, vectors: new Float64Array(0), values: new Float64Array(0) };
  let basis = startingBasis(matrix, width, options.seed);
  options.onProgress?.(1, steps);
  for (let iteration = 0; iteration < options.iterations; iteration++) {
    ({ basis, width } = orthonormalize(basis, matrix.columns, width));
    basis = applyGram(matrix, basis, width);
    options.onProgress?.(iteration + 2, steps);
  }
  ({ basis, width } = orthonormalize(basis, matrix.columns, width));
  // Once more, because one pass by Gram matrix leaves the square of the condition number as error.
  ({ basis, width } = orthonormalize(basis, matrix.columns, width));
  const result = rotate(matrix, basis, width, options.rank);
  options.onProgress?.(steps, steps);
  return result;
}

/** Rayleigh-Ritz: the eigenvectors of (A Q)^T (A Q) turn the basis Q into singular vectors. */
function rotate(matrix: SparseMatrix, basis: Float64Array, width: number, wanted: number): RightSingularVectors {
  const gram = new Float64Array(width * width);
  const block = new Float64Array(GRAM_ROWS * width);
  for (let row = 0; row < matrix.rows; row += GRAM_ROWS) {
    const rows = Math.min(GRAM_ROWS, matrix.rows - row);
    block.fill(0);
    for (let i = 0; i < rows; i++) {
      const { starts, indices, values } = matrix;
      multiplyRow(
        indices,
        values,
        starts[row + i]!,
        starts[row + i + 1]!,
        basis,
        width,
        block.subarray(i * width, (i + 1) * width),
      );
    }
    addGram(block, 0, GRAM_ROWS, width, gram);
  }
  const { values, vectors } = symmetricEigen(gram, width);
  const rank = Math.min(wanted, countSignificant(values));
  const turned = multiply(basis, matrix.columns, width, vectors, rank);
  for (let column = 0; column < rank; column++) fixSign(turned, matrix.columns, rank, column);
  return { rank, vectors: turned, values: values.slice(0, rank).map(Math.sqrt) };
}

/**
 * [columns, width]: what spans every row where the width allows that (so that small matrices are decomposed exactly), else A^T omega with random signs:
 * half a power iteration more than random columns. Signs need no transcendental function, so they are the same on every machine.
 */
function startingBasis(matrix: SparseMatrix, width: number, seed: number): Float64Array {
  const output = new Float64Array(matrix.columns * width);
  if (width === matrix.columns) {
    for (let column = 0; column < width; column++) output[column * width + column] = 1;
    return output;
  }
  const identity = width === matrix.rows;
  const omega = new Float64Array(width);
  const next = randomBits(seed);
  for (let row = 0; row < matrix.rows; row++) {
    if (identity) omega.fill(0)[row] = 1;
    else fillWithSigns(omega, next);
    scatterRow(matrix, row, omega, width, output);
  }
  return output;
}

function fillWithSigns(vector: Float64Array, next: () => number): void {
  for (let start = 0; start < vector.length; start += 32) {
    const bits = next();
    for (let bit = 0; bit < 32 && start + bit < vector.length; bit++) vector[start + bit] = (bits >>> bit) & 1 ? 1 : -1;
  }
}

/** A^T (A X), row by row: [columns, width]. */
function applyGram(matrix: SparseMatrix, basis: Float64Array, width: number): Float64Array {
  const output = new Float64Array(matrix.columns * width);
  const product = new Float64Array(width);
  for (let row = 0; row < matrix.rows; row++) {
    multiplyRow(matrix.indices, matrix.values, matrix.starts[row]!, matrix.starts[row + 1]!, basis, width, product);
    scatterRow(matrix, row, product, width, output);
  }
  return output;
}

/** output[column] += weight * vector for each entry of the row. */
function scatterRow(matrix: SparseMatrix, row: number, vector: Float64Array, width: number, output: Float64Array): void {
  for (let entry = matrix.starts[row]!; entry < matrix.starts[row + 1]!; entry++) {
    const weight = matrix.values[entry]!;
    let position = matrix.indices[entry]! * width;
    for (let column = 0; column < width; column++, position++) output[position] = output[position]! + weight * vector[column]!;
  }
}

/** A basis of the columns' span with orthonormal columns, by the eigenvectors of the Gram matrix; directions that are rounding only are dropped. */
function orthonormalize(dense: Float64Array, rows: number, width: number): { basis: Float64Array; width: number } {
  const gram = new Float64Array(width * width);
  addGram(dense, 0, rows, width, gram);
  const { values, vectors } = symmetricEigen(gram, width);
  const kept = countSignificant(values);
  for (let column = 0; column < kept; column++) {
    const scale = 1 / Math.sqrt(values[column]!);
    for (let row = 0; row < width; row++) vectors[row * width + column] = vectors[row * width + column]! * scale;
  }
  return { basis: multiply(dense, rows, width, vectors, kept), width: kept };
}

/** Rows that one pass over the Gram matrix takes in. */
const GRAM_ROWS = 8;

/** gram += X^T X over the rows [start, end); both triangles. */
function addGram(dense: Float64Array, start: number, end: number, width: number, gram: Float64Array): void {
  for (let row = start; row < end; row += GRAM_ROWS) {
    const rows = Math.min(GRAM_ROWS, end - row);
    if (rows === GRAM_ROWS) addGramOfEight(dense, row * width, width, gram);
    else for (let i = 0; i < rows; i++) addGramOfOne(dense, (row + i) * width, width, gram);
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) gram[j * width + i] = gram[i * width + j]!;
}

function addGramOfEight(dense: Float64Array, p: number, width: number, gram: Float64Array): void {
  const [q, r, s] = [p + width, p + 2 * width, p + 3 * width];
  const [t, u, v, w] = [p + 4 * width, p + 5 * width, p + 6 * width, p + 7 * width];
  for (let i = 0; i < width; i++) {
    const [a, b, c, d] = [dense[p + i]!, dense[q + i]!, dense[r + i]!, dense[s + i]!];
    const [e, f, g, h] = [dense[t + i]!, dense[u + i]!, dense[v + i]!, dense[w + i]!];
    for (let j = 0, k = i * width; j <= i; j++, k++) {
      gram[k] =
        gram[k]! +
        (a * dense[p + j]! + b * dense[q + j]! + c * dense[r + j]! + d * dense[s + j]!) +
        (e * dense[t + j]! + f * dense[u + j]! + g * dense[v + j]! + h * dense[w + j]!);
    }
  }
}

function addGramOfOne(dense: Float64Array, p: number, width: number, gram: Float64Array): void {
  for (let i = 0; i < width; i++) {
    const a = dense[p + i]!;
    for (let j = 0, k = i * width; j <= i; j++, k++) gram[k] = gram[k]! + a * dense[p + j]!;
  }
}

/** X times the first `kept` columns of a square matrix: [rows, kept]. */
function multiply(dense: Float64Array, rows: number, width: number, square: Float64Array, kept: number): Float64Array {
  const output = new Float64Array(rows * kept);
  for (let row = 0; row < rows; row++) {
    const out = row * kept;
    let inner = 0;
    for (; inner + 3 < width; inner += 4) {
      const from = row * width + inner;
      const [a, b, c, d] = [dense[from]!, dense[from + 1]!, dense[from + 2]!, dense[from + 3]!];
      const [p, q, r, s] = [inner * width, (inner + 1) * width, (inner + 2) * width, (inner + 3) * width];
      for (let j = 0; j < kept; j++) {
        output[out + j] = output[out + j]! + (a * square[p + j]! + b * square[q + j]! + c * square[r + j]! + d * square[s + j]!);
      }
    }
    for (; inner < width; inner++) {
      const a = dense[row * width + inner]!;
      for (let j = 0; j < kept; j++) output[out + j] = output[out + j]! + a * square[inner * width + j]!;
    }
  }
  return output;
}

/** Eigenvalues in descending order and their vectors as columns of a row-major [width, width]. */
function symmetricEigen(gram: Float64Array, width: number): { values: Float64Array; vectors: Float64Array } {
  const decomposition = new EigenvalueDecomposition(Matrix.from1DArray(width, width, gram), { assumeSymmetric: true });
  const eigenvalues = decomposition.realEigenvalues;
  const order = eigenvalues.map((_, index) => index).sort((a, b) => eigenvalues[b]! - eigenvalues[a]! || a - b);
  const vectors = new Float64Array(width * width);
  for (let row = 0; row < width; row++) {
    for (let column = 0; column < width; column++) {
      vectors[row * width + column] = decomposition.eigenvectorMatrix.get(row, order[column]!);
    }
  }
  return { values: Float64Array.from(order, (index) => Math.max(0, eigenvalues[index]!)), vectors };
}

function countSignificant(values: Float64Array): number {
  const least = values[0]! * NEGLIGIBLE;
  let count = 0;
  while (count < values.length && values[count]! > least) count++;
  return count;
}

/** A singular vector's sign is free: choose the one that makes its largest entry positive. */
function fixSign(vectors: Float64Array, rows: number, width: number, column: number): void {
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    const value = vectors[row * width + column]!;
    if (Math.abs(value) > Math.abs(largest)) largest = value;
  }
  if (largest >= 0) return;
  for (let row = 0; row < rows; row++) vectors[row * width + column] = -vectors[row * width + column]!;
}

/** 32 random bits a call: splitmix32 (the finaliser of MurmurHash3 over a Weyl sequence). */
function randomBits(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let bits = state;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return (bits ^ (bits >>> 16)) >>> 0;
  };
}

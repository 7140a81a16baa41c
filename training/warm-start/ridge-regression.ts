/** A matrix A, applied and never held: from `rows` unknowns to `texts` equations, for `width` right-hand sides side by side. */
export interface RegressionMatrix {
  readonly width: number;
  /** For each table [rows] the squares of A's columns, summed over the equations. */
  readonly columnSquares: readonly Float32Array[];
  /** Zeros, one array a table [rows, width], of the kind that `apply` reads. */
  unknowns(): Float32Array[];
  /** A X, [texts, width]. */
  apply(unknowns: readonly Float32Array[]): Float32Array;
  /** A^T Y, one array a table [rows, width]; valid until the next call of any of the two. */
  applyTransposed(equations: Float32Array): readonly Float32Array[];
}

export interface RidgeOptions {
  /** Weight of the unknowns' squares beside those of the residuals; above 0, or rows that no text has are undetermined. */
  readonly ridge: number;
  readonly iterations: number;
  readonly onIteration?: (done: number, residual: number) => void;
}

interface RidgeSolution {
  /** One array a table [rows, width]. */
  readonly unknowns: readonly Float32Array[];
  /** What is left of the targets: |Y - A X| / |Y| over all right-hand sides. */
  readonly residual: number;
}

/** A right-hand side whose preconditioned gradient has fallen to this share of its first one (squared, float32's rounding) is done. */
const CONVERGED = 1e-13;

/**
 * The X that makes |A X - Y|^2 + ridge |X|^2 least, by conjugate gradients on the least-squares problem (CGLS: Hestenes and Stiefel 1952, section 10; A^T A is never formed),
 * preconditioned with the diagonal of A^T A + ridge. Each right-hand side has step lengths of its own, so that it is solved as if it stood alone. Memory beside the matrix' own: twice the
 * unknowns and twice the targets.
 *
 * @param targets Y, [texts, width]
 */
export function ridgeRegression(matrix: RegressionMatrix, targets: Float32Array, options: RidgeOptions): RidgeSolution {
  const { width } = matrix;
  const { ridge, iterations } = options;
  const solution = matrix.unknowns();
  const direction = matrix.unknowns();
  const residual = targets.slice();
  const scales = matrix.columnSquares.map((squares) => squares.map((square) => 1 / (square + ridge)));
  const lengthOfTargets = norm(targets);

  let gradient = matrix.applyTransposed(residual);
  let gamma = squaresOfGradient(gradient, solution, scales, ridge, width);
  const first = gamma;
  turn(direction, gradient, solution, scales, ridge, new Float64Array(width));
  for (let iteration = 0; iteration < iterations; iteration++) {
    const image = matrix.apply(direction);
    const curvature = columnSquares([image], width);
    columnSquares(direction, width).forEach((square, column) => {
      curvature[column]! += ridge * square;
    });
    // A right-hand side that is done stands still while the others go on.
    const steps = gamma.map((value, column) => (value > CONVERGED * first[column]! ? value / curvature[column]! : 0));
    if (steps.every((step) => step === 0)) break;
    direction.forEach((values, table) => {
      addScaled(solution[table]!, values, steps);
    });
    addScaled(
      residual,
      image,
      steps.map((step) => -step),
    );
    gradient = matrix.applyTransposed(residual);
    const next = squaresOfGradient(gradient, solution, scales, ridge, width);
    const kept = next.map((value, column) => (steps[column] === 0 ? 0 : value / gamma[column]!));
    turn(direction, gradient, solution, scales, ridge, kept);
    gamma = next;
    options.onIteration?.(iteration + 1, norm(residual) / lengthOfTargets);
  }
  return { unknowns: solution, residual: lengthOfTargets === 0 ? 0 : norm(residual) / lengthOfTargets };
}

/** [width] for each right-hand side g M^-1 g, with g = A^T r - ridge x and M the preconditioner. */
function squaresOfGradient(
  gradient: readonly Float32Array[],
  solution: readonly Float32Array[],
  scales: readonly Float32Array[],
  ridge: number,
  width: number,
): Float64Array {
  const sums = new Float64Array(width);
  gradient.forEach((values, table) => {
    const [x, scale] = [solution[table]!, scales[table]!];
    for (let row = 0, at = 0; row < scale.length; row++) {
      for (let column = 0; column < width; column++, at++) {
        const value = values[at]! - ridge * x[at]!;
        sums[column]! += value * value * scale[row]!;
      }
    }
  });
  return sums;
}

/** The next direction: M^-1 g + kept * direction. */
function turn(
  direction: readonly Float32Array[],
  gradient: readonly Float32Array[],
  solution: readonly Float32Array[],
  scales: readonly Float32Array[],
  ridge: number,
  kept: Float64Array,
): void {
  const width = kept.length;
  gradient.forEach((values, table) => {
    const [p, x, scale] = [direction[table]!, solution[table]!, scales[table]!];
    for (let row = 0, at = 0; row < scale.length; row++) {
      for (let column = 0; column < width; column++, at++) {
        p[at] = (values[at]! - ridge * x[at]!) * scale[row]! + kept[column]! * p[at]!;
      }
    }
  });
}

/** target += scales * values, column by column. */
function addScaled(target: Float32Array, values: Float32Array, scales: Float64Array): void {
  const width = scales.length;
  for (let from = 0; from < values.length; from += width) {
    for (let column = 0; column < width; column++) target[from + column]! += scales[column]! * values[from + column]!;
  }
}

/** [width] */
function columnSquares(arrays: readonly Float32Array[], width: number): Float64Array {
  const sums = new Float64Array(width);
  for (const values of arrays) {
    for (let from = 0; from < values.length; from += width) {
      for (let column = 0; column < width; column++) {
        const value = values[from + column]!;
        sums[column]! += value * value;
      }
    }
  }
  return sums;
}

function norm(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

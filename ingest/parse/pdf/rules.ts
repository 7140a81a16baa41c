import type { PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';

/** A straight line that is drawn on a page, across or down. Points, y down from the page's upper edge. */
export interface PdfRule {
  readonly across: boolean;
  /** y of one that goes across, x of one that goes down. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export type OperatorList = Awaited<ReturnType<PDFPageProxy['getOperatorList']>>;
type Matrix = readonly [number, number, number, number, number, number];

/** Numbers of pdf.js's operations (`OPS`), which are part of its interface. */
const OPERATION = {
  save: 10,
  restore: 11,
  transform: 12,
  formBegin: 74,
  formEnd: 75,
  constructPath: 91,
  endPath: 28,
  fill: 22,
  eoFill: 23,
};
/** Steps of a path as pdf.js packs them: a number, then its coordinates. */
const MOVE = 0;
const LINE = 1;
const COORDINATES = [2, 2, 6, 4, 0];

/** A line that is off by more is slanted; filled shapes that are thinner are lines. */
const STRAIGHT = 1;
const THIN = 3;
/** Shorter ones are parts of drawings and letters. */
const SHORTEST = 6;
/** A page with more is a drawing, whose lines are no table's. */
const MOST = 20_000;

function multiply(a: Matrix, b: Matrix): Matrix {
  return [
    a[0] * b[0] + a[2] * b[1],
    a[1] * b[0] + a[3] * b[1],
    a[0] * b[2] + a[2] * b[3],
    a[1] * b[2] + a[3] * b[3],
    a[0] * b[4] + a[2] * b[5] + a[4],
    a[1] * b[4] + a[3] * b[5] + a[5],
  ];
}

function toMatrix(value: unknown): Matrix {
  const numbers = Array.from((value ?? []) as ArrayLike<number>);
  return numbers.length === 6 && numbers.every(Number.isFinite) ? (numbers as unknown as Matrix) : [1, 0, 0, 1, 0, 0];
}

/** Lines of one path. A filled shape counts where it is thin. */
function pathRules(steps: ArrayLike<number>, matrix: Matrix, filled: boolean): PdfRule[] {
  const rules: PdfRule[] = [];
  let [startX, startY, x, y] = [0, 0, 0, 0];
  let bounds = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY] as [
    number,
    number,
    number,
    number,
  ];
  let shape: PdfRule[] = [];
  const point = (index: number): [number, number] => {
    const [px, py] = [steps[index] ?? 0, steps[index + 1] ?? 0];
    return [matrix[0] * px + matrix[2] * py + matrix[4], matrix[1] * px + matrix[3] * py + matrix[5]];
  };
  const lineTo = (nextX: number, nextY: number): void => {
    const [dx, dy] = [Math.abs(nextX - x), Math.abs(nextY - y)];
    if (dy <= STRAIGHT && dx >= SHORTEST)
      shape.push({ across: true, at: (y + nextY) / 2, from: Math.min(x, nextX), to: Math.max(x, nextX) });
    else if (dx <= STRAIGHT && dy >= SHORTEST)
      shape.push({ across: false, at: (x + nextX) / 2, from: Math.min(y, nextY), to: Math.max(y, nextY) });
    [x, y] = [nextX, nextY];
    bounds = [Math.min(bounds[0], x), Math.min(bounds[1], y), Math.max(bounds[2], x), Math.max(bounds[3], y)];
  };
  const endShape = (): void => {
    if (!filled || bounds[2] - bounds[0] <= THIN || bounds[3] - bounds[1] <= THIN) rules.push(...shape);
    shape = [];
    bounds = [x, y, x, y];
  };
  for (let index = 0; index < steps.length; ) {
    const step = steps[index] as number;
    const count = COORDINATES[step];
    if (count === undefined) break;
    if (step === MOVE) {
      endShape();
      [x, y] = point(index + 1);
      [startX, startY] = [x, y];
      bounds = [x, y, x, y];
    } else if (step === LINE) {
      lineTo(...point(index + 1));
    } else if (count === 0) {
      lineTo(startX, startY);
    } else {
      [x, y] = point(index + count - 1);
    }
    index += 1 + count;
  }
  endShape();
  return rules;
}

/** Calls back for each operation with the matrix that holds there, from the operation's coordinates to the page's. */
export function walkOperations(
  { fnArray, argsArray }: OperatorList,
  view: readonly number[],
  visit: (operation: number, parameters: readonly unknown[], matrix: Matrix) => boolean,
): void {
  const stack: Matrix[] = [];
  let matrix = toMatrix(view);
  for (const [index, operation] of fnArray.entries()) {
    const parameters = (argsArray[index] ?? []) as readonly unknown[];
    if (operation === OPERATION.save) stack.push(matrix);
    else if (operation === OPERATION.restore || operation === OPERATION.formEnd) matrix = stack.pop() ?? matrix;
    else if (operation === OPERATION.transform) matrix = multiply(matrix, toMatrix(parameters));
    else if (operation === OPERATION.formBegin) {
      stack.push(matrix);
      if (parameters[0] !== null) matrix = multiply(matrix, toMatrix(parameters[0]));
    }
    if (!visit(operation, parameters, matrix)) return;
  }
}

/** Pictures are smaller in icons. Points. */
const PICTURE = 100;

/** Whether a page shows a picture of some size. Pictures are unit squares that a matrix makes as large as they are shown; they are not decoded, and the matrix is what is left of them. */
export function isPictured(operations: OperatorList, view: readonly number[]): boolean {
  let found = false;
  walkOperations(operations, view, (operation, _, [a, b, c, d]) => {
    found = operation === OPERATION.transform && Math.hypot(a, b) >= PICTURE && Math.hypot(c, d) >= PICTURE;
    return !found;
  });
  return found;
}

/**
 * Straight lines that a page draws across and down.
 *
 * @param view from the file's coordinates to the page's
 */
export function rulesOf(operations: OperatorList, view: readonly number[]): PdfRule[] {
  const rules: PdfRule[] = [];
  walkOperations(operations, view, (operation, parameters, matrix) => {
    if (operation !== OPERATION.constructPath || parameters[0] === OPERATION.endPath) return true;
    const steps = (parameters[1] as readonly (ArrayLike<number> | null)[] | undefined)?.[0];
    const filled = parameters[0] === OPERATION.fill || parameters[0] === OPERATION.eoFill;
    if (steps !== null && steps !== undefined) rules.push(...pathRules(steps, matrix, filled));
    return rules.length <= MOST;
  });
  return rules.length <= MOST ? rules : [];
}

import type { Matrix, PartRunner, Product } from './wasm-runs.ts';
import type { WasmThreads } from './wasm-threads.ts';

const FLOAT_BYTES = 4;
/** Multiplications and additions a second of one thread, and numbers a second that are copied: measured, AMD EPYC. */
const OPERATION_RATE = 40e9;
const COPY_RATE = 1e9;
/** What a product must take at least, in seconds, for threads to be worth their waking. */
const LEAST_SECONDS = 1e-3;
/** Cuts stand at multiples of a tile's sides. */
const TILE = 8;

/** The words of c/wasm/matrix-product.h. */
export function productWords({ left, right, rows, inner, columns, output, outputStep }: Product, scratch: number): number[] {
  return [
    left.address,
    left.step,
    Number(left.transposed),
    right.address,
    right.step,
    Number(right.transposed),
    rows,
    inner,
    columns,
    output,
    outputStep,
    scratch,
  ];
}

/** Whether threads would save at least twice the time that copying for them takes. */
export function largeProduct({ rows, inner, columns }: Product, threads: number): boolean {
  const seconds = (2 * rows * inner * columns) / OPERATION_RATE;
  if (threads === 1 || seconds < LEAST_SECONDS) return false;
  const share = (threads - 1) / threads;
  const operands = Math.min(rows * inner * share + inner * columns, rows * inner + inner * columns * share);
  return seconds * share > (2 * (operands + rows * columns * share)) / COPY_RATE;
}

/** A range of rows or columns of the result. */
interface Part {
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts a product by rows or columns of the result: this thread has the first part, each other one of the following.
 *
 * @param scratchNumbers what each product needs
 * @returns false where the threads' memory does not suffice: the product is to be done without them
 */
export function multiplyOnThreads(library: PartRunner, threads: WasmThreads, product: Product, scratchNumbers: number): boolean {
  const { rows, inner, columns } = product;
  // Copied are the operand that all need, and the others' part of the one that is cut.
  const byRows = rows * inner >= inner * columns;
  const parts = cut(byRows ? rows : columns, threads.count + 1);
  const [own, ...others] = parts.map((part) => (byRows ? rowsOf(product, part) : columnsOf(product, part)));
  threads.begin();
  const common = byRows
    ? copyMatrix(library, threads, product.right, inner, columns)
    : copyMatrix(library, threads, product.left, rows, inner);
  if (common === undefined) return false;
  const copies: Product[] = [];
  const words: number[][] = [];
  for (const other of others) {
    const cutOperand = byRows
      ? copyMatrix(library, threads, other.left, other.rows, inner)
      : copyMatrix(library, threads, other.right, inner, other.columns);
    const output = threads.take(other.rows * other.columns * FLOAT_BYTES);
    const scratch = threads.take(scratchNumbers * FLOAT_BYTES);
    if (cutOperand === undefined || output === undefined || scratch === undefined) return false;
    const copy = {
      ...other,
      left: byRows ? cutOperand : common,
      right: byRows ? common : cutOperand,
      output,
      outputStep: other.columns,
    };
    copies.push(copy);
    words.push(productWords(copy, scratch));
  }
  threads.startProducts(words);
  library.multiplyHere(own!);
  if (!threads.finish(words.length)) return false;
  copies.forEach((copy, index) => {
    const other = others[index]!;
    const from = threads.floats(copy.output, copy.rows * copy.columns);
    copyRows(
      from,
      copy.columns,
      library.floats(other.output, (other.rows - 1) * other.outputStep + other.columns),
      other.outputStep,
      other.rows,
    );
  });
  return true;
}

/** As many parts as there are threads, or fewer where there are not enough tiles. */
function cut(size: number, count: number): Part[] {
  const tiles = Math.ceil(size / TILE);
  const ends = Array.from({ length: count }, (_, index) => Math.min(size, Math.round((tiles * (index + 1)) / count) * TILE));
  return ends.map((to, index) => ({ from: ends[index - 1] ?? 0, to })).filter(({ from, to }) => to > from);
}

function rowsOf(product: Product, { from, to }: Part): Product {
  const { left, output, outputStep } = product;
  const address = left.address + from * (left.transposed ? 1 : left.step) * FLOAT_BYTES;
  return { ...product, left: { ...left, address }, rows: to - from, output: output + from * outputStep * FLOAT_BYTES };
}

function columnsOf(product: Product, { from, to }: Part): Product {
  const { right, output } = product;
  const address = right.address + from * (right.transposed ? right.step : 1) * FLOAT_BYTES;
  return { ...product, right: { ...right, address }, columns: to - from, output: output + from * FLOAT_BYTES };
}

/** A copy in the threads' memory without gaps; sizes are those of what is multiplied. */
function copyMatrix(
  library: PartRunner,
  threads: WasmThreads,
  matrix: Matrix,
  rows: number,
  columns: number,
): Matrix | undefined {
  const [lines, length] = matrix.transposed ? [columns, rows] : [rows, columns];
  const address = threads.take(lines * length * FLOAT_BYTES);
  if (address === undefined) return undefined;
  const from = library.floats(matrix.address, (lines - 1) * matrix.step + length);
  copyRows(from, matrix.step, threads.floats(address, lines * length), length, lines);
  return { address, step: length, transposed: matrix.transposed };
}

/** Copies rows of the shorter of both steps. */
function copyRows(from: Float32Array, fromStep: number, to: Float32Array, toStep: number, rows: number): void {
  if (fromStep === toStep) {
    to.set(from);
    return;
  }
  const length = Math.min(fromStep, toStep);
  for (let row = 0; row < rows; row++) to.set(from.subarray(row * fromStep, row * fromStep + length), row * toStep);
}

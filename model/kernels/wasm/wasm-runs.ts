import type { OpAttributes } from '../compiled/op-attributes.ts';
import type { MemoryViews } from '../memory-views.ts';
import type { OpInput } from './wasm-module.ts';

/** An op with its numbers, as it is run here or in parts. */
export interface OpRun {
  readonly address: number;
  readonly place: number;
  readonly name: string;
  /** By name, and as the op reads them. */
  readonly attributes: OpAttributes;
  readonly values: readonly number[];
  readonly inputs: readonly OpInput[];
}

/** A matrix as it lies in memory: numbers from one row to the next, and whether it is multiplied as its transpose. */
export interface Matrix {
  readonly address: number;
  readonly step: number;
  readonly transposed: boolean;
}

/** `output [rows, columns] = left right`, with left [rows, inner] or its transpose in memory, and right [inner, columns] or its transpose. */
export interface Product {
  readonly left: Matrix;
  readonly right: Matrix;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly output: number;
  /** Numbers from one row of the output to the next. */
  readonly outputStep: number;
}

/** The library as those need it who run a part of the work on this thread and put the parts together. */
export interface PartRunner extends Pick<MemoryViews, 'floats'> {
  /** Runs an op; see `WasmLibrary.runOp`. */
  runOp(run: OpRun, outputs?: readonly number[]): boolean;
  /** Makes an output of the running op; its address. */
  makeOutput(index: number, shape: readonly number[]): number;
  multiplyHere(product: Product): void;
}

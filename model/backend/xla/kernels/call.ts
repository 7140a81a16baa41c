import type { tf } from '../../../tf.ts';
import type { ProductPrecision } from '../../contract/compile-function.ts';
import type { Value } from '../program/value.ts';

/** What a kernel is called with. */
export interface XlaCall {
  /** The input of that name in the shape of its tensor. */
  value(name: string): Value;
  /** Whether there is an input of that name. */
  has(name: string): boolean;
  /** All inputs in order, for kernels that take a list. */
  readonly values: readonly Value[];
  /** The inputs as tfjs gives them. */
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  attribute<Type>(name: string): Type;
  readonly precision: ProductPrecision;
  /** Whether programs run on processors and not on an accelerator. */
  readonly onProcessors: boolean;
}

/** Another shape of the same numbers, which the kernel's tensor shares with its input. */
interface SharedResult {
  readonly shared: string;
  readonly shape: readonly number[];
}

export type XlaKernel = (call: XlaCall) => Value | readonly Value[] | SharedResult;
export type XlaKernels = Readonly<Record<string, XlaKernel>>;

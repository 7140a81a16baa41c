import { UsageError } from '../../../base/index.ts';
import { tf } from '../../tf.ts';

/** A pure function of tensors, compiled where the backend compiles. */
export type TensorFunction = (inputs: readonly tf.Tensor[]) => readonly tf.Tensor[];

export interface CompileOptions {
  /** Places of the inputs whose memory the results may take: `run` disposes of them, or gives them back as the results that stand in their place. */
  readonly donated?: readonly number[];
  /** Spreads the computation over several devices where the backend has them; absent: it takes one. */
  readonly division?: Division;
}

/** How a function is computed by several devices at once: each has all of the inputs and results, but for some inputs, of which it has its share. The results are those of one device up to rounding. */
export interface Division {
  /** How many devices: the first ones of the backend. */
  readonly devices: number;
  /** Places of the inputs that are divided along their first axis, where its length is a multiple of `devices`. */
  readonly inputs: readonly number[];
}

export interface CompiledFunction {
  /** The results are the caller's (or its tidy's); inputs stay the caller's, except for donated ones: of these a result may be the same tensor with other numbers, and the others are disposed of. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[];
  /** Programs made so far: one for each combination of shapes and types; 0 where the backend does not compile. */
  readonly compilations: number;
  /** Lets go of the programs. */
  dispose(): void;
}

/** What a backend has that compiles functions. */
export interface CompilingBackend {
  /** Throws UsageError `XLA_DEVICES` where it has not as many devices as a division asks for. */
  compileFunction(name: string, f: TensorFunction, options: CompileOptions): CompiledFunction;
  setProductPrecision(precision: ProductPrecision): void;
}

/** What products of matrices are computed in; sums are float32 in both. */
export type ProductPrecision = 'float32' | 'bf16';

function compilingBackend(): CompilingBackend | undefined {
  const backend = tf.backend() as Partial<CompilingBackend>;
  return backend.compileFunction && backend.setProductPrecision ? (backend as CompilingBackend) : undefined;
}

/**
 * A function that a backend may compile into one program for each combination of its inputs' shapes and types; the others call it, inside a tidy. It belongs to the backend that is current now.
 *
 * The function must be pure: no reads, no state but its inputs, no number from outside that changes. It may use a tape.
 *
 * @param name for messages and traces
 */
export function compileFunction(name: string, f: TensorFunction, options: CompileOptions = {}): CompiledFunction {
  return compilingBackend()?.compileFunction(name, f, options) ?? plainFunction(f, options);
}

function plainFunction(f: TensorFunction, { donated = [] }: CompileOptions): CompiledFunction {
  return {
    compilations: 0,
    run(inputs) {
      // An input that is given back would be disposed of with the donated ones, or twice by its owner.
      const results = tf.tidy(() => f(inputs).map((result) => (inputs.includes(result) ? tf.clone(result) : result)));
      for (const place of donated) inputs[place]?.dispose();
      return results;
    },
    dispose() {},
  };
}

/**
 * What the current backend computes products of matrices in from now on. `bf16`: operands rounded to it, sums in float32.
 *
 * @throws UsageError `PRODUCT_PRECISION` where the backend has only float32
 */
export function setProductPrecision(precision: ProductPrecision): void {
  const backend = compilingBackend();
  if (backend) backend.setProductPrecision(precision);
  else if (precision !== 'float32')
    throw new UsageError(
      'PRODUCT_PRECISION',
      `products in ${precision} need the backend xla, but ${tf.getBackend()} computes: choose --backend xla, or float32.`,
      { details: { precision, backend: tf.getBackend() } },
    );
}

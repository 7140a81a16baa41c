import { tf } from '../../tf.ts';
import type { OpAttributes } from './op-attributes.ts';

/** Operations of our own that a backend runs beside those of tfjs (c/). */
export interface CompiledKernels {
  /** Threads that they run on; results do not depend on it. */
  readonly threads: number;
  /** Names of all ops. */
  readonly ops: readonly string[];
  has(op: string): boolean;
  /**
   * Runs an op on tensors of the current backend. No tape sees it: gradients are the caller's (`tf.customGrad`).
   *
   * @param attributes all that the op declares; TensorFlow keeps a kernel for each set of values, so that what changes from step to step is an input instead
   * @param inputs float32, or int32 where the op says so; an input that is a list of N stands as N tensors
   * @param outputs how many there are
   * @returns the outputs, which the caller's tidy holds
   * @throws CemError `COMPILED_KERNEL` when the op refuses its inputs
   */
  run(op: string, attributes: OpAttributes, inputs: readonly tf.Tensor[], outputs: number): tf.Tensor[];
}

const kernelsOf = new Map<string, CompiledKernels>();

/** Those of the current backend: of `wasm`, and of `tensorflow` on the CPU where `npm run native` has compiled them; else undefined, and what there is of tfjs does the work. */
export function compiledKernels(): CompiledKernels | undefined {
  return kernelsOf.get(tf.getBackend());
}

/** To be called by whoever loads them; undefined: a backend goes on without. */
export function useCompiledKernels(backend: string, kernels: CompiledKernels | undefined): void {
  if (kernels) kernelsOf.set(backend, kernels);
  else kernelsOf.delete(backend);
}

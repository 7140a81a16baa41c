import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { selectBackend, tf } from '../../../../model/backend/index.ts';
import type { WasmBackend } from '../../../../model/kernels/wasm/wasm-backend.ts';
import { wasmLibrary } from '../../../../model/kernels/wasm/wasm-library.ts';

/** What a process of its own found (run by wasm-threads.test.ts). */
export interface ChildFindings {
  /** Of the same computations: on one thread, with help, and both again on tensors behind 2 GiB. */
  readonly hashes: readonly string[];
  /** Address of the last tensor; below 2^31 where there was not so much memory. */
  readonly address: number;
}

const GIBIBYTE = 2 ** 30;

const waves = (shape: number[], phase: number): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(phase + 0.37 * i)),
    shape,
  );

/** A large product and attention, which threads take part in, and an op that none does. */
function hashOfResults(): string {
  const hash = createHash('sha256');
  tf.tidy(() => {
    const library = wasmLibrary(tf.backend() as unknown as WasmBackend);
    const [left, right, sequence] = [waves([301, 270], 1), waves([270, 261], 2), waves([3 * 300, 3 * 56], 3)];
    const inputs = [sequence, tf.ones([3, 300]), waves([300, 14, 2], 4)];
    const outputs = [
      tf.matMul(left, right),
      library.run('CemAttention', { heads: 2, window: 0, causal: false }, inputs, 2)[0]!,
      library.run('CemSumOfSquares', { N: 2 }, [left, right], 1)[0]!,
    ];
    for (const output of outputs) hash.update(output.dataSync());
  });
  return hash.digest('hex');
}

/** Ends with threads that wait: nothing here ends the process. */
export async function childFindings(): Promise<ChildFindings> {
  await selectBackend('wasm');
  const { wasm } = tf.backend() as unknown as WasmBackend;
  const library = wasmLibrary(tf.backend() as unknown as WasmBackend);
  const alone = (): string => {
    library.useThreads(1);
    return hashOfResults();
  };
  const helped = async (): Promise<string> => {
    library.useThreads(3);
    hashOfResults();
    while (!library.hasHelp) await wait(5);
    return hashOfResults();
  };
  const hashes = [alone(), await helped()];
  // Never written to: they take addresses, not memory.
  for (let block = 0; block < 2; block++) wasm._malloc(GIBIBYTE);
  const large = tf.zeros([2_000_000]);
  hashes.push(alone(), await helped());
  return { hashes, address: library.addressOf(large.dataId) };
}

import { createHash } from 'node:crypto';
import { parseBackendRequest, selectBackend, tf } from '../../../../model/backend/index.ts';
import { compiledKernels } from '../../../../model/kernels/compiled/compiled-kernels.ts';
import { type NativeRows, nativeRows } from '../../../../model/kernels/rows/native-rows.ts';

const SIZE = 100_003;
const ROWS = 1000;
const DIMENSION = 8;

const waves = (size: number, phase: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(phase + 0.37 * i));

/** Runs the optimiser's kernels of a backend on more numbers than a thread takes at once: how many threads there are, and the hash of all that comes out. */
export async function kernelDigest(backend: string): Promise<string> {
  await selectBackend(parseBackendRequest(backend));
  const kernels = compiledKernels()!;
  const hash = createHash('sha256');
  tf.tidy(() => {
    const [weight, gradient, first, second] = [1, 2, 3, 4].map((phase) => tf.tensor1d(waves(SIZE, phase)));
    const numbers = tf.tensor1d([0.1, 0.5, 0.9, 0.1, 0.95, 0.05, 2, 3, 1e-8, 0.1]);
    const squares = tf.square(second!);
    const sum = kernels.run('CemSumOfSquares', { N: 2 }, [weight!, gradient!], 1)[0]!;
    kernels.run('CemAdamW', { N: 1, M: 1 }, [weight!, gradient!, first!, squares, numbers], 0);
    for (const tensor of [sum, weight!, first!, squares]) hash.update(tensor.dataSync());
  });
  const rows = nativeRows();
  if (rows) hash.update(rowDigest(rows));
  return `${kernels.threads} ${hash.digest('hex')}`;
}

/** The same of the native library's loops over table rows. */
function rowDigest(native: NativeRows): Buffer {
  const hash = createHash('sha256');
  const tables = [5, 6, 7].map((phase) => waves(ROWS * DIMENSION, phase).map(Math.abs));
  const rows = Int32Array.from({ length: 0.7 * ROWS }, (_, i) => (7 * i) % ROWS);
  const values = waves(rows.length * DIMENSION, 8);
  const step = { rate: 0.1, beta1: 0.9, beta2: 0.95, secondCorrection: 2, epsilon: 1e-8, scale: 0.5 };
  native.adam(tables[0]!, tables[1]!, tables[2]!, { rows, values }, DIMENSION, step);
  for (const table of tables) hash.update(table);
  return hash.digest();
}

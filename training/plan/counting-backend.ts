import { tf } from '../../model/index.ts';
import { compiledKernels } from '../../model/kernels/compiled/index.ts';
import { countCompiledKernels } from './counting-compiled-kernels.ts';
import type { RegionAllocator } from './region-allocator.ts';

const NAME = 'counting';

interface Buffer {
  readonly bytes: number;
  references: number;
  readonly free: (() => void) | undefined;
}

/**
 * A tfjs backend that computes nothing: it knows the shape of every result, counts the bytes that would be held and the operations of matrix products, and gives zeros where values
 * are asked for. What runs on it is the real model, loss and tape, at sizes that no machine at hand has to hold.
 */
export class CountingBackend extends tf.KernelBackend {
  readonly #buffers = new Map<object, Buffer>();
  /** Bytes held now. */
  bytes = 0;
  /** Most bytes held since it was last set. */
  peak = 0;
  /** Multiplications and additions of matrix products. */
  operations = 0;
  /** Where buffers are put from now on; undefined: memory is had from the system, and freed. */
  regions: RegionAllocator | undefined;

  /** A buffer for a result. */
  allocate(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo {
    const dataId = {};
    this.#hold(dataId, shape, dtype, 1);
    return { dataId, shape: [...shape], dtype };
  }

  /** The same buffer in another shape. */
  share(x: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
    this.incRef(x.dataId);
    return { dataId: x.dataId, shape: [...shape], dtype: x.dtype };
  }

  #hold(dataId: object, shape: readonly number[], dtype: tf.DataType, references: number): void {
    const bytes = shape.reduce((product, size) => product * size, 1) * tf.util.bytesPerElement(dtype);
    this.#buffers.set(dataId, { bytes, references, free: this.regions?.allocate(bytes) });
    this.bytes += bytes;
    this.peak = Math.max(this.peak, this.bytes);
  }

  override write(_values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    return this.allocate(shape, dtype).dataId;
  }

  override move(
    dataId: object,
    _values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    this.#hold(dataId, shape, dtype, references);
  }

  override readSync(dataId: object): tf.backend_util.BackendValues {
    return new Float32Array((this.#buffers.get(dataId)?.bytes ?? 0) / Float32Array.BYTES_PER_ELEMENT);
  }

  override async read(dataId: object): Promise<tf.backend_util.BackendValues> {
    return this.readSync(dataId);
  }

  override incRef(dataId: object): void {
    const buffer = this.#buffers.get(dataId);
    if (buffer) buffer.references++;
  }

  override refCount(dataId: object): number {
    return this.#buffers.get(dataId)?.references ?? 0;
  }

  override disposeData(dataId: object, force = false): boolean {
    const buffer = this.#buffers.get(dataId);
    if (!buffer) return true;
    buffer.references--;
    if (!force && buffer.references > 0) return false;
    this.#buffers.delete(dataId);
    buffer.free?.();
    this.bytes -= buffer.bytes;
    return true;
  }

  override numDataIds(): number {
    return this.#buffers.size;
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {
    this.#buffers.clear();
  }
}

/** Runs an action with a counting backend of its own, and puts back the one that computed before. Where that one has compiled kernels, they are counted instead of the operations of tfjs. */
export async function withCountingBackend<Result>(
  registerKernels: (name: string) => void,
  action: (backend: CountingBackend) => Promise<Result>,
): Promise<Result> {
  const engine = tf.engine();
  const before: string | undefined = engine.backendName;
  const backend = new CountingBackend();
  const compiled = before !== undefined && compiledKernels() !== undefined;
  tf.registerBackend(NAME, () => backend);
  registerKernels(NAME);
  try {
    await tf.setBackend(NAME);
    if (compiled) countCompiledKernels(NAME, backend);
    return await action(backend);
  } finally {
    countCompiledKernels(NAME, undefined);
    if (before) await tf.setBackend(before);
    tf.removeBackend(NAME);
    for (const { kernelName } of tf.getKernelsForBackend(NAME)) tf.unregisterKernel(kernelName, NAME);
  }
}

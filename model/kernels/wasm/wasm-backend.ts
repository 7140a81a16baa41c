import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { tf } from '../../tf.ts';

/** The arguments that tfjs hands to a kernel of the wasm backend. */
export interface WasmKernelArguments {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: WasmBackend;
}

export type WasmKernel<Output = tf.TensorInfo> = (call: WasmKernelArguments) => Output;

/** What the compiled module offers beside its kernels. */
interface TfjsModule {
  readonly asm: { readonly memory: WebAssembly.Memory };
  /** Address of so many bytes; 0 where there are none. */
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** The parts of tfjs-backend-wasm's backend that kernels use; some are private in its declarations. */
export interface WasmBackend
  extends Omit<BackendWasm, 'wasm' | 'dataIdMap' | 'makeOutput' | 'typedArrayFromHeap' | 'disposeData'> {
  readonly wasm: TfjsModule;
  readonly dataIdMap: { get(dataId: object): { readonly id: number; readonly memoryOffset: number } };
  /** Allocates; every heap view taken before may be detached (the heap grows by moving). */
  makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  /** A view of the heap, valid until the next allocation. */
  typedArrayFromHeap(info: tf.TensorInfo): HeapValues;
  disposeData(dataId: object): boolean;
}

/** Values of a tensor on the heap. */
export type HeapValues = Float32Array | Int32Array | Uint8Array;

const registered = new Set<string>();

/** Puts a kernel in the place of the stock one (or where there was none); a second call for the same name changes nothing. */
export function replaceWasmKernel(kernelName: string, kernel: WasmKernel<tf.TensorInfo | tf.TensorInfo[]>): void {
  if (registered.has(kernelName)) return;
  registered.add(kernelName);
  const stock = tf.getKernel(kernelName, 'wasm');
  if (stock) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({ ...stock, kernelName, backendName: 'wasm', kernelFunc: kernel as unknown as tf.KernelFunc });
}

/** Puts a kernel in the place of the stock one that uses the stock one. */
export function wrapWasmKernel(kernelName: string, wrap: (stock: WasmKernel) => WasmKernel): void {
  if (!registered.has(kernelName))
    replaceWasmKernel(kernelName, wrap(tf.getKernel(kernelName, 'wasm').kernelFunc as unknown as WasmKernel));
}

/** Runs a stock kernel (or one of ours) on the same backend. */
export function runWasmKernel(kernelName: string, call: WasmKernelArguments): tf.TensorInfo {
  const kernel = tf.getKernel(kernelName, 'wasm');
  return (kernel.kernelFunc as unknown as WasmKernel)(call);
}

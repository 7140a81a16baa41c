import { tf } from '../../../tf.ts';
import type { XlaKernel } from './call.ts';
import { ELEMENTWISE_KERNELS } from './elementwise.ts';
import { INDEXING_KERNELS } from './indexing.ts';
import { PRODUCT_KERNELS } from './products.ts';
import { REDUCTION_KERNELS } from './reductions.ts';
import { SHAPE_KERNELS } from './shapes.ts';

/** The backend, for its kernels. */
export interface KernelRecorder {
  /** Notes what a kernel computes; nothing is computed yet. */
  record(
    kernel: XlaKernel,
    inputs: Readonly<Record<string, tf.TensorInfo>>,
    attributes: Readonly<Record<string, unknown>>,
  ): tf.TensorInfo | tf.TensorInfo[];
}

export const XLA_KERNELS: Readonly<Record<string, XlaKernel>> = {
  ...ELEMENTWISE_KERNELS,
  ...INDEXING_KERNELS,
  ...PRODUCT_KERNELS,
  ...REDUCTION_KERNELS,
  ...SHAPE_KERNELS,
};

/** Makes the kernels known to tfjs under the backend's name. */
export function registerXlaKernels(backendName: string): void {
  for (const [kernelName, kernel] of Object.entries(XLA_KERNELS)) {
    if (tf.getKernel(kernelName, backendName)) continue;
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) =>
        (backend as unknown as KernelRecorder).record(
          kernel,
          inputs as unknown as Readonly<Record<string, tf.TensorInfo>>,
          (attrs ?? {}) as Readonly<Record<string, unknown>>,
        ),
    });
  }
}

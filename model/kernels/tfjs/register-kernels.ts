import { tf } from '../../tf.ts';
import { replaceWasmKernel, wrapWasmKernel } from '../wasm/wasm-backend.ts';
import { batchMatrixProduct } from './batch-matrix-product.ts';
import { BROADCAST_KERNELS, withExpandedOperands, withPositiveAxis } from './elementwise.ts';
import { fusedMatrixProduct } from './fused-matrix-product.ts';
import { gather } from './gather.ts';
import { identity } from './identity.ts';
import { segmentSum, segmentSumOnCpu } from './segment-sum.ts';
import { slice, split, unpack } from './slice.ts';
import { tile } from './tile.ts';

/** Replaces and adds kernels of the wasm backend (figures in the files); repeated calls change nothing. */
export function registerWasmKernels(): void {
  replaceWasmKernel(tf.BatchMatMul, batchMatrixProduct);
  replaceWasmKernel(tf._FusedMatMul, fusedMatrixProduct);
  replaceWasmKernel(tf.Identity, identity);
  replaceWasmKernel(tf.UnsortedSegmentSum, segmentSum);
  replaceWasmKernel(tf.GatherV2, gather);
  replaceWasmKernel(tf.Tile, tile);
  replaceWasmKernel(tf.Slice, slice);
  replaceWasmKernel(tf.SplitV, split);
  replaceWasmKernel(tf.Unpack, unpack);
  for (const name of BROADCAST_KERNELS) wrapWasmKernel(name, withExpandedOperands);
  wrapWasmKernel(tf.Cumsum, withPositiveAxis);
  wrapWasmKernel(tf.Cumprod, withPositiveAxis);
}

let cpuRegistered = false;

/** Replaces kernels of the plain JavaScript backend; repeated calls change nothing. */
export function registerCpuKernels(): void {
  if (cpuRegistered) return;
  cpuRegistered = true;
  tf.unregisterKernel(tf.UnsortedSegmentSum, 'cpu');
  tf.registerKernel({
    kernelName: tf.UnsortedSegmentSum,
    backendName: 'cpu',
    kernelFunc: segmentSumOnCpu as unknown as tf.KernelFunc,
  });
}

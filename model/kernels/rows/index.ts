/** Loops over rows of tables, in WebAssembly, C and plain TypeScript: look-ups, sums, updates. */
export type { RowGradient, RowKernels } from './row-kernels.ts';
export { SimdRowKernels } from './simd-row-kernels.ts';
export { SlotAssigner, type SlotAssignment } from './slot-assignment.ts';

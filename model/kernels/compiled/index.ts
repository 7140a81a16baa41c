/** Operations of a block that are compiled from C: attention, products with norms, SwiGLU, AdamW. */
export { type CompiledKernels, compiledKernels, useCompiledKernels } from './compiled-kernels.ts';

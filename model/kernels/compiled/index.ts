/** Operations of a block that are compiled from C: attention, products with norms, SwiGLU, AdamW. */
export { attentionShapes } from './attention-shapes.ts';
export { type CompiledKernels, compiledKernels, useCompiledKernels } from './compiled-kernels.ts';
export type { OpAttributes } from './op-attributes.ts';

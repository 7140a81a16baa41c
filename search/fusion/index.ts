/** Several retrievers as one: their rankings are fused by document. Loads no tensors. */

export { type FusedHit, type FusedPart, fuseRankings } from './fuse-rankings.ts';
export { type FusionInput, type FusionOptions, fusionSchema, HYBRID_VECTOR_WEIGHT, hybridFusion } from './fusion-options.ts';
export { type FusionPart, FusionRetriever } from './fusion-retriever.ts';

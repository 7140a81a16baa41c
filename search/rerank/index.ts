/** Candidates ranked anew by groups of vectors: scorers, storage forms of groups, and the retriever that does it. */
export {
  FIELD_CANDIDATES,
  type FieldHit,
  type FieldMatch,
  FieldRetriever,
  type FieldRetrieverOptions,
  type GroupKey,
  type GroupSource,
} from './field-retriever.ts';
export {
  createGroupScorer,
  type GroupScorer,
  type GroupScorerConfig,
  type GroupScorerInput,
  groupScorerConfig,
} from './group-scorer.ts';
export { MemoryGroups } from './memory-groups.ts';
export { checkGroupDimension, type GroupMatch, matchGroups, type ScoreGroupsOptions, scoreGroups } from './score-groups.ts';
export { simdInnerProducts } from './simd-inner-products.ts';
export { GROUP_CODECS, type GroupCodec, type GroupCodecKind } from './storage/group-codec.ts';
export { openGroupCodec } from './storage/open-codec.ts';
export { type ResidualCodebook, trainCodebook, writeCodebook } from './storage/residual-codebook.ts';

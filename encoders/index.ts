/** Everything that turns something into a vector, as interfaces, and those encoders that need no tensors of ours. Loads no TensorFlow.js. */

export { CachedTokenEncoder, type TokenCacheOptions } from './cache/cached-token-encoder.ts';
export {
  type ExpectedTeacher,
  exportLabels,
  type ImportedLabels,
  importLabels,
  type SharedLabels,
} from './cache/shared-labels.ts';
export { cachedTeacher, cachePrecision, TeacherCache, teacherCacheFolder } from './cache/teacher-cache.ts';
export {
  listTeacherCaches,
  type TeacherCacheCheck,
  type TeacherCacheSummary,
  verifyTeacherCache,
} from './cache/teacher-cache-inspection.ts';
export { PRECISIONS, type Precision } from './cache/vector-codec.ts';
export type {
  ChunkEncoder,
  ChunkSource,
  ChunkVectors,
  CorpusVectors,
  Encoder,
  EncoderDescription,
  QueryEmbedder,
  TextEmbedder,
  Unread,
  Vectors,
} from './encoder.ts';
export { createVectorizer } from './groups/create-vectorizer.ts';
export type {
  EncodedGroup,
  GroupDescription,
  GroupQuery,
  QueryGroupEncoder,
  TextGroupEncoder,
} from './groups/group-encoder.ts';
export { HeadProjection, type HeadWeights } from './groups/head-projection.ts';
export { kMeans, nearestCenter } from './groups/k-means.ts';
export { type PatchDescription, type PatchEncoder, type PatchVectors, patchDescription } from './groups/patch-encoder.ts';
export { PATCHES_PER_GROUP, type PatchGroupsConfig, patchGroup } from './groups/patch-group.ts';
export type { Token, TokenEncoder, TokenVectors } from './groups/token-encoder.ts';
export { TokenGroupEncoder } from './groups/token-group-encoder.ts';
export type { GroupRole, ProjectedTokens, TokenProjection } from './groups/token-projection.ts';
export { type VectorGroup, vectorGroup } from './groups/vector-group.ts';
export {
  parseVectorizer,
  type TokenKnowledge,
  type Vectorizer,
  type VectorizerConfig,
  type VectorizerInput,
  vectorizerConfig,
} from './groups/vectorizer.ts';
export { WordWeights } from './groups/word-weights.ts';
export {
  type DecodedPicture,
  type DecodeOptions,
  decodePicture,
  MAXIMUM_PIXELS,
} from './images/decode-picture.ts';
export { encodePng } from './images/encode-png.ts';
export { fuseVectors } from './images/fuse-vectors.ts';
export type { DescribedPicture, ImageEncoder } from './images/image-encoder.ts';
export { type ImageEncoderInput, imageEncoderConfig } from './images/image-encoder-config.ts';
export { openImageEncoder } from './images/open-image-encoder.ts';
export { pictureMediaType } from './images/picture-media-type.ts';
export { LsaEmbedder } from './lsa/lsa.ts';
export { splitWords } from './lsa/words.ts';
export { findModelFolder, openCrossEncoder, openPairTokenizer } from './open-cross-encoder.ts';
export {
  type GroupEncoderConfig,
  groupEncoderConfig,
  type OpenGroupEncoderOptions,
  openGroupEncoder,
} from './open-group-encoder.ts';
export { openTokenEncoder, type TokenEncoderInput } from './open-token-encoder.ts';
export { type CrossEncoderInput, crossEncoderConfig } from './pairs/cross-encoder-config.ts';
export type { PairScorer, PairScorerDescription } from './pairs/pair-scorer.ts';
export {
  type LongTexts,
  type PairBatch,
  type PairSequence,
  type PairTokenizer,
  pairBatch,
  pairRoom,
  pairSequence,
} from './pairs/pair-sequences.ts';
export { TokenPairScorer } from './pairs/token-pair-scorer.ts';
export { RandomEncoder } from './random-encoder.ts';
export { QueryStudent } from './students/query-student.ts';
export { StudentEncoder } from './students/student-encoder.ts';
export { type TextStudent, TextStudentEncoder } from './students/text-student-encoder.ts';
export { createTeacher, isTeacherAtHand } from './teacher/create-teacher.ts';
export {
  equivalenceNote,
  judgeTeacher,
  type RecordedTeacher,
  type TeacherJudgement,
  teacherName,
} from './teacher/judge-teacher.ts';
export {
  PROBE_TEXTS,
  probeTeacher,
  SAME_TEACHER_COSINE,
  type TeacherProbe,
  teacherProbeSchema,
} from './teacher/teacher-probe.ts';
export {
  type LsaConfig,
  lsaConfig,
  type TeacherConfig,
  type TransformersConfig,
  teacherConfig,
  transformersConfig,
} from './teacher-config.ts';
export { TextCorpusEncoder } from './text-corpus-encoder.ts';
export { type ModelTokenizer, openTokenizer } from './transformers/open-tokenizer.ts';
export { addUnread, unreadNote } from './unread.ts';
export { type NpyPrecision, NpyReader, NpyWriter } from './vectors/npy.ts';
export { PrecomputedEncoder } from './vectors/precomputed-encoder.ts';
export { VectorFilesWriter, type VectorOwner, vectorFilePaths } from './vectors/vector-files.ts';

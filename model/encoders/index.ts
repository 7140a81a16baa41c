export { cacheFolder } from './cache-folder.ts';
export { createTeacher } from './create-teacher.ts';
export type { ChunkSource, CorpusVectors, Encoder, EncoderDescription, OnProgress, TextEmbedder, Vectors } from './encoder.ts';
export { LsaEmbedder } from './lsa.ts';
export { RandomEncoder } from './random-encoder.ts';
export { type ChunkEncoder, StudentEncoder } from './student-encoder.ts';
export {
  type LsaConfig,
  lsaConfig,
  type TeacherConfig,
  type TransformersConfig,
  teacherConfig,
  transformersConfig,
} from './teacher-config.ts';
export { TextCorpusEncoder } from './text-corpus-encoder.ts';

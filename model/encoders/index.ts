export { cacheFolder } from './cache-folder.ts';
export { createTeacher, isTeacherAtHand } from './create-teacher.ts';
export type {
  ChunkSource,
  CorpusVectors,
  Encoder,
  EncoderDescription,
  OnProgress,
  QueryEmbedder,
  TextEmbedder,
  Vectors,
} from './encoder.ts';
export { equivalenceNote, judgeTeacher, type RecordedTeacher, type TeacherJudgement, teacherName } from './judge-teacher.ts';
export { LsaEmbedder } from './lsa.ts';
export { type NpyPrecision, NpyReader, NpyWriter } from './npy.ts';
export { PrecomputedEncoder } from './precomputed-encoder.ts';
export { QueryStudent } from './query-student.ts';
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
export { probeTeacher, type TeacherProbe, teacherProbeSchema } from './teacher-probe.ts';
export { TextCorpusEncoder } from './text-corpus-encoder.ts';
export { type TextStudent, TextStudentEncoder } from './text-student-encoder.ts';
export { VectorFilesWriter, type VectorOwner, vectorFilePaths } from './vector-files.ts';

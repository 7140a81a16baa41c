export { type LossConfig, lossConfigSchema, type TrainingConfig, trainingConfigSchema } from './config.ts';
export { cachedTeacher, TeacherCache, teacherCacheFolder } from './teacher-cache.ts';
export type { PackSettings, TrainingListener, TrainOptions, TrainResult } from './train-options.ts';
export { train } from './trainer.ts';

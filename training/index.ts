export { type LossConfig, lossConfigSchema, type TrainingConfig, trainingConfigSchema } from './config.ts';
export { cachedTeacher, TeacherCache, teacherCacheFolder } from './teacher-cache.ts';
export { type PackSettings, type TrainingListener, type TrainOptions, type TrainResult, train } from './trainer.ts';

/** Changes that go on after their request was answered, and how they stand. */
export { type Job, type JobProgress, type JobState, Jobs, type JobsOptions } from './jobs.ts';

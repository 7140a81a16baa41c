/** Ingestion by workers: files are jobs in the database of a shared collection. */
export { type QueueIngestOptions, type QueueIngestResult, queueIngestion } from './enqueue.ts';
export { JobCounter, type JobCounts } from './job-counts.ts';
export { type JobReport, type JobsOptions, readJobs, retryJobs, type WorkerReport } from './job-report.ts';
export { runWorker, type WorkerOptions, type WorkerResult } from './worker.ts';

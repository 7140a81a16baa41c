/** The routes over collections: collections, documents, jobs, searches, answers, and how the server does. */
export { addAnswerRoutes, countAnswer } from './answers.ts';
export { addCollectionRoutes } from './collections.ts';
export { addDocumentRoutes } from './documents.ts';
export { addHealthRoutes, PROBES } from './health.ts';
export { addJobRoutes } from './jobs.ts';
export { addSearchRoutes } from './search.ts';

import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { HttpError } from '../errors.ts';
import type { Job, Jobs } from '../jobs/index.ts';
import { addRoute, EVENT_STREAM, type ServerEvent, sendEvents } from '../routing/index.ts';
import { jobParams, jobSchema, jobsAnswer, type WireJob, wireChangeResult } from '../schemas/index.ts';
import type { ServerServices } from '../services.ts';

const TAG = 'jobs';

const missing = (id: string): HttpError => new HttpError(404, `there is no job ${JSON.stringify(id)}`, { code: 'JOB_MISSING' });

const jobEvents = z
  .string()
  .describe('Events `progress`, and at the end `done` or `failed`; each has the job as it stands then.');

/** Jobs: how changes stand that are not waited for. */
export function addJobRoutes(server: FastifyInstance, { jobs }: ServerServices): void {
  addRoute(server, {
    method: 'GET',
    path: '/v1/jobs',
    scope: 'read',
    tag: TAG,
    summary: 'The jobs of the key, the newest first; of the scope admin, all',
    description: 'Jobs are remembered until the server stops, the last thousand of them.',
    answers: { 200: { description: 'The jobs.', schema: jobsAnswer } },
    handler: ({ principal }) => ({ jobs: jobs.list(principal).map(wireJob) }),
  });
  addRoute(server, {
    method: 'GET',
    path: '/v1/jobs/{id}',
    scope: 'read',
    tag: TAG,
    summary: 'How a job stands',
    params: jobParams,
    answers: { 200: { description: 'The job.', schema: jobSchema } },
    handler: ({ params: { id }, principal }) => {
      const job = jobs.get(id, principal);
      if (job === undefined) throw missing(id);
      return wireJob(job);
    },
  });
  addRoute(server, {
    method: 'GET',
    path: '/v1/jobs/{id}/events',
    scope: 'read',
    tag: TAG,
    summary: 'How a job goes on, as server-sent events',
    params: jobParams,
    answers: { 200: { description: 'The events.', content: { [EVENT_STREAM]: jobEvents } } },
    handler: ({ params: { id }, principal, reply, signal }) => {
      if (jobs.get(id, principal) === undefined) throw missing(id);
      return sendEvents(reply, eventsOf(jobs, id, signal));
    },
  });
}

async function* eventsOf(jobs: Jobs, id: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  for await (const job of jobs.follow(id, signal)) {
    const ended = job.state === 'done' || job.state === 'failed';
    yield { event: ended ? job.state : 'progress', data: wireJob(job) };
  }
}

/** A job on the wire. */
export function wireJob({ id, collection, state, progress, createdAt, finishedAt, result, error }: Job): WireJob {
  const { done, total, stage } = progress;
  return {
    id,
    collection,
    state,
    progress: { done, total, ...(stage !== undefined && { stage }) },
    created_at: createdAt,
    ...(finishedAt !== undefined && { finished_at: finishedAt }),
    ...(result && { result: wireChangeResult(result) }),
    ...(error && { error }),
  };
}

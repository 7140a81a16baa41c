import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { HttpError } from '../errors.ts';
import { addRoute } from '../routing/index.ts';
import type { ServerServices } from '../services.ts';

const TAG = 'server';

/** Paths that are asked again and again by what watches a server. */
export const PROBES: ReadonlySet<string> = new Set(['/health', '/ready']);

const load = z.object({ running: z.int(), waiting: z.int(), answering: z.int(), jobs: z.int() });

/** Whether the server lives, is ready, and how it does. */
export function addHealthRoutes(
  server: FastifyInstance,
  { queue, answers, jobs, metrics }: ServerServices,
  ready: () => Promise<unknown> = async () => undefined,
): void {
  addRoute(server, {
    method: 'GET',
    path: '/health',
    scope: 'public',
    tag: TAG,
    summary: 'Whether the server lives, and how much is asked of it',
    answers: { 200: { description: 'It lives.', schema: z.object({ status: z.literal('ok'), load }) } },
    handler: () => ({
      status: 'ok',
      load: { running: queue.running, waiting: queue.waiting, answering: answers.running, jobs: jobs.unfinished },
    }),
  });
  addRoute(server, {
    method: 'GET',
    path: '/ready',
    scope: 'public',
    tag: TAG,
    summary: 'Whether the folder of collections can be read',
    answers: { 200: { description: 'It can.', schema: z.object({ status: z.literal('ready') }) } },
    handler: async () => {
      try {
        await ready();
      } catch {
        throw new HttpError(503, 'the collections cannot be read', { code: 'NOT_READY' });
      }
      return { status: 'ready' };
    },
  });
  addRoute(server, {
    method: 'GET',
    path: '/metrics',
    scope: 'read',
    tag: TAG,
    summary: 'What was counted and measured, for Prometheus',
    answers: { 200: { description: 'The figures.', content: { 'text/plain': z.string() } } },
    handler: async ({ reply }) => {
      reply.type(metrics.contentType);
      return metrics.text();
    },
  });
}

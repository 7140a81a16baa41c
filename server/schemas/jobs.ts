import { z } from 'zod';
import { changeResultSchema } from './documents.ts';

const JOB_STATES = ['queued', 'running', 'done', 'failed'] as const;

export const jobParams = z.object({ id: z.string().max(64) });

export const jobSchema = z
  .object({
    id: z.string(),
    collection: z.string(),
    state: z.enum(JOB_STATES),
    progress: z.object({ done: z.number(), total: z.number(), stage: z.string().optional() }),
    created_at: z.string(),
    finished_at: z.string().optional(),
    result: changeResultSchema.optional().describe('Where it is done.'),
    error: z.object({ code: z.string(), message: z.string() }).optional().describe('Where it failed.'),
  })
  .meta({ id: 'Job' });

/** A job on the wire. */
export type WireJob = z.input<typeof jobSchema>;

export const jobsAnswer = z.object({ jobs: z.array(jobSchema) });
export const startedJob = z.object({ job: jobSchema });

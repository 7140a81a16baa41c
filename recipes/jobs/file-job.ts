import { z } from 'zod';
import { parseJson } from '../../base/index.ts';
import type { JobFailure } from './job-failure.ts';

const root = z.strictObject({ name: z.string(), path: z.string() });

const putFile = z.strictObject({
  kind: z.literal('put'),
  /** In the collection. */
  path: z.string(),
  /** Where workers read it. */
  location: z.string(),
  bytes: z.int().nonnegative(),
  root,
  labels: z.array(z.string()).optional(),
  format: z.string().optional(),
});

const removeFile = z.strictObject({ kind: z.literal('remove'), path: z.string(), root });

const failure = z.strictObject({ code: z.string(), message: z.string() });

const fileJob = z.discriminatedUnion('kind', [putFile, removeFile]);
const setAside = z.strictObject({ job: fileJob, failure });

/** One file that is to come into a collection, or to go. */
export type FileJob = z.infer<typeof fileJob>;
export type PutFileJob = z.infer<typeof putFile>;

/** A job that is not tried any more, and why. */
export interface SetAsideJob {
  readonly job: FileJob;
  readonly failure: JobFailure;
}

/** @throws FormatError `JOB_FORMAT` */
export function parseFileJob(data: unknown): FileJob {
  return parseJson(JSON.stringify(data), fileJob, 'the database', MEANING);
}

/** @throws FormatError `JOB_FORMAT` */
export function parseSetAside(data: unknown): SetAsideJob {
  return parseJson(JSON.stringify(data), setAside, 'the database', MEANING);
}

const MEANING = {
  code: 'JOB_FORMAT',
  what: 'a job of `cem ingest --queue`',
  remedy: 'use the version that put it there, or remove it',
} as const;

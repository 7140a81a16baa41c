import { isCemError, messageOf } from '../../base/index.ts';

/** Why a job did not end well. */
export interface JobFailure {
  readonly code: string;
  readonly message: string;
}

/** Of a file that another try may read: time and memory depend on the machine, and its disk may have the file by then. */
const TRANSIENT = new Set(['PARSE_TIMEOUT', 'PARSE_MEMORY', 'FILE_OPEN']);

export function isTransientFailure({ code }: JobFailure): boolean {
  return TRANSIENT.has(code);
}

export function failureOf(error: unknown): JobFailure {
  return { code: isCemError(error) ? error.code : 'JOB_FAILED', message: messageOf(error) };
}

/** Of a worker that was not heard of any more. */
export function silentFailure(worker: string, seconds: number): JobFailure {
  return {
    code: 'WORKER_LOST',
    message: `the worker ${worker} had it and was killed or cut off: nothing was heard of it for ${seconds} seconds`,
  };
}

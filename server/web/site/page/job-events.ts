import type { ApiClient } from './api-client.ts';
import { ApiError, errorOfBody } from './api-error.ts';
import type { WireChangeResult, WireJob } from './wire.ts';

// Code of the page: see site-script.ts.

/** How often a job is asked for where its events do not come through, as behind some proxies. */
export const JOB_POLL_MILLISECONDS = 1000;

/**
 * Follows a job of the server to its end.
 *
 * @param onProgress told of every step
 * @throws ApiError why it failed
 */
export async function followJob(
  api: ApiClient,
  id: string,
  onProgress: (progress: NonNullable<WireJob['progress']>) => void,
  signal: AbortSignal,
): Promise<WireChangeResult> {
  const path = `v1/jobs/${encodeURIComponent(id)}`;
  for await (const { event, data } of api.events(`${path}/events`, { signal })) {
    const { progress, result } = data as WireJob;
    if (event === 'progress' && progress !== undefined) onProgress(progress);
    if (event === 'done') return result ?? {};
    if (event === 'failed') throw errorOfBody(500, data);
  }
  for (;;) {
    const job = await api.ask<WireJob>(path, { signal });
    if (job.state === 'done') return job.result ?? {};
    if (job.state === 'failed') throw new ApiError(500, job.error?.code ?? 'JOB_FAILED', job.error?.message ?? '');
    if (job.progress !== undefined) onProgress(job.progress);
    await new Promise((resolve) => setTimeout(resolve, JOB_POLL_MILLISECONDS));
  }
}

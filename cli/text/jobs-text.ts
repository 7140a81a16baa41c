import type { JobReport } from '../../recipes/jobs/index.ts';

/** What `jobs` prints. */
export type JobsAnswer = JobReport & { readonly retried?: number };

/** Jobs, workers and what was set aside, a line each. */
export function describeJobs({ jobs, rate, workers, setAside, retried }: JobsAnswer): string {
  const { waiting, retrying, active, completed } = jobs;
  const again = retrying > 0 ? ` (${retrying} of them were tried before)` : '';
  const left = rate > 0 && waiting + active > 0 ? `, ${((waiting + active) / rate / 60).toFixed(1)} min for what is left` : '';
  return [
    ...(retried === undefined ? [] : [`${retried} files are tried again`]),
    `${waiting} files wait${again}, ${active} are being done, ${completed} are done, ${jobs.setAside} are set aside`,
    `${rate.toFixed(2)} files/s in the last minute${left}`,
    ...workers.map(
      ({ host, process, doing, done, silent }) =>
        `worker ${host} ${process}: ${doing}; ${done} done; heard ${silent.toFixed(0)} s ago`,
    ),
    ...setAside.map(({ path, code, message }) => `set aside: ${path}: ${message} (${code})`),
    ...(jobs.setAside > setAside.length ? [`… and ${jobs.setAside - setAside.length} more: --limit`] : []),
  ].join('\n');
}

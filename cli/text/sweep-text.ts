import { formatDuration, formatTable } from '../../base/index.ts';
import { type SweepResult, shown } from '../../recipes/sweep/index.ts';

/** The ranking as a table. */
export function sweepText({ sweep, metric, trials, planned, interrupted }: SweepResult): string {
  const paths = [...new Set(trials.flatMap(({ settings }) => Object.keys(settings)))];
  const rows = trials.map(({ name, settings, value, step, seconds, failure }) => [
    name,
    failure === null ? (value?.toFixed(4) ?? '-') : 'failed',
    String(step),
    formatDuration(seconds),
    ...paths.map((path) => shown(settings[path])),
  ]);
  const best = trials[0];
  return [
    formatTable(['trial', metric, 'step', 'time', ...paths], rows),
    '',
    ...trials.flatMap(({ name, failure }) => (failure === null ? [] : [`${name}: ${failure}`])),
    `${trials.length} of ${planned} trials in ${sweep}${best && best.value !== null ? `, the best in ${best.run}` : ''}`,
    ...(interrupted ? ['stopped: the same command with --resume goes on'] : []),
  ].join('\n');
}

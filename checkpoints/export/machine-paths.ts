const ABSOLUTE_PATH = /^(file:\/\/|~[\\/]|[a-z]:[\\/]|[\\/])/i;

/**
 * A JSON value that may be given away: every string in it that is an absolute path is cut to its last part, or to `RUN/checkpoints/STEP`, so that it says nothing of the
 * machine it comes from.
 */
export function withoutMachinePaths(value: unknown): unknown {
  if (typeof value === 'string') return ABSOLUTE_PATH.test(value) ? shortPath(value) : value;
  if (Array.isArray(value)) return value.map(withoutMachinePaths);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withoutMachinePaths(entry)]));
}

function shortPath(path: string): string {
  const parts = path.split(/[\\/]+/).filter((part) => part !== '');
  return parts.slice(parts.at(-2) === 'checkpoints' ? -3 : -1).join('/');
}

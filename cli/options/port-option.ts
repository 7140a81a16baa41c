import { UsageError } from '../../base/index.ts';

const LARGEST_PORT = 65_535;

/** @throws UsageError `SERVER_PORT` for what is no port; 0 takes a free one */
export function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= LARGEST_PORT) return;
  throw new UsageError('SERVER_PORT', `a port is 0 to ${LARGEST_PORT}, not ${port}`);
}

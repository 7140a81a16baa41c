import { UsageError } from '../base/index.ts';

/** A server that listens, until it is closed. */
export interface RunningServer extends AsyncDisposable {
  /** As a URL. */
  readonly address: string;
  /** What the index holds, of a server of one index. */
  readonly documents?: number;
  readonly chunks?: number;
  /** Lets the requests that run end. */
  close(): Promise<void>;
}

export const DEFAULT_PORT = 8080;
const LARGEST_PORT = 65_535;

/** @throws UsageError `SERVER_PORT` */
export function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= LARGEST_PORT) return;
  throw new UsageError('SERVER_PORT', `a port is 0 to ${LARGEST_PORT}, not ${port}`);
}

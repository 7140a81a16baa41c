import ora, { type Ora } from 'ora';
import { printableLine, writeText } from '../../base/index.ts';

/** Where long work says how far it is: on a terminal one line that is redrawn, elsewhere plain lines now and then. Always on standard error. */
export interface Reporter {
  /** Says one line of information. */
  note(line: string): void;
  /** Starts a stage; the returned function takes progress (done of total) and may add words such as a loss. */
  stage(name: string): Stage;
}

export interface Stage {
  progress(done: number, total: number, extra?: string): void;
  /** Ends the stage and says how long it took. */
  done(summary?: string): void;
  /** Ends the stage without claiming success. */
  fail(): void;
}

const PLAIN_INTERVAL_MS = 10_000;
const TERMINAL_INTERVAL_MS = 100;

export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${seconds.toFixed(0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 100) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function formatProgress(name: string, done: number, total: number, seconds: number, extra?: string): string {
  // Work whose size is not known says what it is at.
  if (total === 0 && done === 0 && extra !== undefined) return `${name}: ${extra}`;
  const rate = done / Math.max(seconds, 1e-3);
  const share = total > 0 ? ` (${((100 * done) / total).toFixed(0)}%)` : '';
  const eta = total > 0 && done > 0 ? `, ETA ${formatDuration((total - done) / rate)}` : '';
  const of = total > 0 ? `/${total}` : '';
  return `${name}: ${done}${of}${share}, ${rate < 10 ? rate.toFixed(2) : rate.toFixed(0)}/s${eta}${extra ? `, ${extra}` : ''}`;
}

/** @param quiet say nothing at all (used in tests) */
export function createReporter(options: { quiet?: boolean; stream?: NodeJS.WriteStream } = {}): Reporter {
  const stream = options.stream ?? process.stderr;
  const quiet = options.quiet ?? false;
  const terminal = stream.isTTY === true;
  return {
    note(line) {
      if (!quiet) writeText(stream, printableLine(line));
    },
    stage(stageName) {
      const name = printableLine(stageName);
      const start = performance.now();
      const seconds = () => (performance.now() - start) / 1000;
      let last = start;
      const spinner: Ora | undefined = terminal && !quiet ? ora({ text: name, stream }).start() : undefined;
      return {
        progress(done, total, extra) {
          if (quiet) return;
          const now = performance.now();
          if (now - last < (terminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS)) return;
          last = now;
          const line = printableLine(formatProgress(name, done, total, seconds(), extra));
          if (spinner) spinner.text = line;
          else writeText(stream, line);
        },
        done(summary) {
          const line = printableLine(`${name}: ${summary ? `${summary}, ` : ''}${formatDuration(seconds())}`);
          if (spinner) spinner.succeed(line);
          else if (!quiet) writeText(stream, line);
        },
        fail() {
          spinner?.fail(`${name}: stopped after ${formatDuration(seconds())}`);
        },
      };
    },
  };
}

import ora, { type Ora } from 'ora';
import { formatDuration, type Listener, printableLine, writeText } from '../../base/index.ts';

const PLAIN_INTERVAL_MS = 10_000;
const TERMINAL_INTERVAL_MS = 100;

function formatProgress(name: string, done: number, total: number, seconds: number, extra?: string): string {
  // Work whose size is not known says what it is at.
  if (total === 0 && done === 0 && extra !== undefined) return `${name}: ${extra}`;
  const rate = done / Math.max(seconds, 1e-3);
  const share = total > 0 ? ` (${((100 * done) / total).toFixed(0)}%)` : '';
  const eta = total > 0 && done > 0 ? `, ETA ${formatDuration((total - done) / rate)}` : '';
  const of = total > 0 ? `/${total}` : '';
  return `${name}: ${done}${of}${share}, ${rate < 10 ? rate.toFixed(2) : rate.toFixed(0)}/s${eta}${extra ? `, ${extra}` : ''}`;
}

/**
 * Where commands say how far they are: on a terminal one line that is redrawn, elsewhere plain lines now and then. Always on standard error.
 *
 * @param quiet say nothing at all (used in tests)
 */
export function createReporter(options: { quiet?: boolean; stream?: NodeJS.WriteStream } = {}): Listener {
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

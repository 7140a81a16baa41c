import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { END_OF_FILE, type FileRequest, type FileResult } from './protocol.ts';

export interface RunOptions {
  /** Folder of the tests. */
  readonly folder: string;
  /** Which files, by their path below the folder. */
  readonly pattern: RegExp;
  /** How many processes. */
  readonly workers: number;
  /** Where output goes, file by file. */
  write(text: string): void;
  /** Fails a file that has not ended after so many seconds. */
  readonly fileSeconds?: number;
}

export interface Totals {
  readonly files: number;
  readonly total: number;
  readonly passed: number;
  readonly skipped: number;
  /** Files that failed, or tests of which failed. */
  readonly failures: string[];
}

/** The longest file takes one minute on a machine that does nothing else. */
const FILE_SECONDS = 900;
/** A worker that has nothing left to do ends by itself; one that does not has kept something open. */
const END_SECONDS = 20;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** What takes longest begins first, so that no worker is left with it at the end: the commands and the runs. */
const LONGEST = [
  /^examples\.long|\/live-kill\.long|\/scanned-pages\.long|\/ingest-disk\.long/,
  /^cli\//,
  /^training\//,
  /^package\./,
  /^rag\//,
  /^recipes\//,
  /^server\//,
  /^search\//,
  /^zpkg\/fuzz/,
  /^configs\//,
  /^data\//,
  /^encoders\//,
];

/** The test files, longest first. */
export function testFiles(folder: string, pattern: RegExp): FileRequest[] {
  const rank = (name: string): number => {
    const index = LONGEST.findIndex((expression) => expression.test(name));
    return index < 0 ? LONGEST.length : index;
  };
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: path.slice(join(folder, '/').length), path }))
    .filter(({ name }) => pattern.test(name))
    .sort((left, right) => rank(left.name) - rank(right.name) || (left.name < right.name ? -1 : 1));
}

/** One worker process and what it has written for the file that it runs. */
class TestWorker {
  private readonly child: ChildProcess;
  private output = '';
  private ends = 0;
  private result: FileResult | undefined;
  private settle: ((result: FileResult) => void) | undefined;
  private running: string | undefined;
  /** Resolves when the process has ended and its outputs are closed. */
  readonly closed: Promise<void>;
  ended = false;

  constructor() {
    const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
    this.child = fork(path('./worker.ts'), {
      execArgv: ['--import', import.meta.resolve('tsx'), '--import', path('../uvu-guard.ts')],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8');
      let rest = '';
      stream?.on('data', (piece: string) => {
        const text = rest + piece;
        const at = text.indexOf(END_OF_FILE);
        // The mark may come in two pieces.
        const whole = at >= 0 ? at : text.lastIndexOf('\u0000') >= 0 ? text.lastIndexOf('\u0000') : text.length;
        this.output += text.slice(0, whole);
        rest = text.slice(at >= 0 ? at + END_OF_FILE.length : whole);
        if (at >= 0) this.ends++;
        this.finish();
      });
    }
    this.child.on('message', (result: FileResult) => {
      this.result = result;
      this.finish();
    });
    // Its outputs may still hold something; nothing is sent to it any more.
    this.child.on('exit', () => {
      this.ended = true;
    });
    this.closed = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        this.stop(`the process ended (${signal ?? `exit code ${code}`}) before the file did`);
        resolve();
      });
    });
  }

  /** Runs one file; resolves with its result and what was written meanwhile. */
  async run(request: FileRequest, seconds: number): Promise<{ result: FileResult; output: string }> {
    this.output = '';
    this.ends = 0;
    this.result = undefined;
    this.running = request.name;
    const limit = setTimeout(() => {
      this.stop(`it has not ended after ${seconds} s`);
      this.kill();
    }, seconds * 1000);
    const result = await new Promise<FileResult>((resolve) => {
      this.settle = resolve;
      this.child.send(request);
    });
    clearTimeout(limit);
    return { result, output: this.output };
  }

  kill(): void {
    this.ended = true;
    this.child.kill('SIGKILL');
  }

  /** Lets the process end by itself; kills it when it does not. Gives whether it did. */
  async end(): Promise<boolean> {
    // Asked for, not done from here: a child whose parent disconnects gives no `close`.
    if (this.child.connected) this.child.send('end');
    let killed = false;
    const limit = setTimeout(() => {
      killed = true;
      this.child.kill('SIGKILL');
    }, END_SECONDS * 1000);
    await this.closed;
    clearTimeout(limit);
    return !killed;
  }

  private finish(): void {
    if (this.result === undefined || this.ends < 2) return;
    const { settle, result } = this;
    this.settle = undefined;
    settle?.(result);
  }

  private stop(problem: string): void {
    const { settle } = this;
    this.settle = undefined;
    settle?.({ name: this.running ?? '', total: 0, passed: 0, skipped: 0, problem });
  }
}

/** Runs the files in several processes, each file in one of them, and writes what each says when it is through. */
export async function runTests(options: RunOptions): Promise<Totals> {
  const { folder, pattern, workers, write, fileSeconds = FILE_SECONDS } = options;
  const files = testFiles(folder, pattern);
  const waiting = [...files];
  const failures: string[] = [];
  const sums = { total: 0, passed: 0, skipped: 0 };
  const fail = (name: string, problem: string): void => {
    failures.push(`${name}: ${problem}`);
    // The file counts as one test that failed.
    sums.total++;
  };

  const running = new Map<TestWorker, string>();
  const stop = (signal: NodeJS.Signals): void => {
    write(`\nstopped by ${signal} in ${[...running.values()].join(', ')}\n`);
    for (const worker of running.keys()) worker.kill();
    process.exit(1);
  };
  for (const signal of SIGNALS) process.on(signal, stop);

  const work = async (): Promise<void> => {
    let worker = new TestWorker();
    const names: string[] = [];
    for (let request = waiting.shift(); request; request = waiting.shift()) {
      if (worker.ended) worker = new TestWorker();
      const start = performance.now();
      running.set(worker, request.name);
      const { result, output } = await worker.run(request, fileSeconds);
      running.delete(worker);
      names.push(request.name);
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      write(`\n${request.name}  (${seconds} s)\n${output}${output.endsWith('\n') ? '' : '\n'}`);
      sums.total += result.total;
      sums.passed += result.passed;
      sums.skipped += result.skipped;
      // Tests whose database or data is not here are left out, and the file says so.
      const silent = result.total + result.skipped === 0 && !/\bskipped\b/.test(output);
      const problem =
        result.problem ?? (silent ? 'its suites have no test, and it does not say that they are skipped' : undefined);
      if (problem !== undefined) {
        write(`  FAIL  ${request.name}: ${problem}\n`);
        fail(request.name, problem);
      } else if (result.passed < result.total) {
        failures.push(`${request.name}: ${result.total - result.passed} of ${result.total} tests failed`);
      }
    }
    if (!worker.ended && !(await worker.end()))
      fail('a worker', `it does not end after ${names.join(', ')}: something is left open`);
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(workers, files.length)) }, work));
  for (const signal of SIGNALS) process.off(signal, stop);
  return { files: files.length, ...sums, failures };
}

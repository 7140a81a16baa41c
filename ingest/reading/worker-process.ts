import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { programFile } from '../../base/index.ts';
import type { ParseAnswer, ParseRequest, WorkerSettings } from './parse-messages.ts';

/** Characters of what a process says on its way out that are kept. */
const LAST_WORDS = 4000;
const PAGE_BYTES = 4096;

/** What V8 says when the heap has no room, in one piece or at all (its `FatalProcessOutOfMemory` and the checks of sizes). */
const OUT_OF_MEMORY =
  /heap out of memory|Allocation failed|invalid (?:array length|table size)|FatalProcessOutOfMemory|Fatal .*memory/i;

export interface WorkerListener {
  onAnswer(answer: ParseAnswer): void;
  /** The process is gone. @param reason in words; @param memory whether it had no memory left */
  onEnd(reason: string, memory: boolean): void;
}

/** A process that parses. V8 ends a whole process when one allocation passes the heap's limit, so that a thread would not do. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  #lastWords = '';

  constructor(settings: WorkerSettings, { onAnswer, onEnd }: WorkerListener) {
    const { url, source } = programFile('./parse-worker', import.meta.url);
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#child = fork(fileURLToPath(url), [JSON.stringify(settings)], {
      execArgv: [...(source ? ['--import', import.meta.resolve('tsx')] : []), `--max-old-space-size=${settings.limits.memory}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env,
    });
    this.#child.on('message', (answer) => onAnswer(answer as ParseAnswer));
    this.#child.stderr?.on('data', (piece: Buffer) => {
      this.#lastWords = (this.#lastWords + piece.toString()).slice(-LAST_WORDS);
    });
    this.#closed = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        onEnd(error.message, false);
        resolve();
      });
      // Not `exit`, behind which there may be words yet.
      this.#child.on('close', (code, signal) => {
        const memory = OUT_OF_MEMORY.test(this.#lastWords);
        onEnd(`${signal ?? `exit code ${code}`}${this.#errorLine()}`, memory);
        resolve();
      });
    });
  }

  send(request: ParseRequest, onFailure: (error: Error) => void): void {
    this.#child.send(request, (error) => {
      if (error !== null) onFailure(error);
    });
  }

  /** Ends the process, whatever it is doing, and comes back when it is gone. */
  async end(): Promise<void> {
    this.keepAlive(true);
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  /** Whether it keeps our process alive. */
  keepAlive(keep: boolean): void {
    const handles = [this.#child, this.#child.channel, this.#child.stderr as Socket | null];
    for (const handle of handles) {
      if (keep) handle?.ref?.();
      else handle?.unref?.();
    }
  }

  /** Bytes of memory that it has at the moment, of every kind; undefined where the system does not tell. */
  get residentBytes(): number | undefined {
    try {
      // proc(5), statm: the second number is of pages that are in memory.
      return Number(readFileSync(`/proc/${this.#child.pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
    } catch {
      return undefined;
    }
  }

  #errorLine(): string {
    const line = /^(?:\w*Error|\w*Exception)\b.*$/m.exec(this.#lastWords)?.[0];
    return line === undefined ? '' : `: ${line}`;
  }
}

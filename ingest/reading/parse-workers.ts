import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { CemError, programFile } from '../../base/index.ts';
import type { ParsedDocument, Parser, SourceFile } from '../parse/index.ts';
import { RECOGNITION_NAME } from '../recognition/index.ts';
import { assertInput, DEFAULT_LIMITS, type ParseLimits } from './limits.ts';
import { errorOfMessage, type ParseAnswer, type ParseRequest, type RecognitionSettings } from './parse-messages.ts';
import { findParser, START_BYTES } from './parsers.ts';
import { WorkerProcess } from './worker-process.ts';

export interface ParseWorkersOptions {
  /** Files that are parsed at once, each in a process; as many as the machine has cores, at most 4, unless given. */
  readonly workers?: number;
  /** Those not given are `DEFAULT_LIMITS`. */
  readonly limits?: Partial<ParseLimits>;
  /** URL of a module that exports `PARSERS`, in place of our own. */
  readonly parsers?: string;
  /** Folder of the models that read texts in pictures (`RECOGNITION_FILES`); without it none are read. */
  readonly recognition?: string | undefined;
}

export interface ParseFileOptions {
  /** `Parser.format` in place of the one that the file's bytes and name say. */
  readonly format?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ParsedFile {
  /** Of the parser that read it. */
  readonly format: string;
  readonly version: number;
  readonly documents: readonly ParsedDocument[];
  /** By which models texts in its pictures were read, where it may have pictures. */
  readonly recognition?: string;
}

interface Job {
  readonly request: ParseRequest;
  readonly resolve: (documents: readonly ParsedDocument[]) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
}

interface Slot {
  readonly process: WorkerProcess;
  ready: boolean;
  job: Job | undefined;
  timer: NodeJS.Timeout | undefined;
  watch: NodeJS.Timeout | undefined;
}

const MOST_WORKERS = 4;
/** Bytes beyond the heap's limit that a process may have: the program itself, its libraries, buffers. */
const BESIDE_HEAP = 512 * 2 ** 20;
const WATCH_MS = 200;

/**
 * Parses files in processes that are kept for the next file. A file that passes a limit ends its process and nothing else, and a new one takes its place. Processes without work do
 * not keep ours alive, and end with it.
 */
export class ParseWorkers implements AsyncDisposable {
  readonly #count: number;
  readonly #limits: ParseLimits;
  readonly #parsers: string;
  readonly #recognition: RecognitionSettings | undefined;
  readonly #slots: Slot[] = [];
  readonly #waiting: Job[] = [];
  #closed = false;

  constructor({
    workers = Math.min(MOST_WORKERS, availableParallelism()),
    limits = {},
    parsers,
    recognition,
  }: ParseWorkersOptions = {}) {
    this.#count = workers;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    const threads = Math.max(1, Math.floor(availableParallelism() / workers));
    this.#recognition = recognition === undefined ? undefined : { folder: recognition, threads };
    this.#parsers = parsers ?? programFile('./parsers', import.meta.url).url.href;
  }

  /** The largest file that is parsed, in bytes: a larger one need not be read. */
  get inputBytes(): number {
    return this.#limits.inputBytes;
  }

  /**
   * Waits for a free process and parses a file in it.
   *
   * @throws CemError `PARSE_FORMAT`; `PARSE_TIMEOUT`, `PARSE_MEMORY`, `PARSE_LIMIT` for a file that passes a limit; `PARSE_FAILED` for one that ends its process in another way;
   *   `PARSE_CLOSED`; what its parser throws; UsageError `PARSE_UNKNOWN_FORMAT`; the signal's reason
   */
  async parseFile(file: SourceFile, { format, signal }: ParseFileOptions = {}): Promise<ParsedFile> {
    signal?.throwIfAborted();
    const { PARSERS } = (await import(this.#parsers)) as { readonly PARSERS: readonly Parser[] };
    const parser = findParser(file.path, file.bytes.subarray(0, START_BYTES), { format, parsers: PARSERS });
    assertInput(file.path, file.bytes.length, this.#limits);
    const request = { format: parser.format, path: file.path, bytes: file.bytes };
    const documents = await this.#run(request, signal);
    const recognised = this.#recognition !== undefined && parser.pictures === true;
    return {
      format: parser.format,
      version: parser.version,
      documents,
      ...(recognised && { recognition: RECOGNITION_NAME }),
    };
  }

  /** Ends the processes, whatever they are doing; files that are not parsed yet end with `PARSE_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) settle(job, () => job.reject(closedError(job.request.path)));
    await Promise.all([...this.#slots].map((slot) => this.#end(slot, closedError)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run(request: ParseRequest, signal: AbortSignal | undefined): Promise<readonly ParsedDocument[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed || signal?.aborted) {
        reject(this.#closed ? closedError(request.path) : signal?.reason);
        return;
      }
      const job: Job = { request, resolve, reject, signal, onAbort: () => this.#abort(job) };
      signal?.addEventListener('abort', job.onAbort, { once: true });
      this.#waiting.push(job);
      this.#giveOut();
    });
  }

  #giveOut(): void {
    while (this.#waiting.length > 0) {
      let slot = this.#slots.find(({ job }) => job === undefined);
      if (slot === undefined && this.#slots.length < this.#count) slot = this.#start();
      if (slot === undefined) return;
      slot.job = this.#waiting.shift()!;
      slot.process.keepAlive(true);
      if (slot.ready) this.#begin(slot);
    }
  }

  #start(): Slot {
    const settings = { parsers: this.#parsers, limits: this.#limits, recognition: this.#recognition };
    const slot: Slot = {
      process: new WorkerProcess(settings, {
        onAnswer: (answer) => this.#take(slot, answer),
        onEnd: (reason, memory) => {
          void this.#end(slot, (path) => (memory ? memoryError(path, this.#limits.memory) : failedError(path, reason)));
        },
      }),
      ready: false,
      job: undefined,
      timer: undefined,
      watch: undefined,
    };
    this.#slots.push(slot);
    return slot;
  }

  #begin(slot: Slot): void {
    const { job } = slot;
    assert(job !== undefined, 'a process without a file');
    const { memory } = this.#limits;
    slot.watch = setInterval(() => {
      const bytes = slot.process.residentBytes;
      if (bytes !== undefined && bytes > memory * 2 ** 20 + BESIDE_HEAP)
        void this.#end(slot, (path) => memoryError(path, memory));
    }, WATCH_MS);
    slot.process.send(job.request, (error) => void this.#end(slot, (path) => failedError(path, error.message)));
  }

  /** The clock runs from here, so that neither the start of a process counts nor the loading of libraries, and anew with each step of reading a picture. */
  #startClock(slot: Slot): void {
    const { seconds } = this.#limits;
    clearTimeout(slot.timer);
    if (slot.job !== undefined)
      slot.timer = setTimeout(() => void this.#end(slot, (path) => timeoutError(path, seconds)), seconds * 1000);
  }

  #take(slot: Slot, answer: ParseAnswer): void {
    if (answer === 'ready') {
      slot.ready = true;
      if (slot.job !== undefined) this.#begin(slot);
      return;
    }
    if (answer === 'begun' || answer === 'recognised') {
      this.#startClock(slot);
      return;
    }
    const { job } = slot;
    if (job === undefined) return;
    stopWatching(slot);
    slot.job = undefined;
    slot.process.keepAlive(false);
    settle(job, () => ('documents' in answer ? job.resolve(answer.documents) : job.reject(errorOfMessage(answer.error))));
    this.#giveOut();
  }

  /** Ends a process, and with it the file that it has. */
  async #end(slot: Slot, reasonOf: (path: string) => unknown): Promise<void> {
    const place = this.#slots.indexOf(slot);
    if (place < 0) return;
    this.#slots.splice(place, 1);
    stopWatching(slot);
    const { job } = slot;
    slot.job = undefined;
    const ended = slot.process.end();
    if (job !== undefined) settle(job, () => job.reject(reasonOf(job.request.path)));
    this.#giveOut();
    await ended;
  }

  #abort(job: Job): void {
    const place = this.#waiting.indexOf(job);
    if (place >= 0) {
      this.#waiting.splice(place, 1);
      job.reject(job.signal?.reason);
      return;
    }
    const slot = this.#slots.find((candidate) => candidate.job === job);
    if (slot !== undefined) void this.#end(slot, () => job.signal?.reason);
  }
}

function stopWatching(slot: Slot): void {
  clearTimeout(slot.timer);
  clearInterval(slot.watch);
}

function settle(job: Job, action: () => void): void {
  job.signal?.removeEventListener('abort', job.onAbort);
  action();
}

function memoryError(path: string, memory: number): CemError {
  return new CemError(
    'PARSE_MEMORY',
    `${path} wants more than the ${memory} MB of memory that a file may take: split it, take it out, or raise the limit memory`,
    { details: { path, limit: 'memory', most: memory } },
  );
}

function timeoutError(path: string, seconds: number): CemError {
  return new CemError(
    'PARSE_TIMEOUT',
    `${path} was not parsed within ${seconds} s: split it, take it out, or raise the limit seconds`,
    { details: { path, limit: 'seconds', most: seconds } },
  );
}

function failedError(path: string, reason: string): CemError {
  return new CemError(
    'PARSE_FAILED',
    `${path} ended the process that parsed it (${reason}): it is damaged, or wants another parser; take it out`,
    { details: { path } },
  );
}

function closedError(path: string): CemError {
  return new CemError('PARSE_CLOSED', `${path} was not parsed: the processes that parse were ended`, { details: { path } });
}

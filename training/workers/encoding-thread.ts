import assert from 'node:assert/strict';
import type { Worker } from 'node:worker_threads';
import { CemError, programFile, startThread } from '../../base/index.ts';
import type { PreparedDictionary, SymbolBatch, SymbolReader } from '../../model/symbols/index.ts';
import { type CompressedText, type EncodeFrames, encodeHere } from '../batches/batch-encoding.ts';
import type { BatchMessage, DictionaryMessage, EncodingAnswer } from './encoding-messages.ts';

/** Loading its program costs a thread about this much of a core (measured: 0.4 to 0.6 s from TypeScript): a run that encodes for less is better off without. */
const WORTH_A_THREAD = 500;

type Reader = Pick<SymbolReader, 'config' | 'encode' | 'encodePassages' | 'batch'>;

interface Job {
  readonly texts: readonly CompressedText[];
  readonly resolve: (batch: SymbolBatch) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Encodes frames on a thread beside this one. The thread is started once encoding has taken long enough here to be worth it; results do not depend on where they were made.
 */
export class EncodingThread {
  readonly #reader: Reader;
  readonly #here: EncodeFrames;
  readonly #worthMilliseconds: number;
  #spentMilliseconds = 0;
  #worker: Worker | undefined;
  #ready = false;
  #failure: CemError | undefined;
  readonly #dictionaries = new Map<PreparedDictionary, number>();
  /** In the order in which the thread was given them, which is the order of its answers. */
  readonly #jobs: Job[] = [];

  /** @param worthMilliseconds how much work is done here before a thread is started */
  constructor(reader: Reader, worthMilliseconds = WORTH_A_THREAD) {
    this.#reader = reader;
    this.#here = encodeHere(reader);
    this.#worthMilliseconds = worthMilliseconds;
  }

  /**
   * A batch of compressed texts. What throws on this thread (a malformed frame) throws the same from there.
   *
   * @throws CemError `TRAINING_THREAD` when the thread ended, e.g. for want of memory
   */
  readonly encode: EncodeFrames = async (texts) => {
    if (this.#failure) throw this.#failure;
    if (this.#ready) return this.#encodeThere(texts);
    const start = performance.now();
    const batch = await this.#here(texts);
    this.#spentMilliseconds += performance.now() - start;
    if (this.#spentMilliseconds >= this.#worthMilliseconds) this.#start();
    return batch;
  };

  /** Whether batches are made on the thread by now. */
  get running(): boolean {
    return this.#ready;
  }

  /** Ends the thread, whatever it is doing. */
  async close(): Promise<void> {
    this.#fail('it was closed');
    await this.#worker?.terminate();
  }

  #start(): void {
    if (this.#worker || this.#failure) return;
    const worker = startThread(programFile('./encoding-worker', import.meta.url), this.#reader.config);
    worker.on('message', (answer: EncodingAnswer) => {
      if (answer === 'ready') this.#ready = true;
      else this.#finish(answer);
    });
    worker.on('error', (cause) => this.#fail(cause.message, cause));
    worker.on('messageerror', (cause) => this.#fail(`its answer cannot be read: ${cause.message}`, cause));
    worker.on('exit', (code) => this.#fail(`its exit code is ${code}`));
    this.#worker = worker;
  }

  #encodeThere(texts: readonly CompressedText[]): Promise<SymbolBatch> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ texts, resolve, reject });
      const frames = new Map(texts.map(({ frame, dictionary }) => [frame, dictionary]));
      const numbers = new Map([...frames.keys()].map((frame, number) => [frame, number]));
      const message: BatchMessage = {
        ...joined([...frames.keys()]),
        dictionaries: Uint32Array.from(frames.values(), (dictionary) => this.#numberOf(dictionary)),
        frames: Uint32Array.from(texts, ({ frame }) => numbers.get(frame)!),
        spans: texts.map(({ span }) => span),
      };
      this.#worker!.postMessage(message, [message.bytes.buffer]);
    });
  }

  /** The number by which the thread knows a dictionary; it is sent with its first use. */
  #numberOf(dictionary: PreparedDictionary): number {
    const known = this.#dictionaries.get(dictionary);
    if (known !== undefined) return known;
    const number = this.#dictionaries.size;
    this.#dictionaries.set(dictionary, number);
    const message: DictionaryMessage = { dictionary: dictionary.bytes };
    this.#worker!.postMessage(message);
    return number;
  }

  #finish(answer: Exclude<EncodingAnswer, 'ready'>): void {
    const job = this.#jobs.shift();
    assert(job !== undefined, 'the thread answered without a job');
    if (answer === 'failed') this.#here(job.texts).then(job.resolve, job.reject);
    else job.resolve(answer.batch);
  }

  #fail(reason: string, cause?: unknown): void {
    if (this.#failure) return;
    this.#failure = threadError(reason, cause);
    for (const { reject } of this.#jobs) reject(this.#failure);
  }
}

function threadError(reason: string, cause?: unknown): CemError {
  return new CemError(
    'TRAINING_THREAD',
    `the thread that prepares batches ended (${reason}): resume from the newest checkpoint with --resume; if memory ran out, make batches smaller`,
    { cause },
  );
}

function joined(frames: readonly Uint8Array[]): Pick<BatchMessage, 'bytes' | 'lengths'> {
  const lengths = Uint32Array.from(frames, ({ length }) => length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let position = 0;
  for (const frame of frames) {
    bytes.set(frame, position);
    position += frame.length;
  }
  return { bytes, lengths };
}

import * as assert from 'node:assert/strict';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { KernelMemory } from '../kernel-memory.ts';
import { threadCount } from '../thread-count.ts';

/** Words of a thread's job, and behind them its arguments as float64. */
const NUMBER = 0;
const DONE = 1;
const MEMORY = 2;
const KERNEL = 3;
const FAILED = 4;
const ARGUMENT_COUNT = 5;
const ARGUMENTS_AT = 32;
const MOST_ARGUMENTS = 16;

/** Kernels that are shared out: what they write is of their own rows or symbols alone. */
const KERNELS = ['adamRows', 'sumRows'] as const;
export type SharedKernel = (typeof KERNELS)[number];

/**
 * A thread's program: it calls a kernel over a memory that was sent to it before. Plain JavaScript in a string, because a thread that had to load this program's TypeScript first would take a
 * third of a second.
 */
const PROGRAM = `
const { receiveMessageOnPort, workerData: { state, port, names } } = require('node:worker_threads');
const words = new Int32Array(state, 0, ${ARGUMENTS_AT / 4});
const values = new Float64Array(state, ${ARGUMENTS_AT});
const kernels = new Map();
for (let seen = 0; ; ) {
  Atomics.store(words, ${DONE}, seen);
  Atomics.notify(words, ${DONE});
  Atomics.wait(words, ${NUMBER}, seen);
  seen = Atomics.load(words, ${NUMBER});
  try {
    for (let sent; (sent = receiveMessageOnPort(port)); ) {
      const { place, module, memory } = sent.message;
      if (memory) kernels.set(place, new WebAssembly.Instance(module, { env: { memory } }).exports);
      else kernels.delete(place);
    }
    kernels.get(words[${MEMORY}])[names[words[${KERNEL}]]](...values.subarray(0, words[${ARGUMENT_COUNT}]));
    words[${FAILED}] = 0;
  } catch {
    words[${FAILED}] = 1;
  }
}
`;

interface RowThread {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly words: Int32Array;
  readonly values: Float64Array;
}

/**
 * Threads for the loops over table rows. They work where the tables lie, in shared memory; results do not depend on how many there are. They begin with the first large loop, which does not
 * wait for them, and do not keep the process alive.
 */
export class RowThreads {
  readonly #threads: readonly RowThread[];
  /** Numbers of the memories that were sent. */
  readonly #memories = new WeakMap<KernelMemory, number>();
  /** A memory that is gone here is forgotten by the threads with their next job. */
  readonly #gone = new FinalizationRegistry<number>((place) => this.#post({ place }));
  #sent = 0;
  #number = 0;
  #ready = false;

  constructor(count: number) {
    this.#threads = Array.from({ length: count }, () => {
      const state = new SharedArrayBuffer(ARGUMENTS_AT + MOST_ARGUMENTS * Float64Array.BYTES_PER_ELEMENT);
      const words = new Int32Array(state, 0, ARGUMENTS_AT / Int32Array.BYTES_PER_ELEMENT);
      words[DONE] = -1;
      const { port1, port2 } = new MessageChannel();
      const workerData = { state, port: port2, names: KERNELS };
      const worker = new Worker(PROGRAM, { eval: true, workerData, transferList: [port2], execArgv: [], stdin: false });
      // One that cannot begin is never ready, and the work is done without.
      worker.on('error', () => {});
      worker.unref();
      port1.unref();
      return { worker, port: port1, words, values: new Float64Array(state, ARGUMENTS_AT) };
    });
  }

  /** This thread and the others. */
  get count(): number {
    return this.#threads.length + 1;
  }

  /** Whether all have begun. */
  get ready(): boolean {
    this.#ready ||= this.#threads.every(({ words }) => Atomics.load(words, DONE) === 0);
    return this.#ready;
  }

  /** Ends the threads. */
  close(): void {
    for (const { worker } of this.#threads) void worker.terminate();
  }

  /**
   * Calls a kernel with several lists of arguments, the first on this thread.
   *
   * @returns false where a thread could not do its part
   */
  run(memory: KernelMemory, kernel: SharedKernel, [own, ...others]: readonly (readonly number[])[]): boolean {
    const place = this.#send(memory);
    this.#number += 1;
    others.forEach((values, index) => {
      const thread = this.#threads[index]!;
      thread.values.set(values);
      thread.words.set([place, KERNELS.indexOf(kernel)], MEMORY);
      thread.words[ARGUMENT_COUNT] = values.length;
      Atomics.store(thread.words, NUMBER, this.#number);
      Atomics.notify(thread.words, NUMBER);
    });
    (memory.kernels[kernel] as (...values: number[]) => void)(...own!);
    let good = true;
    for (const { words } of this.#threads.slice(0, others.length)) {
      for (let last = Atomics.load(words, DONE); last !== this.#number; last = Atomics.load(words, DONE))
        Atomics.wait(words, DONE, last);
      good &&= words[FAILED] === 0;
    }
    return good;
  }

  #send(memory: KernelMemory): number {
    const known = this.#memories.get(memory);
    if (known !== undefined) return known;
    const place = this.#sent++;
    this.#memories.set(memory, place);
    this.#gone.register(memory, place);
    this.#post({ place, ...memory.shared });
    return place;
  }

  #post(message: object): void {
    for (const { port } of this.#threads) port.postMessage(message);
  }
}

let threads: RowThreads | undefined;

/** Numbers from which on a loop is worth waking threads: a millisecond or more. */
const LEAST_NUMBERS = 2 ** 18;

/**
 * Runs a kernel over `items` (rows, or symbols) in as many parts as there are threads.
 *
 * @param numbers that all items have together
 * @param argumentsOf of the part of `count` items from `from` on
 */
export function runRowKernel(
  memory: KernelMemory,
  kernel: SharedKernel,
  items: number,
  numbers: number,
  argumentsOf: (from: number, count: number) => readonly number[],
): void {
  const count = threadCount();
  if (count > 1 && numbers >= LEAST_NUMBERS) {
    if (threads?.count !== count) {
      threads?.close();
      threads = new RowThreads(count - 1);
    }
    if (threads.ready) {
      const ends = Array.from({ length: count }, (_, index) => Math.round((items * (index + 1)) / count));
      const parts = ends.map((end, index) => argumentsOf(ends[index - 1] ?? 0, end - (ends[index - 1] ?? 0)));
      assert.ok(threads.run(memory, kernel, parts), 'loops over rows need no memory of their own');
      return;
    }
  }
  (memory.kernels[kernel] as (...values: number[]) => void)(...argumentsOf(0, items));
}

import { Worker } from 'node:worker_threads';
import { MemoryViews } from '../memory-views.ts';
import { aligned, STACK_BYTES, WORD_BYTES, wasmModule } from './wasm-module.ts';

const PAGE_BYTES = 65_536;
/** 2 GiB: addresses are signed 32-bit numbers in an Int32Array. */
const MAXIMUM_PAGES = 32_768;
/** Places of a job's words (c/wasm/registry.c). */
const NUMBER = 0;
const DONE = 1;
const FAILED = 2;
const OP = 3;
/** Inputs, their number, attributes, outputs. */
const OPERANDS = 4;
const PRODUCT = 8;
const JOB_WORDS = PRODUCT + 12;

/**
 * A thread's program: it puts the module into its piece of the memory and serves. Plain JavaScript in a string, because a thread that had to load this program's TypeScript first would
 * take a third of a second. Memory for the running job is taken behind everything else, and forgotten with the job.
 */
const PROGRAM = `
const { module, memory, memoryBase, stackEnd, tableSize, job, top } = require('node:worker_threads').workerData;
const number = (value, mutable = false) => new WebAssembly.Global({ value: 'i32', mutable }, value);
const malloc = (bytes) => {
  const at = Atomics.add(new Int32Array(memory.buffer), top / 4, Math.ceil(bytes / 64) * 64);
  const missing = Math.ceil((at + bytes - memory.buffer.byteLength) / ${PAGE_BYTES});
  try {
    if (missing > 0) memory.grow(missing);
  } catch {
    return 0;
  }
  return at;
};
const stack = number(stackEnd, true);
const env = {
  memory, malloc, make_scratch: malloc, free: () => {}, fail: () => {}, make_output: () => 0,
  __memory_base: number(memoryBase), __table_base: number(0), __stack_pointer: stack,
  __indirect_function_table: new WebAssembly.Table({ element: 'anyfunc', initial: tableSize }),
};
const { exports } = new WebAssembly.Instance(module, { env });
exports.__wasm_call_ctors();
for (let seen = 0; ; ) {
  try {
    exports.serve(job, seen);
  } catch {
    stack.value = stackEnd;
    const words = new Int32Array(memory.buffer, job, ${JOB_WORDS});
    seen = words[${NUMBER}];
    words[${FAILED}] = 1;
  }
}
`;

/** A job's words behind its number: an op on inputs in the threads' memory. */
export interface ThreadOp {
  /** The op's place in the module's list. */
  readonly place: number;
  readonly inputs: number;
  readonly inputCount: number;
  readonly attributes: number;
  readonly outputs: number;
}

/**
 * Threads that take parts of large operations. tfjs' memory cannot be shared, so that what they need is copied into a memory that they share, and what they make is copied back: little beside
 * the work itself. Results do not depend on how many there are, because operations are cut where no sum is.
 *
 * They begin with the first large operation, which does not wait for them, and do not keep the process alive.
 */
export class WasmThreads extends MemoryViews {
  readonly count: number;
  readonly #jobs: readonly number[];
  readonly #workers: readonly Worker[];
  /** Address of the word that holds where free memory begins. */
  readonly #top: number;
  /** Free memory of the next operation. */
  readonly #free: number;
  #next: number;
  #number = 0;
  #ready = false;

  constructor(count: number) {
    super(new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES, shared: true }));
    this.count = count;
    const { module, memoryBytes, tableSize } = wasmModule('compiled-kernels-thread');
    let at = aligned(WORD_BYTES);
    const take = (bytes: number): number => {
      const address = at;
      at += aligned(bytes);
      return address;
    };
    this.#top = take(WORD_BYTES);
    const places = Array.from({ length: count }, () => ({
      job: take(JOB_WORDS * WORD_BYTES),
      memoryBase: take(memoryBytes),
      stackEnd: take(STACK_BYTES) + STACK_BYTES,
    }));
    this.#free = at;
    this.#next = at;
    this.#reserve(at);
    this.#jobs = places.map(({ job }) => job);
    this.#workers = places.map((place) => {
      this.#words()[place.job / WORD_BYTES + DONE] = -1;
      const workerData = { module, memory: this.memory, tableSize, top: this.#top, ...place };
      const worker = new Worker(PROGRAM, { eval: true, workerData, execArgv: [], stdin: false });
      // One that cannot begin is never ready, and the work is done without.
      worker.on('error', () => {});
      worker.unref();
      return worker;
    });
  }

  /** Ends the threads. */
  close(): void {
    for (const worker of this.#workers) void worker.terminate();
  }

  /** Whether all have begun. */
  get ready(): boolean {
    const words = this.#words();
    this.#ready ||= this.#jobs.every((job) => Atomics.load(words, job / WORD_BYTES + DONE) === 0);
    return this.#ready;
  }

  /** Forgets what was there for the operation before. */
  begin(): void {
    this.#next = this.#free;
  }

  /** Address of memory for this operation; undefined where there is no more: whoever asks does the work alone. */
  take(bytes: number): number | undefined {
    const address = this.#next;
    if (!this.#reserve(address + aligned(bytes))) return undefined;
    this.#next = address + aligned(bytes);
    return address;
  }

  /** @param operands the words of c/wasm/matrix-product.h for each thread that has a part */
  startProducts(operands: readonly (readonly number[])[]): void {
    this.#start(operands.map((words) => ({ words, from: PRODUCT, op: -1 })));
  }

  startOps(ops: readonly ThreadOp[]): void {
    this.#start(
      ops.map(({ place, inputs, inputCount, attributes, outputs }) => ({
        words: [inputs, inputCount, attributes, outputs],
        from: OPERANDS,
        op: place,
      })),
    );
  }

  /** Waits for the threads that were started; whether all did their part. */
  finish(parts: number): boolean {
    const words = this.#words();
    let good = true;
    for (const job of this.#jobs.slice(0, parts)) {
      const done = job / WORD_BYTES + DONE;
      for (;;) {
        const last = Atomics.load(words, done);
        if (last === this.#number) break;
        Atomics.wait(words, done, last);
      }
      good &&= words[job / WORD_BYTES + FAILED] === 0;
    }
    return good;
  }

  #start(parts: readonly { readonly words: readonly number[]; readonly from: number; readonly op: number }[]): void {
    const words = this.#words();
    words[this.#top / WORD_BYTES] = this.#next;
    this.#number += 1;
    parts.forEach((part, index) => {
      const job = this.#jobs[index]! / WORD_BYTES;
      words[job + OP] = part.op;
      words.set(part.words, job + part.from);
      Atomics.store(words, job + NUMBER, this.#number);
      Atomics.notify(words, job + NUMBER);
    });
  }

  #words(): Int32Array {
    return new Int32Array(this.memory.buffer);
  }

  /** Makes the memory that large; false where it cannot be. */
  #reserve(end: number): boolean {
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / PAGE_BYTES);
    try {
      if (missing > 0) this.memory.grow(missing);
      return true;
    } catch {
      return false;
    }
  }
}

import { CemError } from '../../../base/index.ts';
import { tf } from '../../tf.ts';
import { type CompiledKernels, useCompiledKernels } from '../compiled/compiled-kernels.ts';
import {
  checkAttributes,
  type DeclaredAttributes,
  type OpAttributes,
  readDeclarations,
  refusedInputs,
} from '../compiled/op-attributes.ts';
import { MemoryViews } from '../memory-views.ts';
import type { WasmBackend } from './wasm-backend.ts';
import {
  aligned,
  DOUBLE_BYTES,
  INPUT_WORDS,
  STACK_BYTES,
  type WasmModuleExports,
  WORD_BYTES,
  wasmModule,
  writeInputs,
} from './wasm-module.ts';
import { largeOp, runOpOnThreads } from './wasm-op-parts.ts';
import { largeProduct, multiplyOnThreads, productWords } from './wasm-product-parts.ts';
import type { OpRun, PartRunner, Product } from './wasm-runs.ts';
import { WasmThreads } from './wasm-threads.ts';

const PRODUCT_WORDS = 12;
/** CEM_MOST_DIMENSIONS of c/cem-kernels.h. */
const MOST_DIMENSIONS = 8;

/** Where an op lies, its place in the list, and its attributes. */
interface Op {
  readonly address: number;
  readonly place: number;
  readonly attributes: DeclaredAttributes;
}

/** What one run of an op makes. */
interface Call {
  readonly outputs: tf.Tensor[];
  readonly scratch: number[];
  failure?: string;
}

/**
 * Our kernels in C as a module of WebAssembly that lives in the memory of tfjs' own: tensors are read and written where they lie. Large products and attention are shared with threads.
 */
export class WasmLibrary extends MemoryViews implements CompiledKernels, PartRunner {
  #threads: number;
  readonly #backend: WasmBackend;
  readonly #exports: WasmModuleExports;
  readonly #ops: ReadonlyMap<string, Op>;
  /** Work space of products; it lasts, because every product needs it. */
  readonly #productScratch: number;
  readonly #productOperands: number;
  #helpers: WasmThreads | undefined;
  #call: Call | undefined;

  /** @param threads this one and those that help */
  constructor(backend: WasmBackend, threads: number) {
    const { memory } = backend.wasm.asm;
    super(memory);
    this.#threads = threads;
    this.#backend = backend;
    const { module, memoryBytes, tableSize } = wasmModule('compiled-kernels');
    const base = this.#lasting(memoryBytes);
    const number = (value: number, mutable = false) => new WebAssembly.Global({ value: 'i32', mutable }, value);
    const environment = {
      memory,
      __memory_base: number(base),
      __table_base: number(0),
      __stack_pointer: number(this.#lasting(STACK_BYTES) + STACK_BYTES, true),
      __indirect_function_table: new WebAssembly.Table({ element: 'anyfunc', initial: tableSize }),
      malloc: (bytes: number) => backend.wasm._malloc(bytes),
      free: (address: number) => backend.wasm._free(address),
      make_output: (index: number, rank: number, sizes: number) =>
        this.makeOutput(index, [...new Int32Array(memory.buffer, sizes, rank)]),
      make_scratch: (bytes: number) => this.#makeScratch(bytes),
      fail: (format: number, values: number) => {
        this.#call!.failure ??= this.#format(format, values);
      },
    };
    new Uint8Array(memory.buffer, base, memoryBytes).fill(0);
    this.#exports = new WebAssembly.Instance(module, { env: environment }).exports as unknown as WasmModuleExports;
    this.#exports.__wasm_call_ctors();
    this.#ops = this.#readOps();
    this.#productScratch = this.#lasting(WORD_BYTES * this.#exports.matrix_product_scratch());
    this.#productOperands = this.#lasting(WORD_BYTES * PRODUCT_WORDS);
  }

  get threads(): number {
    return this.#threads;
  }

  /** From now on so many compute. */
  useThreads(count: number): void {
    if (count === this.#threads) return;
    this.#helpers?.close();
    this.#helpers = undefined;
    this.#threads = count;
  }

  /** Whether large operations have help by now: threads begin with the first of them. */
  get hasHelp(): boolean {
    return this.#helpers?.ready ?? false;
  }

  get ops(): string[] {
    return [...this.#ops.keys()].sort();
  }

  /** Hash of what the module was compiled from. */
  get sources(): string {
    return this.#text(this.#exports.kernel_sources());
  }

  has(op: string): boolean {
    return this.#ops.has(op);
  }

  run(op: string, attributes: OpAttributes, inputs: readonly tf.Tensor[], outputs: number): tf.Tensor[] {
    const found = this.#ops.get(op);
    if (found === undefined)
      throw new CemError('COMPILED_KERNEL', `there is no compiled kernel ${op}, but ${this.ops.join(', ')}`, { details: { op } });
    checkAttributes(op, found.attributes, attributes);
    const values = [...found.attributes.keys()].map((name) => Number(attributes[name]));
    const odd = inputs.find(({ dtype, rank }) => dtype !== 'float32' || rank > MOST_DIMENSIONS);
    if (odd) throw refusedInputs(op, inputs, `inputs are float32 of at most ${MOST_DIMENSIONS} dimensions`);
    const call: Call = { outputs: [], scratch: [] };
    this.#call = call;
    try {
      // What was on another backend is brought here, which may take memory.
      const operands = inputs.map(({ dataId, shape }) => ({ address: this.addressOf(dataId), shape }));
      const run = { address: found.address, place: found.place, name: op, attributes, values, inputs: operands };
      const helpers = largeOp(run) ? this.#readyThreads() : undefined;
      if (helpers === undefined || !runOpOnThreads(this, helpers, run)) this.runOp(run);
    } finally {
      for (const address of call.scratch) this.#backend.wasm._free(address);
      this.#call = undefined;
    }
    if (call.failure === undefined && call.outputs.length === outputs) return call.outputs;
    tf.dispose(call.outputs);
    throw refusedInputs(op, inputs, call.failure ?? `it has ${call.outputs.length} outputs, and ${outputs} are wanted`);
  }

  /**
   * Runs an op on this thread; to be called within `run`.
   *
   * @param outputs addresses of what there is already; absent: they are made
   * @returns whether it went well; only the last failure counts
   * @throws CemError `WASM_KERNELS` where there is no memory for its operands
   */
  runOp({ address, inputs, values }: OpRun, outputs: readonly number[] = []): boolean {
    const valueBytes = values.length * DOUBLE_BYTES;
    const inputBytes = inputs.length * INPUT_WORDS * WORD_BYTES;
    const block = this.#makeScratch(valueBytes + inputBytes + outputs.length * WORD_BYTES);
    if (block === 0) throw new CemError('WASM_KERNELS', 'the wasm backend has no memory left');
    delete this.#call!.failure;
    this.doubles(block, values.length).set(values);
    writeInputs(this.integers(block + valueBytes, inputs.length * INPUT_WORDS), inputs);
    const outputsAt = block + valueBytes + inputBytes;
    this.integers(outputsAt, outputs.length).set(outputs);
    return this.#exports.run_op(address, block + valueBytes, inputs.length, block, outputs.length > 0 ? outputsAt : 0) !== 0;
  }

  /** Makes an output of the running op; its address. */
  makeOutput(index: number, shape: readonly number[]): number {
    const info = this.#backend.makeOutput(shape, 'float32');
    this.#call!.outputs[index] = tf.engine().makeTensorFromTensorInfo(info);
    return this.addressOf(info.dataId);
  }

  /** `output = left right`; see c/wasm/matrix-product.h. */
  multiply(product: Product): void {
    const helpers = largeProduct(product, this.#threads) ? this.#readyThreads() : undefined;
    if (helpers === undefined || !multiplyOnThreads(this, helpers, product, this.#exports.matrix_product_scratch()))
      this.multiplyHere(product);
  }

  /** The same on this thread alone. */
  multiplyHere(product: Product): void {
    this.integers(this.#productOperands, PRODUCT_WORDS).set(productWords(product, this.#productScratch));
    this.#exports.matrix_product(this.#productOperands);
  }

  addressOf(dataId: tf.DataId): number {
    return this.#backend.dataIdMap.get(dataId).memoryOffset;
  }

  /** The other threads, once they have begun; the first call starts them. */
  #readyThreads(): WasmThreads | undefined {
    if (this.#threads === 1) return undefined;
    try {
      this.#helpers ??= new WasmThreads(this.#threads - 1);
    } catch {
      // There is no room for their memory.
      this.#threads = 1;
      return undefined;
    }
    return this.#helpers.ready ? this.#helpers : undefined;
  }

  /** Address, at a cache line, of memory that is never given back. */
  #lasting(bytes: number): number {
    const address = this.#backend.wasm._malloc(aligned(bytes) + aligned(1));
    if (address === 0) throw new CemError('WASM_KERNELS', `the wasm backend has no ${bytes} bytes of memory left`);
    return aligned(address);
  }

  /** Address of memory that is given back behind the running op; 0 where there is none. */
  #makeScratch(bytes: number): number {
    // An address behind 2 GiB comes as a negative number.
    const address = this.#backend.wasm._malloc(bytes) >>> 0;
    if (address !== 0) this.#call!.scratch.push(address);
    return address;
  }

  #readOps(): ReadonlyMap<string, Op> {
    const ops = new Map<string, Op>();
    for (let address = this.#exports.first_op(); address !== 0; address = this.#exports.next_op(address)) {
      const declarations: string[] = [];
      for (;;) {
        const declaration = this.#exports.op_attribute(address, declarations.length);
        if (declaration === 0) break;
        declarations.push(this.#text(declaration));
      }
      ops.set(this.#text(this.#exports.op_name(address)), {
        address,
        place: ops.size,
        attributes: readDeclarations(declarations),
      });
    }
    return ops;
  }

  #text(address: number): string {
    const bytes = new Uint8Array(this.memory.buffer);
    return Buffer.from(bytes.subarray(address, bytes.indexOf(0, address))).toString();
  }

  /** printf's %d, %s, %zu (4 bytes each) and %lld (8 bytes, at a multiple of 8). */
  #format(format: number, values: number): string {
    const view = new DataView(this.memory.buffer);
    let at = values;
    return this.#text(format).replace(/%(lld|d|s|zu)/g, (_, kind: string) => {
      if (kind === 'lld') {
        at = Math.ceil(at / DOUBLE_BYTES) * DOUBLE_BYTES + DOUBLE_BYTES;
        return `${view.getBigInt64(at - DOUBLE_BYTES, true)}`;
      }
      at += WORD_BYTES;
      const value = view.getInt32(at - WORD_BYTES, true);
      return kind === 's' ? this.#text(value) : `${value}`;
    });
  }
}

const libraries = new WeakMap<WasmBackend, WasmLibrary>();

/** The library in the memory of a backend, once `loadWasmKernels` has put it there. */
export function wasmLibrary(backend: WasmBackend): WasmLibrary {
  return libraries.get(backend)!;
}

/**
 * Loads the library for the wasm backend, which is the current one. `CEM_NATIVE_KERNELS=0` leaves its ops out, and products alone are ours.
 *
 * @param threads that compute
 */
export function loadWasmKernels(threads: number): void {
  const backend = tf.backend() as unknown as WasmBackend;
  const library = libraries.get(backend) ?? new WasmLibrary(backend, threads);
  library.useThreads(threads);
  libraries.set(backend, library);
  useCompiledKernels('wasm', process.env['CEM_NATIVE_KERNELS'] === '0' ? undefined : library);
}

import { readFileSync } from 'node:fs';

/** What `compiled-kernels.wasm` exports; arguments are addresses, counts and plain numbers (see c/wasm). */
export interface WasmModuleExports {
  __wasm_call_ctors(): void;
  first_op(): number;
  next_op(op: number): number;
  op_name(op: number): number;
  op_attribute(op: number, index: number): number;
  kernel_sources(): number;
  run_op(op: number, inputs: number, inputCount: number, attributes: number, outputs: number): number;
  matrix_product_scratch(): number;
  matrix_product(operands: number): void;
}

export const WORD_BYTES = 4;
export const DOUBLE_BYTES = 8;
/** Words of c/wasm/registry.c's `given_input`: address, rank, 8 sizes. */
export const INPUT_WORDS = 10;

/** A tensor that an op reads. */
export interface OpInput {
  readonly address: number;
  readonly shape: readonly number[];
}

/** Writes what c/wasm/registry.c reads as `given_input`s. */
export function writeInputs(words: Int32Array, inputs: readonly OpInput[]): void {
  inputs.forEach(({ address, shape }, index) => {
    words.set([address, shape.length, ...shape], index * INPUT_WORDS);
  });
}

/** A compiled module, and what of a memory it needs before it runs. */
export interface WasmModule {
  readonly module: WebAssembly.Module;
  readonly memoryBytes: number;
  readonly tableSize: number;
}

/** Size of a module's stack. */
export const STACK_BYTES = 65_536;
/** Addresses are multiples of a cache line. */
const ALIGNMENT = 64;

/** The next multiple of a cache line. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

const modules = new Map<string, WasmModule>();

/** Compiles a module that lies beside this file; once a name. */
export function wasmModule(name: 'compiled-kernels' | 'compiled-kernels-thread'): WasmModule {
  const known = modules.get(name);
  if (known) return known;
  const module = new WebAssembly.Module(readFileSync(new URL(`./${name}.wasm`, import.meta.url)));
  const made = { module, ...readSizes(module) };
  modules.set(name, made);
  return made;
}

/**
 * What a position-independent module asks for in its section `dylink.0` (the convention of LLVM's dynamic linking for WebAssembly): the first entry has number 1 and holds
 * memory bytes, their alignment, table entries, their alignment (LEB128 each).
 */
function readSizes(module: WebAssembly.Module): { memoryBytes: number; tableSize: number } {
  const bytes = new Uint8Array(WebAssembly.Module.customSections(module, 'dylink.0')[0] ?? new ArrayBuffer(0));
  let at = 2;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const memoryBytes = next();
  next();
  return { memoryBytes, tableSize: next() };
}

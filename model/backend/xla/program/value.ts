/** Types of the elements of values that kernels make: float32, int32 and bool of tfjs, and what products round their operands to. */
export type ValueType = 'f32' | 's32' | 'pred' | 'bf16';

/** Numbers in JavaScript's memory. */
export type HostValues = Float32Array | Int32Array | Uint8Array;

/** Memory of the device. */
export interface DeviceMemory {
  dispose(): void;
}

/** One operation of StableHLO, as its generic form has it. */
export interface Operation {
  readonly name: string;
  readonly inputs: readonly Value[];
  /** What stands between `<{` and `}>`. */
  readonly attributes: string;
  /** What stands between `({` and `})`; empty where the operation has none. */
  readonly region: string;
  /** MLIR types of the results where there are several, which `partOf` then takes apart. */
  readonly resultTypes?: readonly string[];
}

const MLIR_TYPES: Readonly<Record<ValueType, string>> = { f32: 'f32', s32: 'i32', pred: 'i1', bf16: 'bf16' };

/** The type as MLIR writes it, e.g. `tensor<2x3xf32>`. */
export function tensorType(type: ValueType, shape: readonly number[]): string {
  return `tensor<${shape.map((size) => `${size}x`).join('')}${MLIR_TYPES[type]}>`;
}

let created = 0;
/** Values made since `releaseUnused` was called last. */
let fresh: Value[] = [];

/**
 * A value of a program: still to be computed (`operation`), or there already (`memory`, `host`). It counts who needs it (tensors and values that are still to be computed from it): when
 * nobody does, it lets go of its memory and of its inputs.
 */
export class Value {
  /** Ascending in the order of creation, so that inputs come before what is made of them. */
  readonly id: number = created++;
  readonly type: ValueType;
  readonly shape: readonly number[];
  readonly size: number;
  operation: Operation | undefined;
  memory: DeviceMemory | undefined;
  /** Small arrays are uploaded when a program needs them, or written into it. */
  host: HostValues | undefined;
  /** Tensors that hold it. */
  holders = 0;
  #users = 0;
  #typeText: string | undefined;

  constructor(type: ValueType, shape: readonly number[], operation?: Operation) {
    this.type = type;
    this.shape = shape;
    this.size = shape.reduce((product, size) => product * size, 1);
    this.operation = operation;
    if (!operation) return;
    for (const input of operation.inputs) input.#users++;
    fresh.push(this);
  }

  /** Lets go of what was recorded and is not needed by anything: to be called when a kernel has recorded all that it makes. */
  static releaseUnused(): void {
    // The last ones first: what only they need goes with them.
    for (const value of fresh.reverse()) if (value.#users === 0 && value.operation) value.#free();
    fresh = [];
  }

  /** Whether it has to be computed. */
  get isPending(): boolean {
    return this.operation !== undefined;
  }

  /** `tensor<2x3xf32>` */
  get typeText(): string {
    this.#typeText ??= tensorType(this.type, this.shape);
    return this.#typeText;
  }

  /** Whether something that is still to be computed needs it. */
  get isAwaited(): boolean {
    return this.#users > this.holders;
  }

  /** A tensor holds it from now on. */
  hold(): void {
    this.holders++;
    this.#users++;
  }

  /** A tensor holds it no longer. */
  letGo(): void {
    this.holders--;
    this.#release();
  }

  /** It has been computed: what it was to be computed from is not needed for it any more. */
  settle(memory: DeviceMemory): void {
    const { operation } = this;
    this.memory = memory;
    this.operation = undefined;
    for (const input of operation?.inputs ?? []) input.#release();
  }

  /** A program has put other numbers in its place. */
  renew(memory: DeviceMemory): void {
    this.memory = memory;
    this.host = undefined;
  }

  #release(): void {
    // A loop: chains are as long as programs.
    const left: Value[] = [this];
    for (let value = left.pop(); value; value = left.pop()) {
      value.#users--;
      if (value.#users > 0) continue;
      left.push(...value.#empty());
    }
  }

  #free(): void {
    for (const input of this.#empty()) input.#release();
  }

  /** Lets go of everything but its inputs, which are returned. */
  #empty(): readonly Value[] {
    const inputs = this.operation?.inputs ?? [];
    this.memory?.dispose();
    this.memory = undefined;
    this.host = undefined;
    this.operation = undefined;
    return inputs;
  }
}

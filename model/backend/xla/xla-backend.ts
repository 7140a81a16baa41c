import { CemError } from '../../../base/index.ts';
import { tf } from '../../tf.ts';
import type {
  CompiledFunction,
  CompileOptions,
  CompilingBackend,
  ProductPrecision,
  TensorFunction,
} from '../contract/compile-function.ts';
import { CopiedBuffer } from './copied-buffer.ts';
import type { XlaCall, XlaKernel } from './kernels/call.ts';
import { valueTypeOf } from './kernels/elementwise.ts';
import type { KernelRecorder } from './kernels/register.ts';
import type { PjrtBuffer, PjrtClient } from './pjrt/index.ts';
import { reshape } from './program/operations.ts';
import { writeProgram } from './program/program-text.ts';
import { type HostValues, Value, type ValueType } from './program/value.ts';
import { ProgramCache } from './program-cache.ts';
import { XlaFunction } from './xla-function.ts';

/** What a tensor's data is. Its shape is that of the value; tensors that share it may see it in others. */
export interface Stored {
  readonly value: Value;
  readonly dtype: tf.DataType;
  references: number;
}

/** Arrays of so many elements are kept here until a program needs them; longer ones go to the device when they are written. */
const SMALL = 64;
/** Recorded operations after which what is pending is run, so that neither programs nor what they hold grow without end. */
const MOST_PENDING = 50_000;

const DTYPES: Readonly<Record<ValueType, tf.DataType>> = { f32: 'float32', s32: 'int32', pred: 'bool', bf16: 'float32' };

const ARRAYS: Readonly<Record<ValueType, new (values: ArrayLike<number>) => HostValues>> = {
  f32: Float32Array,
  s32: Int32Array,
  pred: Uint8Array,
  bf16: Float32Array,
};

/**
 * A tfjs backend whose kernels compute nothing: they record an operation of StableHLO each. A read compiles what is pending into one program and runs it: tensors that are alive are its
 * results, and what only dead ones need is never computed. Programs are kept by their text, so that what is recorded again in the same way is compiled once.
 */
export class XlaBackend extends tf.KernelBackend implements CompilingBackend, KernelRecorder {
  readonly client: PjrtClient;
  readonly programs: ProgramCache;
  precision: ProductPrecision = 'float32';
  readonly #data: tf.DataStorage<Stored>;
  /** Values that tensors hold and that are still to be computed. */
  #pending = new Set<Value>();
  #recorded = 0;
  /** The function that is being traced. */
  #tracing: string | undefined;
  /** Functions are divided between devices: what is written stays here until it is known what each of them needs of it. */
  #isDivided = false;

  constructor(client: PjrtClient) {
    super();
    this.client = client;
    this.programs = new ProgramCache(client);
    this.#data = new tf.DataStorage<Stored>(this, tf.engine());
  }

  /** Runs a kernel: what it makes is recorded. */
  record(
    kernel: XlaKernel,
    inputs: Readonly<Record<string, tf.TensorInfo>>,
    attributes: Readonly<Record<string, unknown>>,
  ): tf.TensorInfo | tf.TensorInfo[] {
    try {
      const made = kernel(this.#call(inputs, attributes));
      if (made instanceof Value) return this.#output(made);
      if (!('shared' in made)) return made.map((value) => this.#output(value));
      const x = inputs[made.shared]!;
      this.incRef(x.dataId);
      return { dataId: x.dataId, shape: [...made.shape], dtype: x.dtype };
    } finally {
      Value.releaseUnused();
    }
  }

  #call(inputs: Readonly<Record<string, tf.TensorInfo>>, attributes: Readonly<Record<string, unknown>>): XlaCall {
    const take = (info: tf.TensorInfo): Value => reshape(this.#stored(info.dataId).value, info.shape);
    let all: readonly Value[] | undefined;
    return {
      inputs,
      precision: this.precision,
      onProcessors: this.client.platform === 'cpu',
      value: (name) => take(inputs[name]!),
      has: (name) => inputs[name] !== undefined && inputs[name] !== null,
      get values() {
        all ??= Object.values(inputs)
          .filter((info) => info)
          .map(take);
        return all;
      },
      attribute: <Type>(name: string) => attributes[name] as Type,
    };
  }

  #output(value: Value): tf.TensorInfo {
    if (++this.#recorded > MOST_PENDING && this.#tracing === undefined) this.flush();
    const dtype = DTYPES[value.type];
    return { dataId: this.hold(value.size === 0 ? emptyOf(value) : value, dtype), shape: [...value.shape], dtype };
  }

  /** A tensor's data that is a value. */
  hold(value: Value, dtype: tf.DataType, dataId: object = {}, references = 1): object {
    value.hold();
    if (value.isPending) this.#pending.add(value);
    this.#data.set(dataId, { value, dtype, references });
    return dataId;
  }

  /** The value of a tensor's data. */
  valueFor(dataId: object): Value {
    return this.#stored(dataId).value;
  }

  /** What a tensor's data is: the same object for as long as there is a tensor of it. */
  storedFor(dataId: object): Readonly<Stored> {
    return this.#stored(dataId);
  }

  #stored(dataId: object): Stored {
    return this.#data.get(dataId);
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    return this.hold(this.#fromHost(values, shape, dtype), dtype);
  }

  override move(
    dataId: object,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    this.hold(this.#fromHost(values, shape, dtype), dtype, dataId, references);
  }

  #fromHost(values: tf.backend_util.BackendValues, shape: readonly number[], dtype: tf.DataType): Value {
    const type = valueTypeOf(dtype);
    if (type === undefined || values[0] instanceof Uint8Array)
      throw new CemError('XLA_TYPE', `the backend xla has tensors of float32, int32 and bool, got ${dtype}.`, {
        details: { dtype },
      });
    const value = new Value(type, shape);
    const numbers = values as ArrayLike<number>;
    const array = ofKind(numbers, ARRAYS[type]);
    if (this.#tracing !== undefined || this.#isDivided || array.length <= SMALL) value.host = array.slice();
    else value.memory = this.client.upload(array, type, shape);
    return value;
  }

  /** The device's memory of a value that is there. */
  memoryOf(value: Value): PjrtBuffer {
    if (value.host && !value.memory) {
      value.memory = this.client.upload(value.host, value.type, value.shape);
      if (value.size > SMALL) value.host = undefined;
    }
    const { memory } = value;
    return memory instanceof CopiedBuffer ? memory.copies[0]! : (memory as PjrtBuffer);
  }

  /** The memories of a value that is there on each of the first devices; they stay the value's. */
  copiesOf(value: Value, devices: number): readonly PjrtBuffer[] {
    if (value.memory instanceof CopiedBuffer && value.memory.copies.length === devices) return value.memory.copies;
    const numbers = value.host ?? (this.memoryOf(value).read() as HostValues);
    const more = Array.from({ length: devices - 1 }, (_, index) =>
      this.client.upload(numbers, value.type, value.shape, index + 1),
    );
    const copied = new CopiedBuffer([this.memoryOf(value), ...more]);
    value.memory = copied;
    return copied.copies;
  }

  /** A value that is there, divided along its first axis between the first devices; the memories are the caller's. */
  sharesOf(value: Value, devices: number): PjrtBuffer[] {
    const numbers = value.host ?? (this.memoryOf(value).read() as HostValues);
    const [rows = 0, ...row] = value.shape;
    const [size, shape] = [value.size / devices, [rows / devices, ...row]];
    return Array.from({ length: devices }, (_, device) =>
      this.client.upload(numbers.subarray(device * size, (device + 1) * size), value.type, shape, device),
    );
  }

  override readSync(dataId: object): tf.backend_util.BackendValues {
    const { value } = this.#stored(dataId);
    this.#compute(value);
    if (value.host) return value.host.slice();
    return this.memoryOf(value).read() as HostValues;
  }

  override async read(dataId: object): Promise<tf.backend_util.BackendValues> {
    const { value } = this.#stored(dataId);
    this.#compute(value);
    if (value.host) return value.host.slice();
    return (await this.memoryOf(value).readAsync()) as HostValues;
  }

  #compute(value: Value): void {
    if (this.#tracing !== undefined)
      throw new CemError(
        'XLA_TRACE',
        `${this.#tracing} is compiled, and reads a tensor: what is compiled is a function of tensors alone.`,
        { details: { function: this.#tracing } },
      );
    if (value.isPending) this.flush();
  }

  /** Runs all that is pending and that a tensor holds. */
  flush(): void {
    this.#recorded = 0;
    if (this.#pending.size === 0) return;
    const results = [...this.#pending].sort((a, b) => a.id - b.id);
    // What no tensor holds is needed by this program alone.
    const { text, parameters } = writeProgram(results, { isDonated: (value) => value.holders === 0 });
    const buffers = this.programs.get(text).execute(parameters.map((value) => this.memoryOf(value)));
    this.#pending.clear();
    results.forEach((value, index) => {
      value.settle(buffers[index]!);
    });
  }

  /** Records an action apart from what is pending. */
  trace<Result>(name: string, action: () => Result): Result {
    const [pending, recorded] = [this.#pending, this.#recorded];
    this.#pending = new Set();
    this.#tracing = name;
    try {
      return action();
    } finally {
      this.#tracing = undefined;
      this.#pending = pending;
      this.#recorded = recorded;
    }
  }

  get isTracing(): boolean {
    return this.#tracing !== undefined;
  }

  compileFunction(name: string, f: TensorFunction, options: CompileOptions): CompiledFunction {
    const { division } = options;
    if (division && division.devices > 1) {
      this.client.requireDevices(division.devices);
      this.#isDivided = true;
    }
    return new XlaFunction(this, name, f, options);
  }

  setProductPrecision(precision: ProductPrecision): void {
    this.precision = precision;
  }

  override incRef(dataId: object): void {
    this.#stored(dataId).references++;
  }

  override refCount(dataId: object): number {
    return this.#data.has(dataId) ? this.#stored(dataId).references : 0;
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.#data.has(dataId)) return true;
    const stored = this.#stored(dataId);
    stored.references--;
    if (!force && stored.references > 0) return false;
    this.#data.delete(dataId);
    stored.references = 0;
    stored.value.letGo();
    if (stored.value.holders === 0) this.#pending.delete(stored.value);
    return true;
  }

  override numDataIds(): number {
    return this.#data.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {
    this.programs.clear();
    this.client.close();
  }
}

/** Nothing is computed for a value without elements. */
function emptyOf(value: Value): Value {
  const empty = new Value(value.type, value.shape);
  empty.host = ofKind([], ARRAYS[value.type]);
  return empty;
}

/** As an array of the kind that its type has here. */
function ofKind(values: ArrayLike<number>, kind: new (values: ArrayLike<number>) => HostValues): HostValues {
  return values instanceof kind ? values : new kind(values);
}

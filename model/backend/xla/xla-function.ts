import { tf } from '../../tf.ts';
import type {
  CompiledFunction,
  CompileOptions,
  Division,
  ProductPrecision,
  TensorFunction,
} from '../contract/compile-function.ts';
import { CopiedBuffer } from './copied-buffer.ts';
import type { PjrtBuffer, PjrtExecutable } from './pjrt/index.ts';
import { isSplat } from './program/literal.ts';
import { sameShape } from './program/operations.ts';
import { writeProgram } from './program/program-text.ts';
import { type DeviceMemory, Value } from './program/value.ts';
import type { ProgramCache } from './program-cache.ts';

/** Constants of at most so many numbers are written into a program; longer ones go along as parameters. */
const WRITTEN_NUMBERS = 1024;

const UNDIVIDED: Division = { devices: 1, inputs: [] };

/** What a function needs of the backend. */
interface FunctionHost {
  readonly isTracing: boolean;
  readonly precision: ProductPrecision;
  readonly programs: ProgramCache;
  valueFor(dataId: object): Value;
  memoryOf(value: Value): PjrtBuffer;
  copiesOf(value: Value, devices: number): readonly PjrtBuffer[];
  sharesOf(value: Value, devices: number): PjrtBuffer[];
  hold(value: Value, dtype: tf.DataType): object;
  refCount(dataId: object): number;
  flush(): void;
  trace<Result>(name: string, action: () => Result): Result;
}

/** How an input looks from outside. */
interface InputFacts {
  readonly dtype: tf.DataType;
  readonly shape: readonly number[];
  /** The shape in which it lies on the device. */
  readonly stored: readonly number[];
  readonly isDonated: boolean;
}

interface ResultFacts {
  readonly dtype: tf.DataType;
  readonly shape: readonly number[];
}

/** The program for one combination of inputs. */
interface Variant {
  readonly precision: ProductPrecision;
  readonly inputs: readonly InputFacts[];
  readonly results: readonly ResultFacts[];
  readonly program: PjrtExecutable;
  /** What stands behind the inputs among the parameters. */
  readonly constants: readonly Value[];
}

/** A function that is traced once for each combination of its inputs' shapes and types; what a call costs afterwards does not depend on how much the program computes. */
export class XlaFunction implements CompiledFunction {
  readonly #backend: FunctionHost;
  readonly #name: string;
  readonly #f: TensorFunction;
  readonly #donated: ReadonlySet<number>;
  /** One device unless the function is divided. */
  readonly #devices: number;
  readonly #divided: ReadonlySet<number>;
  #variants: Variant[] = [];
  compilations = 0;

  constructor(backend: FunctionHost, name: string, f: TensorFunction, { donated = [], division = UNDIVIDED }: CompileOptions) {
    this.#backend = backend;
    this.#name = name;
    this.#f = f;
    this.#donated = new Set(donated);
    this.#devices = division.devices;
    this.#divided = new Set(division.inputs);
  }

  run(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const backend = this.#backend;
    // Inside of another function it is a part of that one.
    if (backend.isTracing) return this.#inline(inputs);
    const values = inputs.map(({ dataId }) => backend.valueFor(dataId));
    if (values.some((value) => value.isPending)) backend.flush();
    const variant = this.#variantFor(inputs, values);
    const memories = this.#devices === 1 ? this.#execute(variant, values) : this.#executeDivided(variant, values);
    for (const place of this.#donated) inputs[place]?.dispose();
    const engine = tf.engine();
    return variant.results.map(({ dtype, shape }, index) => {
      const { type, shape: stored } = variant.program.outputs[index]!;
      const value = new Value(type as Value['type'], stored);
      value.memory = memories[index]!;
      return engine.makeTensorFromTensorInfo({ dataId: backend.hold(value, dtype), shape: [...shape], dtype });
    });
  }

  #execute({ program, constants }: Variant, values: readonly Value[]): DeviceMemory[] {
    return program.execute([...values, ...constants].map((value) => this.#backend.memoryOf(value)));
  }

  /** Each device gets its shares and copies, and makes a copy of all results. */
  #executeDivided({ program, constants }: Variant, values: readonly Value[]): DeviceMemory[] {
    const [backend, devices] = [this.#backend, this.#devices];
    const lent: PjrtBuffer[] = [];
    try {
      const inputs = [...values, ...constants].map((value, place) => {
        if (!this.#isDivided(place, value)) return backend.copiesOf(value, devices);
        const shares = backend.sharesOf(value, devices);
        lent.push(...shares);
        return shares;
      });
      const results = program.executeOnDevices(Array.from({ length: devices }, (_, device) => inputs.map((of) => of[device]!)));
      return program.outputs.map((_, index) => new CopiedBuffer(results.map((of) => of[index]!)));
    } finally {
      // What still reads them goes on.
      for (const share of lent) share.dispose();
    }
  }

  #isDivided(place: number, { shape: [rows = 0] }: Value): boolean {
    return this.#divided.has(place) && rows > 0 && rows % this.#devices === 0;
  }

  #inline(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const results = tf.tidy(() => this.#f(inputs).map((result) => (inputs.includes(result) ? tf.clone(result) : result)));
    for (const place of this.#donated) inputs[place]?.dispose();
    return results;
  }

  #variantFor(inputs: readonly tf.Tensor[], values: readonly Value[]): Variant {
    const { precision } = this.#backend;
    const several = valuesInSeveralPlaces(values);
    const known = this.#variants.find(
      (variant) =>
        variant.precision === precision &&
        variant.inputs.length === inputs.length &&
        variant.inputs.every((facts, place) => {
          const [tensor, value] = [inputs[place]!, values[place]!];
          return (
            facts.dtype === tensor.dtype &&
            facts.isDonated === this.#isDonated(place, tensor, value, several) &&
            sameShape(facts.shape, tensor.shape) &&
            sameShape(facts.stored, value.shape)
          );
        }),
    );
    if (known) return known;
    // What a function takes from outside is a constant: it has to be there.
    this.#backend.flush();
    const facts = inputs.map((tensor, place) => ({
      dtype: tensor.dtype,
      shape: tensor.shape,
      stored: values[place]!.shape,
      isDonated: this.#isDonated(place, tensor, values[place]!, several),
    }));
    const variant = this.#trace(facts, values, precision);
    this.#variants.push(variant);
    this.compilations++;
    return variant;
  }

  /** Memory that another tensor or another input sees is not given away. */
  #isDonated(place: number, { dataId }: tf.Tensor, value: Value, several: ReadonlySet<Value>): boolean {
    return this.#donated.has(place) && value.holders === 1 && !several.has(value) && this.#backend.refCount(dataId) === 1;
  }

  #trace(inputs: readonly InputFacts[], values: readonly Value[], precision: ProductPrecision): Variant {
    const [backend, devices] = [this.#backend, this.#devices];
    const engine = tf.engine();
    const parameters = values.map(({ type, shape }) => new Value(type, shape));
    let variant: Variant | undefined;
    backend.trace(this.#name, () =>
      tf.tidy(() => {
        const tensors = inputs.map(({ dtype, shape }, place) =>
          engine.makeTensorFromTensorInfo({ dataId: backend.hold(parameters[place]!, dtype), shape: [...shape], dtype }),
        );
        const results = this.#f(tensors);
        const { text, parameters: all } = writeProgram(
          results.map(({ dataId }) => backend.valueFor(dataId)),
          {
            parameters,
            isWritten: ({ host }) => host !== undefined && (host.length <= WRITTEN_NUMBERS || isSplat(host)),
            isDonated: (_, place) => inputs[place]?.isDonated === true,
            ...(devices > 1 && {
              partitions: {
                devices,
                isDivided: (place) => place < parameters.length && this.#isDivided(place, parameters[place]!),
              },
            }),
          },
        );
        const program = backend.programs.compile(text, { partitions: devices });
        const constants = all.slice(parameters.length);
        // They outlive the tensors of the trace.
        for (const value of constants) value.hold();
        variant = { precision, inputs, results: results.map(({ dtype, shape }) => ({ dtype, shape })), program, constants };
      }),
    );
    return variant!;
  }

  dispose(): void {
    for (const { program, constants } of this.#variants) {
      program.dispose();
      for (const value of constants) value.letGo();
    }
    this.#variants = [];
  }
}

function valuesInSeveralPlaces(values: readonly Value[]): ReadonlySet<Value> {
  const seen = new Set<Value>();
  const several = new Set<Value>();
  for (const value of values) (seen.has(value) ? several : seen).add(value);
  return several;
}

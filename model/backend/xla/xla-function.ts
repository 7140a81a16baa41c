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
  storedFor(dataId: object): StoredFacts;
  memoryOf(value: Value): PjrtBuffer;
  copiesOf(value: Value, devices: number): readonly PjrtBuffer[];
  sharesOf(value: Value, devices: number): PjrtBuffer[];
  hold(value: Value, dtype: tf.DataType): object;
  flush(): void;
  trace<Result>(name: string, action: () => Result): Result;
}

/** What a tensor's data is, and how many tensors see it. */
interface StoredFacts {
  readonly value: Value;
  readonly references: number;
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
  /** For each result the place of the donated input whose tensor it is from then on; -1: a new one. Training steps have hundreds, and their trees stay what they are. */
  readonly renewed: readonly number[];
  /** Places of the donated inputs that no result renews. */
  readonly gone: readonly number[];
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
  /** The inputs of the last call: most of the next one's are the same, and looking them up is what costs. */
  #last: { readonly dataIds: readonly object[]; readonly stored: readonly StoredFacts[] } = { dataIds: [], stored: [] };
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
    const { dataIds, stored: known } = this.#last;
    const stored = inputs.map(({ dataId }, place) => {
      const before = known[place];
      return dataIds[place] === dataId && before && before.references > 0 ? before : backend.storedFor(dataId);
    });
    this.#last = { dataIds: inputs.map(({ dataId }) => dataId), stored };
    const values = stored.map(({ value }) => value);
    // What is still to be computed from numbers that are given away is computed before.
    if (values.some((value, place) => value.isPending || (value.isAwaited && this.#donated.has(place)))) backend.flush();
    const variant = this.#variantFor(inputs, stored);
    const memories = this.#devices === 1 ? this.#execute(variant, values) : this.#executeDivided(variant, values);
    for (const place of variant.gone) inputs[place]?.dispose();
    const engine = tf.engine();
    return variant.results.map(({ dtype, shape }, index) => {
      const place = variant.renewed[index]!;
      if (place >= 0) {
        values[place]!.renew(memories[index]!);
        return inputs[place]!;
      }
      const output = variant.program.outputs[index]!;
      const value = new Value(output.type as Value['type'], output.shape);
      value.memory = memories[index]!;
      return engine.makeTensorFromTensorInfo({ dataId: backend.hold(value, dtype), shape: [...shape], dtype });
    });
  }

  #execute({ program, constants, renewed }: Variant, values: readonly Value[]): DeviceMemory[] {
    return program.execute(
      [...values, ...constants].map((value) => this.#backend.memoryOf(value)),
      renewed,
    );
  }

  /** Each device gets its shares and copies, and makes a copy of all results. */
  #executeDivided({ program, constants, renewed }: Variant, values: readonly Value[]): DeviceMemory[] {
    const [backend, devices] = [this.#backend, this.#devices];
    const lent: PjrtBuffer[] = [];
    try {
      const inputs = [...values, ...constants].map((value, place) => {
        if (!this.#isDivided(place, value)) return backend.copiesOf(value, devices);
        const shares = backend.sharesOf(value, devices);
        lent.push(...shares);
        return shares;
      });
      const results = program.executeOnDevices(
        Array.from({ length: devices }, (_, device) => inputs.map((of) => of[device]!)),
        renewed,
      );
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

  #variantFor(inputs: readonly tf.Tensor[], stored: readonly StoredFacts[]): Variant {
    const { precision } = this.#backend;
    const several = inSeveralPlaces(stored);
    const isDonated = (place: number) => this.#isDonated(place, stored[place]!, several);
    const known = this.#variants.find(
      (variant) =>
        variant.precision === precision &&
        variant.inputs.length === inputs.length &&
        variant.inputs.every((facts, place) => {
          const tensor = inputs[place]!;
          return (
            facts.dtype === tensor.dtype &&
            facts.isDonated === isDonated(place) &&
            sameShape(facts.shape, tensor.shape) &&
            sameShape(facts.stored, stored[place]!.value.shape)
          );
        }),
    );
    if (known) return known;
    // What a function takes from outside is a constant: it has to be there.
    this.#backend.flush();
    const facts = inputs.map((tensor, place) => ({
      dtype: tensor.dtype,
      shape: tensor.shape,
      stored: stored[place]!.value.shape,
      isDonated: isDonated(place),
    }));
    const variant = this.#trace(
      facts,
      stored.map(({ value }) => value),
      precision,
    );
    this.#variants.push(variant);
    this.compilations++;
    return variant;
  }

  /** Memory that another tensor or another input sees is not given away. */
  #isDonated(place: number, { value, references }: StoredFacts, several: ReadonlySet<Value>): boolean {
    return this.#donated.has(place) && value.holders === 1 && references === 1 && !several.has(value);
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
        const {
          text,
          parameters: all,
          aliases,
        } = writeProgram(
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
        variant = { precision, inputs, ...this.#results(inputs, results, aliases), program, constants };
      }),
    );
    return variant!;
  }

  /** Which results are there, and which donated inputs they renew: those of the same type and shape whose memory they take. */
  #results(
    inputs: readonly InputFacts[],
    made: readonly tf.Tensor[],
    aliases: ReadonlyMap<number, number>,
  ): Pick<Variant, 'results' | 'renewed' | 'gone'> {
    const results = made.map(({ dtype, shape }): ResultFacts => ({ dtype, shape }));
    const renewed = results.map(() => -1);
    for (const [place, index] of aliases) {
      const [input, result] = [inputs[place]!, results[index]!];
      if (input.dtype === result.dtype && sameShape(input.shape, result.shape)) renewed[index] = place;
    }
    const kept = new Set(renewed);
    return { results, renewed, gone: [...this.#donated].filter((place) => place < inputs.length && !kept.has(place)) };
  }

  dispose(): void {
    for (const { program, constants } of this.#variants) {
      program.dispose();
      for (const value of constants) value.letGo();
    }
    this.#variants = [];
    this.#last = { dataIds: [], stored: [] };
  }
}

function inSeveralPlaces(stored: readonly StoredFacts[]): ReadonlySet<Value> {
  const seen = new Set<Value>();
  const several = new Set<Value>();
  for (const { value } of stored) (seen.has(value) ? several : seen).add(value);
  return several;
}

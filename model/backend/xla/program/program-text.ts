import { arrayLiteral } from './literal.ts';
import { PART } from './operations.ts';
import type { Value } from './value.ts';

/** A program as StableHLO in MLIR's generic form, and what its parameters are. */
export interface Program {
  readonly text: string;
  /** Values that are there when it starts, in the order of its parameters. */
  readonly parameters: readonly Value[];
  /** By place among the parameters: which result takes a donated one's memory. */
  readonly aliases: ReadonlyMap<number, number>;
}

export interface ProgramOptions {
  /** Parameters that stand first, in this order, used or not. */
  readonly parameters?: readonly Value[];
  /** Whether a value's numbers are written into the program. */
  readonly isWritten?: (value: Value) => boolean;
  /** Whether the program may take a parameter's memory for a result. */
  readonly isDonated?: (value: Value, parameter: number) => boolean;
  /** Absent: a program of one device. */
  readonly partitions?: Partitions;
}

/** How a program lies on several devices: XLA divides it by the sharding of its parameters. */
interface Partitions {
  readonly devices: number;
  /** Whether each device has a share of a parameter's first axis; the others are whole on each, as results are. */
  readonly isDivided: (parameter: number) => boolean;
}

const WHOLE = 'mhlo.sharding = "{replicated}"';

/**
 * The text of a program that computes some values. Names follow the order of the operations alone, so that what is recorded twice in the same way has the same text.
 *
 * @param results values, pending or there
 */
export function writeProgram(results: readonly Value[], options: ProgramOptions = {}): Program {
  const { isWritten = () => false, isDonated = () => false } = options;
  const parameters: Value[] = [];
  const names = new Map<Value, string>();
  const known = new Map<string, string>();
  const lines: string[] = [];
  const addParameter = (value: Value): void => {
    names.set(value, `%arg${parameters.length}`);
    parameters.push(value);
  };
  for (const value of options.parameters ?? []) addParameter(value);
  /** Equal operations are computed once. */
  const addLine = (text: string, results = 1): string => {
    let name = known.get(text);
    if (name === undefined) {
      name = `%${lines.length}`;
      known.set(text, name);
      lines.push(`${name}${results > 1 ? `:${results}` : ''} = ${text}`);
    }
    return name;
  };
  /** The name of a value that is there, at its first use: nothing but the order of operations decides the order of parameters. */
  const nameOf = (value: Value): string => {
    const name = names.get(value);
    if (name !== undefined) return name;
    if (value.host && (value.size === 0 || isWritten(value))) {
      const literal = arrayLiteral(value.type, value.host, value.shape, value.typeText);
      names.set(value, addLine(`"stablehlo.constant"() <{value = ${literal}}> : () -> ${value.typeText}`));
    } else addParameter(value);
    return names.get(value)!;
  };
  for (const value of pendingInOrder(results)) {
    const { name, inputs, attributes, region, resultTypes } = value.operation!;
    const operands = inputs.map(nameOf);
    if (name === PART) {
      names.set(value, `${operands[0]}#${attributes}`);
      continue;
    }
    const inside = region === '' ? '' : ` ({\n${region}\n})`;
    const settings = attributes === '' ? '' : ` <{${attributes}}>`;
    const result = resultTypes ? `(${resultTypes.join(', ')})` : value.typeText;
    const types = inputs.map((input) => input.typeText).join(', ');
    names.set(
      value,
      addLine(`"${name}"(${operands.join(', ')})${settings}${inside} : (${types}) -> ${result}`, resultTypes?.length),
    );
  }
  const given = results.map(nameOf);
  const aliases = aliasesOf(parameters, results, isDonated);
  const { partitions } = options;
  const head = parameters.map((value, index) => {
    const alias = aliases.get(index);
    const attributes = [
      ...(partitions ? [partitions.isDivided(index) ? firstAxisDivided(value, partitions.devices) : WHOLE] : []),
      ...(alias === undefined ? [] : [`tf.aliasing_output = ${alias} : i32`]),
    ];
    return `%arg${index}: ${value.typeText}${attributes.length === 0 ? '' : ` {${attributes.join(', ')}}`}`;
  });
  const types = results.map((value) => value.typeText).join(', ');
  const signature = partitions ? results.map((value) => `${value.typeText} {${WHOLE}}`).join(', ') : types;
  const layout = partitions ? ` attributes {mhlo.num_partitions = ${partitions.devices} : i32, mhlo.num_replicas = 1 : i32}` : '';
  const text = [
    `module @cem${layout} {`,
    `func.func public @main(${head.join(', ')}) -> (${signature}) {`,
    ...lines,
    `"func.return"(${given.join(', ')}) : (${types}) -> ()`,
    '}',
    '}',
    '',
  ].join('\n');
  return { text, parameters, aliases };
}

/** The sharding of a parameter whose first axis is divided between devices, as XLA writes it. */
function firstAxisDivided({ shape }: Value, devices: number): string {
  return `mhlo.sharding = "{devices=[${[devices, ...shape.slice(1).map(() => 1)].join(',')}]<=[${devices}]}"`;
}

/** What has to be computed for some results, each after its inputs. */
function pendingInOrder(results: readonly Value[]): Value[] {
  const seen = new Set<Value>();
  const left = [...results];
  for (let value = left.pop(); value; value = left.pop()) {
    if (!value.operation || seen.has(value)) continue;
    seen.add(value);
    left.push(...value.operation.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** Which result takes the memory of which parameter: the first of the same type that has none yet. */
function aliasesOf(
  parameters: readonly Value[],
  results: readonly Value[],
  isDonated: (value: Value, parameter: number) => boolean,
): Map<number, number> {
  const free = new Map<string, number[]>();
  results.forEach((value, index) => {
    // A parameter that is given back keeps its own memory.
    if (!value.isPending) return;
    const places = free.get(value.typeText);
    if (places) places.push(index);
    else free.set(value.typeText, [index]);
  });
  const aliases = new Map<number, number>();
  parameters.forEach((value, index) => {
    if (value.size === 0 || !isDonated(value, index)) return;
    const place = free.get(value.typeText)?.shift();
    if (place !== undefined) aliases.set(index, place);
  });
  return aliases;
}

/** Settings of XLA by name, e.g. `xla_gpu_cuda_data_dir`. */
export type CompilerSettings = Readonly<Record<string, string | number | boolean>>;

/** How a program is laid over devices. */
export interface CompileLayout {
  /** Copies of the program, each with data of its own. */
  readonly replicas: number;
  /** Parts of one program, which XLA divides by the sharding written in it. */
  readonly partitions: number;
  /** Ids of the devices: those of the partitions of the first replica, then of the second one, and so on. */
  readonly devices: readonly number[];
  readonly settings?: CompilerSettings;
}

/** A base-128 number, as protocol buffers write one. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return bytes;
}

/** One field of a message: a number, or bytes with their length before them. */
function field(number: number, value: number | readonly number[]): number[] {
  if (typeof value === 'number') return [...varint(number << 3), ...varint(value)];
  return [...varint((number << 3) | 2), ...varint(value.length), ...value];
}

function textField(number: number, text: string): number[] {
  return field(number, [...Buffer.from(text, 'utf8')]);
}

/** A setting's value: field 1 text, 2 truth value, 3 integer, 4 a double. */
function settingValue(value: string | number | boolean): number[] {
  if (typeof value === 'string') return textField(1, value);
  if (typeof value === 'boolean') return field(2, Number(value));
  if (Number.isInteger(value)) return field(3, value);
  return [(4 << 3) | 1, ...new Uint8Array(new Float64Array([value]).buffer)];
}

/** The message `CompileOptionsProto` of XLA (xla/pjrt/proto/compile_options.proto), of which a few fields are set. */
export function compileOptions({ replicas, partitions, devices, settings = {} }: CompileLayout): Uint8Array {
  const assignment = [...field(1, replicas), ...field(2, partitions)];
  for (let partition = 0; partition < partitions; partition++) {
    const ids = Array.from({ length: replicas }, (_, replica) => devices[replica * partitions + partition] ?? 0);
    assignment.push(...field(3, field(1, ids.flatMap(varint))));
  }
  const build = [
    ...field(1, -1), // device_ordinal: as the assignment says
    ...field(4, replicas),
    ...field(5, partitions),
    ...field(6, Number(partitions > 1)), // use_spmd_partitioning
    ...field(9, assignment),
  ];
  const options = field(3, build);
  for (const [name, value] of Object.entries(settings)) {
    options.push(...field(7, [...textField(1, name), ...field(2, settingValue(value))]));
  }
  return Uint8Array.from(options);
}

import assert from 'node:assert/strict';
import { ProtobufWriter } from './protobuf-writer.ts';

/** Operator set whose ReduceMax takes axes as an input and whose ScatterElements knows `max` and `add`. */
const OPERATOR_SET = 18;
/** Version of the file's own layout that goes with that operator set (onnx/onnx, docs/Versioning.md). */
const IR_VERSION = 8;
const PRODUCER = 'cem-rag';

/** Numbers of element types in onnx.proto's TensorProto.DataType. */
const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7 } as const;
type ElementType = keyof typeof ELEMENT_TYPES;

/** Numbers of attribute types in onnx.proto's AttributeProto.AttributeType. */
const INTEGER_ATTRIBUTE = 2;
const TEXT_ATTRIBUTE = 3;
const INTEGERS_ATTRIBUTE = 7;

/** TensorProto.DataLocation: in another file. */
const EXTERNAL = 1;

/** An input or output of the graph; a text is the name of a dimension of any length. */
export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

type Attribute = number | string | readonly number[];

/** Where weights go that stand outside the file: appends bytes and says at which position they begin. */
export type StoreWeights = (bytes: Uint8Array) => number;

/**
 * An ONNX graph in the making. Values are named by what made them; field numbers are those of onnx.proto (onnx/onnx, version 1.13).
 */
export class OnnxGraph {
  readonly #nodes: ProtobufWriter[] = [];
  readonly #initializers: ProtobufWriter[] = [];
  readonly #shared = new Map<string, string>();
  readonly #externalFile: string | undefined;
  readonly #store: StoreWeights | undefined;
  #count = 0;

  /** @param external where weights go when they do not stand in the file itself (protocol buffers end at 2 GiB) */
  constructor(external?: { readonly file: string; readonly store: StoreWeights }) {
    this.#externalFile = external?.file;
    this.#store = external?.store;
  }

  /** Adds a node with one output, whose name it returns. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    output?: string,
  ): string {
    const name = output ?? `${operator}_${this.#count++}`;
    const node = new ProtobufWriter();
    for (const input of inputs) node.text(1, input);
    node.text(2, name).text(3, name).text(4, operator);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attribute(key, value));
    this.#nodes.push(node);
    return name;
  }

  /** A constant of int64: shapes, axes, places. One and the same for equal values. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#sharedConstant(`integers ${shape.join('x')}: ${values.join()}`, () =>
      tensor('int64', shape, new Uint8Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer)),
    );
  }

  /** A scalar of float32. */
  scalar(value: number): string {
    return this.#sharedConstant(`scalar ${value}`, () => tensor('float32', [], new Uint8Array(Float32Array.of(value).buffer)));
  }

  /** A constant or weight of float32 under a name of its own. */
  weight(name: string, shape: readonly number[], values: Float32Array): string {
    assert.equal(
      values.length,
      shape.reduce((product, size) => product * size, 1),
      name,
    );
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const proto = new ProtobufWriter().integers(1, shape).integer(2, ELEMENT_TYPES.float32).text(8, name);
    if (this.#store === undefined) proto.data(9, bytes);
    else {
      const entry = (key: string, value: string) => new ProtobufWriter().text(1, key).text(2, value);
      proto
        .message(13, entry('location', this.#externalFile!))
        .message(13, entry('offset', String(this.#store(bytes))))
        .message(13, entry('length', String(bytes.length)))
        .integer(14, EXTERNAL);
    }
    this.#initializers.push(proto);
    return name;
  }

  /** The finished file. */
  serialize(name: string, inputs: readonly OnnxValue[], outputs: readonly OnnxValue[]): Uint8Array {
    const graph = new ProtobufWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, name);
    for (const initializer of this.#initializers) graph.message(5, initializer);
    for (const input of inputs) graph.message(11, valueInfo(input));
    for (const output of outputs) graph.message(12, valueInfo(output));
    const operatorSet = new ProtobufWriter().text(1, '').integer(2, OPERATOR_SET);
    return new ProtobufWriter().integer(1, IR_VERSION).text(2, PRODUCER).message(7, graph).message(8, operatorSet).bytes();
  }

  #sharedConstant(key: string, make: () => ProtobufWriter): string {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const name = `constant_${this.#shared.size}`;
    this.#initializers.push(make().text(8, name));
    this.#shared.set(key, name);
    return name;
  }
}

function tensor(type: ElementType, shape: readonly number[], bytes: Uint8Array): ProtobufWriter {
  return new ProtobufWriter().integers(1, shape).integer(2, ELEMENT_TYPES[type]).data(9, bytes);
}

function attribute(name: string, value: Attribute): ProtobufWriter {
  const proto = new ProtobufWriter().text(1, name);
  if (typeof value === 'number') return proto.integer(3, value).integer(20, INTEGER_ATTRIBUTE);
  if (typeof value === 'string') return proto.text(4, value).integer(20, TEXT_ATTRIBUTE);
  return proto.integers(8, value).integer(20, INTEGERS_ATTRIBUTE);
}

function valueInfo({ name, type, shape }: OnnxValue): ProtobufWriter {
  const dimensions = new ProtobufWriter();
  for (const size of shape) {
    dimensions.message(1, typeof size === 'number' ? new ProtobufWriter().integer(1, size) : new ProtobufWriter().text(2, size));
  }
  const tensorType = new ProtobufWriter().integer(1, ELEMENT_TYPES[type]).message(2, dimensions);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensorType));
}

import { readFile } from 'node:fs/promises';
import { CemError, FormatError } from '../../base/index.ts';
import { protobufFields } from './protobuf-reader.ts';

/** A weight of a model's graph. */
interface OnnxWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A node of a graph, as far as it says what a weight is. */
interface OnnxNode {
  readonly name: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Numbers of fields in onnx.proto (onnx/onnx, version 1.13). */
const MODEL_GRAPH = 7;
const GRAPH = { node: 1, initializer: 5 } as const;
const NODE = { input: 1, output: 2, name: 3, operator: 4 } as const;
const TENSOR = { dimensions: 1, type: 2, floats: 4, name: 8, raw: 9, external: 13 } as const;
/** TensorProto.DataType of float32. */
const FLOAT32 = 1;

/** The weights of an ONNX file. */
export interface OnnxWeights {
  /** By the names that the exporter kept from the model: of every weight but those of products without a bias in the product, which are transposed and renamed. */
  readonly named: ReadonlyMap<string, OnnxWeight>;
  /** [inputs, outputs] weights of `MatMul` nodes by the node's name, which leads through the modules: `/encoder/layer.0/attention/self/query/MatMul`. */
  readonly products: ReadonlyMap<string, OnnxWeight>;
}

/**
 * Reads the float32 weights that stand in an ONNX file. Equal weights that the exporter has written once stand under each of their names.
 *
 * @throws CemError `IMPORT_MISSING`; FormatError `IMPORT_MALFORMED` for what is no ONNX file, or keeps weights in files of their own
 */
export async function readOnnxWeights(path: string): Promise<OnnxWeights> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new CemError('IMPORT_MISSING', `${path} cannot be read; name a folder with onnx/model.onnx or model.safetensors`, {
      details: { path },
      cause,
    });
  }
  const fail = (problem: string): never => {
    throw new FormatError('IMPORT_MALFORMED', `${path} is no ONNX file with weights of float32 in it: ${problem}`, {
      details: { path },
    });
  };
  const named = new Map<string, OnnxWeight>();
  const nodes: OnnxNode[] = [];
  for (const graph of parts(bytes, MODEL_GRAPH, fail)) {
    for (const { field, value } of protobufFields(graph, fail)) {
      if (typeof value === 'bigint') continue;
      if (field === GRAPH.initializer) {
        const tensor = readTensor(value, fail);
        if (tensor !== undefined) named.set(tensor.name, tensor);
      } else if (field === GRAPH.node) nodes.push(readNode(value, fail));
    }
  }
  if (named.size === 0) fail('there is none');
  // An equal weight stands there once, and nodes give it its other names.
  for (const { operator, inputs, outputs } of nodes) {
    const same = operator === 'Identity' ? named.get(inputs[0] ?? '') : undefined;
    if (same !== undefined && outputs[0] !== undefined) named.set(outputs[0], same);
  }
  const products = new Map<string, OnnxWeight>();
  for (const { name, operator, inputs } of nodes) {
    const weight =
      operator === 'MatMul' ? inputs.map((input) => named.get(input)).find((found) => found !== undefined) : undefined;
    if (weight !== undefined) products.set(name, weight);
  }
  return { named, products };
}

type Fail = (problem: string) => never;

function* parts(bytes: Uint8Array, wanted: number, fail: Fail): Generator<Uint8Array> {
  for (const { field, value } of protobufFields(bytes, fail)) if (field === wanted && typeof value !== 'bigint') yield value;
}

/** @returns undefined for a tensor of another type */
function readTensor(bytes: Uint8Array, fail: Fail): (OnnxWeight & { readonly name: string }) | undefined {
  const shape: number[] = [];
  let [name, type] = ['', 0];
  let data: Uint8Array = new Uint8Array(0);
  let outside = false;
  for (const { field, value } of protobufFields(bytes, fail)) {
    if (field === TENSOR.dimensions) {
      if (typeof value === 'bigint') shape.push(Number(value));
      else shape.push(...packedIntegers(value, fail));
    } else if (field === TENSOR.type) type = Number(value);
    else if (typeof value === 'bigint') continue;
    else if (field === TENSOR.name) name = Buffer.from(value).toString('utf8');
    else if (field === TENSOR.raw || field === TENSOR.floats) data = value;
    else if (field === TENSOR.external) outside = true;
  }
  if (type !== FLOAT32) return undefined;
  if (outside) fail(`"${name}" stands in a file of its own`);
  const size = shape.reduce((product, length) => product * length, 1);
  if (data.length !== 4 * size) fail(`"${name}" has ${data.length} bytes for the shape [${shape.join(', ')}]`);
  // A copy, since the file's bytes need not lie at multiples of four.
  return { name, shape, data: new Float32Array(new Uint8Array(data).buffer) };
}

function packedIntegers(bytes: Uint8Array, fail: Fail): number[] {
  const integers: number[] = [];
  let [value, factor] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 0x7f) * factor;
    factor *= 0x80;
    if (byte >= 0x80) continue;
    integers.push(value);
    [value, factor] = [0, 1];
  }
  if (factor !== 1) fail('a shape is cut off');
  return integers;
}

function readNode(bytes: Uint8Array, fail: Fail): OnnxNode {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  let [name, operator] = ['', ''];
  for (const { field, value } of protobufFields(bytes, fail)) {
    if (typeof value === 'bigint') continue;
    const text = () => Buffer.from(value).toString('utf8');
    if (field === NODE.input) inputs.push(text());
    else if (field === NODE.output) outputs.push(text());
    else if (field === NODE.name) name = text();
    else if (field === NODE.operator) operator = text();
  }
  return { name, operator, inputs, outputs };
}

/** Wire types of protocol buffers that ONNX needs (protobuf.dev, "Encoding"). */
const VARINT = 0;
const LENGTH_DELIMITED = 2;

/**
 * Writes one message of protocol buffers: fields in the order of the calls. Only what an ONNX file is made of; large payloads are kept by reference until `bytes`.
 */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** An integer field; negative numbers take ten bytes, as int64 does. */
  integer(field: number, value: number | bigint): this {
    this.#tag(field, VARINT);
    return this.#append(varint(BigInt(value)));
  }

  /** A field of any length-delimited type whose bytes are given. */
  data(field: number, value: Uint8Array): this {
    this.#tag(field, LENGTH_DELIMITED);
    this.#append(varint(BigInt(value.length)));
    return this.#append(value);
  }

  text(field: number, value: string): this {
    return this.data(field, Buffer.from(value, 'utf8'));
  }

  message(field: number, value: ProtobufWriter): this {
    this.#tag(field, LENGTH_DELIMITED);
    this.#append(varint(BigInt(value.#length)));
    for (const part of value.#parts) this.#append(part);
    return this;
  }

  /** Repeated integers in the packed form. */
  integers(field: number, values: readonly number[]): this {
    return this.data(field, Buffer.concat(values.map((value) => varint(BigInt(value)))));
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts, this.#length);
  }

  #tag(field: number, wireType: number): void {
    this.#append(varint(BigInt(field * 8 + wireType)));
  }

  #append(part: Uint8Array): this {
    this.#parts.push(part);
    this.#length += part.length;
    return this;
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** A field of a message: its number, and an integer or the bytes that it holds. */
export interface ProtobufField {
  readonly field: number;
  readonly value: bigint | Uint8Array;
}

/** Wire types of protocol buffers (protobuf.dev, "Encoding"). */
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Longest varint of 64 bits, in bytes. */
const VARINT_BYTES = 10;

/**
 * The fields of one message of protocol buffers in their order; nested messages are bytes to be read again.
 *
 * @param fail called for what is no message; throws
 */
export function* protobufFields(bytes: Uint8Array, fail: (problem: string) => never): Generator<ProtobufField> {
  let place = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let count = 0; count < VARINT_BYTES; count++) {
      const byte = bytes[place++];
      if (byte === undefined) fail('a number is cut off');
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte < 0x80) return value;
    }
    return fail('a number is too long');
  };
  const take = (length: number): Uint8Array => {
    if (place + length > bytes.length) fail('a field reaches beyond its message');
    place += length;
    return bytes.subarray(place - length, place);
  };
  while (place < bytes.length) {
    const tag = varint();
    const field = Number(tag >> 3n);
    switch (Number(tag & 7n)) {
      case VARINT:
        yield { field, value: varint() };
        break;
      case LENGTH_DELIMITED:
        yield { field, value: take(Number(varint())) };
        break;
      case FIXED_32:
        yield { field, value: take(4) };
        break;
      case FIXED_64:
        yield { field, value: take(8) };
        break;
      default:
        fail(`field ${field} has a type that no field has`);
    }
  }
}

import { readFile } from 'node:fs/promises';
import { FormatError, readVarint } from '../../base/index.ts';

/** Field of `ModelProto` (onnx.proto) that has entries of a key (1) and a value (2). */
const METADATA = 14;
const KEY = 1;
const VALUE = 2;
/** Kinds of fields on the wire of Protocol Buffers. */
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;
const MOST_VARINT_BYTES = 10;

/**
 * What is written beside the graph of an ONNX model, which onnxruntime does not give to JavaScript.
 *
 * @throws FormatError `OCR_MODEL` for what is no ONNX model
 */
export async function onnxMetadata(path: string): Promise<ReadonlyMap<string, string>> {
  const file = await readFile(path);
  const metadata = new Map<string, string>();
  const fields = (message: Buffer) =>
    fieldsOf(message, (reason) => {
      throw new FormatError('OCR_MODEL', `${path} is no ONNX model, or is cut short (${reason}): fetch it again`, {
        details: { path },
      });
    });
  for (const [number, entry] of fields(file)) {
    if (number !== METADATA) continue;
    const parts = new Map(fields(entry));
    metadata.set(parts.get(KEY)?.toString('utf8') ?? '', parts.get(VALUE)?.toString('utf8') ?? '');
  }
  return metadata;
}

/**
 * The fields of a message that hold bytes, by their numbers.
 *
 * @param refuse is called for what is no message
 */
function* fieldsOf(message: Buffer, refuse: (reason: string) => never): Generator<readonly [number: number, bytes: Buffer]> {
  let at = 0;
  const varint = (): number => {
    const read = readVarint(message, at, MOST_VARINT_BYTES) ?? refuse('a number is cut or too long');
    at = read.next;
    return read.value;
  };
  while (at < message.length) {
    const tag = varint();
    const [number, kind] = [Math.floor(tag / 8), tag % 8];
    if (kind === VARINT) varint();
    else if (kind === FIXED_64) at += 8;
    else if (kind === FIXED_32) at += 4;
    else if (kind === BYTES) {
      const length = varint();
      if (at + length > message.length) refuse('a field goes beyond the end');
      yield [number, message.subarray(at, at + length)];
      at += length;
    } else refuse(`a field is of the kind ${kind}`);
  }
}

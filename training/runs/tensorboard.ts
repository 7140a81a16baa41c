import { appendFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pushVarint } from '../../base/index.ts';
import { numbersOf } from './metric-numbers.ts';
import type { MetricsLine } from './metrics-lines.ts';

/*
 * TensorBoard's event files: records of
 *   length of the data (uint64), masked crc32c of these 8 bytes (uint32), data, masked crc32c of the data (uint32), all little-endian
 * (tensorflow/core/lib/io/record_writer.h), each data an `Event` in protocol buffers (tensorflow/core/util/event.proto).
 */

/** What `tensorflow/core/lib/hash/crc32c.h` adds to a rotated checksum. */
const MASK_DELTA = 0xa282ead8;
/** Castagnoli's polynomial, bits reversed (RFC 3720). */
const CASTAGNOLI = 0x82f63b78;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? CASTAGNOLI : 0);
  return remainder;
});

/** CRC-32C of bytes. */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) remainder = (remainder >>> 8) ^ CRC_TABLE[(remainder ^ byte) & 255]!;
  return ~remainder >>> 0;
}

function maskedChecksum(bytes: Uint8Array): number {
  const checksum = crc32c(bytes);
  return (((checksum >>> 15) | (checksum << 17)) + MASK_DELTA) >>> 0;
}

function record(data: Uint8Array): Buffer {
  const header = Buffer.alloc(12);
  header.writeBigUInt64LE(BigInt(data.length), 0);
  header.writeUInt32LE(maskedChecksum(header.subarray(0, 8)), 8);
  const footer = Buffer.alloc(4);
  footer.writeUInt32LE(maskedChecksum(data), 0);
  return Buffer.concat([header, data, footer]);
}

/** A protocol buffer's variable-length integer. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  pushVarint(value, bytes);
  return Buffer.from(bytes);
}

/** A field of bytes, text or a message. */
function field(number: number, data: Uint8Array | string): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/** `Event`: wall_time = 1 (double), step = 2 (int64), then what the event carries. */
function event(seconds: number, step: number, content: Buffer): Buffer {
  const time = Buffer.alloc(9);
  time.writeUInt8(1 * 8 + 1, 0);
  time.writeDoubleLE(seconds, 1);
  return record(Buffer.concat([time, varint(2 * 8), varint(step), content]));
}

/** `Summary.Value`: tag = 1 (string), simple_value = 2 (float). */
function summaryValue(tag: string, value: number): Buffer {
  const number = Buffer.alloc(5);
  number.writeUInt8(2 * 8 + 5, 0);
  number.writeFloatLE(value, 1);
  return field(1, Buffer.concat([field(1, tag), number]));
}

/** A run's measurements for TensorBoard: `tensorboard --logdir runs`. Each start of a run writes a file of its own; TensorBoard shows them as one run. */
export class TensorBoardLog {
  readonly #path: string;

  /** @param folder the run's; the file is made in it */
  constructor(folder: string, now = Date.now()) {
    this.#path = join(folder, `events.out.tfevents.${Math.floor(now / 1000)}.${hostname()}.${process.pid}`);
    // file_version = 3
    writeFileSync(this.#path, event(now / 1000, 0, field(3, 'brain.Event:2')));
  }

  append(line: MetricsLine, now = Date.now()): void {
    const { step, seconds: _, ...measured } = line;
    const tagged = numbersOf(measured).map(([tag, value]) => summaryValue(tag, value));
    // summary = 5
    appendFileSync(this.#path, event(now / 1000, step, field(5, Buffer.concat(tagged))));
  }
}

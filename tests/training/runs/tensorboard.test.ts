import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32c, TensorBoardLog } from '../../../training/runs/tensorboard.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('TensorBoard');

/** Fields of a protocol buffer, read by its wire format: number -> values in their order. */
function fieldsOf(bytes: Buffer): Map<number, (number | Buffer)[]> {
  const fields = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, kind] = [key >> 3, key & 7];
    let value: number | Buffer;
    if (kind === 0) value = varint();
    else if (kind === 1) {
      value = bytes.readDoubleLE(at);
      at += 8;
    } else if (kind === 5) {
      value = bytes.readFloatLE(at);
      at += 4;
    } else {
      const length = varint();
      value = bytes.subarray(at, at + length);
      at += length;
    }
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

test('the checksum is Castagnoli’s', () => {
  // RFC 3720, B.4: 32 bytes of zeros; and the check value of "123456789" in the catalogue of CRCs.
  assert.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.is(crc32c(Buffer.from('123456789')), 0xe3069283);
});

test('records carry version, step, time and values; their checksums are masked', () =>
  withTemporaryFolder(async (folder) => {
    const log = new TensorBoardLog(folder, 1_700_000_000_500);
    const line = { step: 300, loss: 1.5, terms: { 'passages/info_nce': 0.25 }, learning_rate: 0.001, gradient_norm: 2 };
    const dev = { 'ndcg@10': 0.375, retention: 0.75 };
    log.append({ ...line, seconds: 3, steps_per_second: 10, texts_per_second: 640, memory: 2 ** 30, dev }, 1_700_000_007_250);
    const [name] = await readdir(folder);
    assert.match(name!, /^events\.out\.tfevents\.1700000000\./);
    const bytes = await readFile(join(folder, name!));
    const events: Map<number, (number | Buffer)[]>[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = Number(bytes.readBigUInt64LE(at));
      const checksum = crc32c(bytes.subarray(at, at + 8));
      const masked = ((BigInt(checksum >>> 15) | (BigInt(checksum) << 17n)) + 0xa282ead8n) & 0xffffffffn;
      assert.is(BigInt(bytes.readUInt32LE(at + 8)), masked);
      events.push(fieldsOf(bytes.subarray(at + 12, at + 12 + length)));
      at += 16 + length;
    }
    assert.is(events.length, 2);
    assert.is(String(events[0]!.get(3)![0]), 'brain.Event:2');
    assert.equal([events[1]!.get(1), events[1]!.get(2)], [[1_700_000_007.25], [300]]);
    const values = fieldsOf(events[1]!.get(5)![0] as Buffer)
      .get(1)!
      .map((value) => fieldsOf(value as Buffer));
    assert.equal(
      values.map((value) => [String(value.get(1)![0]), value.get(2)![0]]),
      [
        ['loss', 1.5],
        ['terms/passages/info_nce', 0.25],
        ['learning_rate', Math.fround(0.001)],
        ['gradient_norm', 2],
        ['steps_per_second', 10],
        ['texts_per_second', 640],
        ['memory', 2 ** 30],
        ['dev/ndcg@10', 0.375],
        ['dev/retention', 0.75],
      ],
    );
  }));

test.run();

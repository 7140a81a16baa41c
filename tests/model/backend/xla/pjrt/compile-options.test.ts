import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileOptions } from '../../../../../model/backend/xla/pjrt/compile-options.ts';

const test = suite('model/backend/xla/pjrt/compile-options');

/** The fields of a protocol buffer message: its number, then a number or the bytes of a text or an inner message. */
function parse(bytes: Uint8Array): [number, bigint | Uint8Array][] {
  const fields: [number, bigint | Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    if (tag % 8 === 0) fields.push([tag >> 3, varint()]);
    else {
      const length = tag % 8 === 2 ? Number(varint()) : 8;
      fields.push([tag >> 3, bytes.slice(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

function only(bytes: Uint8Array, number: number): bigint | Uint8Array | undefined {
  return parse(bytes).find(([field]) => field === number)?.[1];
}

test('one device: field 3 holds the build options, the device in the assignment', () => {
  const options = compileOptions({ replicas: 1, partitions: 1, devices: [300] });
  const build = only(options, 3) as Uint8Array;
  assert.is(BigInt.asIntN(64, only(build, 1) as bigint), -1n);
  assert.equal([only(build, 4), only(build, 5), only(build, 6)], [1n, 1n, 0n]);
  const assignment = only(build, 9) as Uint8Array;
  // 300 is 0b10_0101100: low seven bits first, the top bit says that more follow.
  assert.equal(only(assignment, 3), Uint8Array.of(0x0a, 2, 0xac, 2));
});

test('replicas of partitions: one entry a partition, with the device of each replica', () => {
  const build = only(compileOptions({ replicas: 2, partitions: 3, devices: [10, 11, 12, 20, 21, 22] }), 3) as Uint8Array;
  assert.equal([only(build, 4), only(build, 5), only(build, 6)], [2n, 3n, 1n]);
  const assignment = parse(only(build, 9) as Uint8Array);
  assert.equal(
    assignment.filter(([field]) => field === 3).map(([, entry]) => [...(entry as Uint8Array).slice(2)]),
    [
      [10, 20],
      [11, 21],
      [12, 22],
    ],
  );
});

test('settings are entries of field 7, typed by their value', () => {
  const options = compileOptions({
    replicas: 1,
    partitions: 1,
    devices: [0],
    settings: { folder: '/a', on: true, level: 3, share: 0.5 },
  });
  const entries = parse(options).filter(([field]) => field === 7);
  const read = entries.map(([, entry]) => {
    const name = Buffer.from(only(entry as Uint8Array, 1) as Uint8Array).toString();
    const [value] = parse(only(entry as Uint8Array, 2) as Uint8Array);
    return [name, value![0], value![1]];
  });
  assert.equal(read, [
    ['folder', 1, new Uint8Array(Buffer.from('/a'))],
    ['on', 2, 1n],
    ['level', 3, 3n],
    ['share', 4, new Uint8Array(Float64Array.of(0.5).buffer)],
  ]);
});

test.run();

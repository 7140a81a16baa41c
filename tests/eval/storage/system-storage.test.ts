import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOfVector, STORED_PRECISIONS, systemLines, systemStorage } from '../../../eval/storage/system-storage.ts';
import { systemTable } from '../../../eval/storage/system-table.ts';

const test = suite('bytes of the whole system');

const PARTS = { text: 10_000, container: 3000, dictionary: 500, mapping: 40, metadata: 60, passages: 20 };

test('bytes of a vector: known numbers', () => {
  // 384 values: 4 and 2 bytes each; 1 each and a scale of 4; 384 / 8 = 48 bytes of bits beside that.
  assert.equal(
    STORED_PRECISIONS.map((precision) => bytesOfVector(384, precision)),
    [1536, 768, 388, 436],
  );
  // Bits fill bytes: 13 values take 2.
  assert.is(bytesOfVector(13, 'binary'), 2 + 13 + 4);
});

test('every part and all of it, against raw text and the usual stack', () => {
  const system = systemStorage(PARTS, { rows: 10, dimension: 384 });
  assert.is(system.without_vectors, 3000 + 40 + 60 + 20);
  assert.is(system.usual, 10_000 + 10 * 1536);
  assert.equal(system.precisions.binary, {
    vectors: 4360,
    all: 7480,
    of_text: 0.748,
    system_saving: 1 - 7480 / 25_360,
  });
  assert.is(system.precisions.single.all, 3120 + 15_360);
});

test('lines of parts add up to the sums; the dictionary is a part of the container and counts once', () => {
  for (const parts of [PARTS, { ...PARTS, terms: 700 }]) {
    const system = systemStorage(parts, { rows: 7, dimension: 32 });
    const lines = systemLines(system);
    const until = lines.findIndex(({ name }) => name === 'without vectors');
    const total = lines.slice(0, until).reduce((sum, { kind, bytes }) => sum + (kind === 'part' ? bytes : 0), 0);
    assert.is(total, lines[until]!.bytes);
    for (let at = until + 1; at < lines.length; at += 2) assert.is(total + lines[at]!.bytes, lines[at + 1]!.bytes);
    assert.is(
      lines.some(({ name }) => name === 'terms'),
      'terms' in parts,
    );
    assert.match(systemTable(system), 'whole system with 7 vectors of 32 values');
    assert.match(systemTable(system), /\n {2}container +3000\n {4}its dictionary +500\n/);
  }
});

test('nothing to hold it against: no shares', () => {
  const empty = systemStorage(
    { text: 0, container: 90, dictionary: 0, mapping: 9, metadata: 0, passages: 0 },
    { rows: 0, dimension: 8 },
  );
  assert.equal(empty.precisions.single, { vectors: 0, all: 99, of_text: null, system_saving: null });
});

test.run();

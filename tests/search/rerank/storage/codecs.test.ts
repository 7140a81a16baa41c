import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type VectorGroup, vectorGroup } from '../../../../encoders/index.ts';
import { GROUP_CODECS, openGroupCodec, trainCodebook, writeCodebook } from '../../../../search/rerank/index.ts';
import { readCodebook } from '../../../../search/rerank/storage/residual-codebook.ts';
import { errorOf } from '../../../fixtures/temporary-folder.ts';
import { GROUP_DIMENSION, goldenCodebook, randomRows } from '../../../golden/groups-content.ts';

const test = suite('stored vector groups');

const golden = (name: string): Uint8Array => readFileSync(new URL(`../../../golden/groups/v1-${name}.bin`, import.meta.url));
const codebook = writeCodebook(goldenCodebook());

/** The least cosine of two groups' rows. */
function leastCosine(left: VectorGroup, right: VectorGroup): number {
  let least = 1;
  for (let row = 0; row < left.vectors; row++) {
    let sum = 0;
    for (let i = row * left.dimension; i < (row + 1) * left.dimension; i++) sum += left.data[i]! * right.data[i]!;
    least = Math.min(least, sum);
  }
  return least;
}

test('each form is what its golden file has', () => {
  const group = vectorGroup(randomRows(3, GROUP_DIMENSION, 'golden group'), GROUP_DIMENSION);
  assert.equal([...codebook], [...golden('codebook')]);
  assert.equal(readCodebook(golden('codebook')), goldenCodebook());
  // Header of 6 bytes; rows of 2 * 6, 4 + 6, 2 + ceil(6 / 4) bytes.
  const sizes = { float16: 6 + 3 * 12, int8: 6 + 3 * 10, residual2: 6 + 3 * 4 };
  for (const kind of GROUP_CODECS) {
    const codec = openGroupCodec(kind, GROUP_DIMENSION, codebook);
    assert.is(golden(kind).length, sizes[kind]);
    assert.equal([...codec.encode(group)], [...golden(kind)]);
    assert.is(codec.decode(golden(kind)).vectors, 3);
  }
});

test('2-bit residuals: a row by hand', () => {
  // Beside the first centroid (1, 0, 0, 0, 0, 0) there are left -0.2, 0.6, -0.3, 0, 0.1, 0 (not normalised here): parts 1, 3, 0, 2, 2, 2, which are 01110010 1010(0000).
  const group = { vectors: 1, dimension: 6, data: Float32Array.of(0.8, 0.6, -0.3, 0, 0.1, 0) };
  const bytes = openGroupCodec('residual2', 6, codebook).encode(group);
  assert.equal([...bytes.subarray(6)], [0, 0, 0b01110010, 0b10100000]);
});

test('what forms lose of directions', async () => {
  const dimension = 64;
  const rows = vectorGroup(randomRows(600, dimension, 'rows'), dimension);
  const trained = writeCodebook(await trainCodebook(rows.data, dimension));
  assert.equal([...writeCodebook(await trainCodebook(rows.data, dimension))], [...trained]);
  const cosine = (kind: (typeof GROUP_CODECS)[number]): number => {
    const codec = openGroupCodec(kind, dimension, trained);
    return leastCosine(rows, codec.decode(codec.encode(rows)));
  };
  assert.ok(cosine('float16') > 0.9999);
  assert.ok(cosine('int8') > 0.999);
  // Random directions are the worst there is: no centroid is near them.
  assert.ok(cosine('residual2') > 0.8, String(cosine('residual2')));
});

test('bytes that are no group, and groups that are of others, are refused by name', async () => {
  const codec = openGroupCodec('int8', GROUP_DIMENSION);
  const bytes = golden('int8');
  const wrong = [
    new Uint8Array(0),
    bytes.subarray(0, -1),
    golden('float16'),
    Uint8Array.from(bytes, (byte, place) => (place === 1 ? 2 : byte)),
    Uint8Array.from(bytes, (byte, place) => (place === 4 ? 7 : byte)),
  ];
  for (const some of wrong) assert.is((await errorOf(async () => codec.decode(some))).code, 'GROUP_FORMAT');
  const other = vectorGroup(Float32Array.of(1, 0), 2);
  assert.is((await errorOf(async () => codec.encode(other))).code, 'GROUP_DIMENSION');
  assert.is((await errorOf(async () => openGroupCodec('residual2', 6))).code, 'GROUP_CODEC');
  assert.is((await errorOf(async () => readCodebook(codebook.subarray(1)))).code, 'GROUP_CODEBOOK');
  // A centroid that the codebook does not have.
  const residual = Uint8Array.from(golden('residual2'), (byte, place) => (place === 6 ? 9 : byte));
  assert.is((await errorOf(async () => openGroupCodec('residual2', 6, codebook).decode(residual))).code, 'GROUP_VALUE');
});

test.run();

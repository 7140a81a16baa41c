import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import { knownTextOf, parseKnownText, shareKnown, writeKnownText } from '../../../checkpoints/store/known-text.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { GOLDEN_TEXTS } from '../../golden/labels-content.ts';

const test = suite('known text');

const TEXTS = Array.from(
  { length: 80 },
  (_, number) => `The keeper lights lantern${number} and notes the tide of day ${number * 7919} again.`,
);
const KEEPER = 0xe04de4d8;
const sorted = (keys: ReadonlySet<number>) => [...keys].sort((a, b) => a - b);

test('what is written is read, and what was known before stays known', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'known-text.bin');
    const first = knownTextOf(TEXTS.slice(0, 40), [3, 5]);
    const both = knownTextOf(TEXTS.slice(40), [8], first);
    const whole = knownTextOf(TEXTS, [3, 5]);
    assert.equal(
      [both.sizes, both.bytes, sorted(both.words), sorted(both.grams)],
      [whole.sizes, whole.bytes, sorted(whole.words), sorted(whole.grams)],
    );
    await writeKnownText(path, both);
    const read = parseKnownText(await readFile(path), path);
    assert.equal(
      [sorted(read.words), sorted(read.grams), read.languages],
      [sorted(both.words), sorted(both.grams), [{ language: 'en', share: 1 }]],
    );
  }));

test('shares of words are those that counting gives, of n-grams near them by sampling', () => {
  const known = knownTextOf(TEXTS.slice(0, 40));
  assert.equal(shareKnown(known, TEXTS.slice(0, 40)).words.byOccurrence, 1);
  assert.equal(shareKnown(known, TEXTS.slice(0, 40)).grams.byType, 1);
  const other = shareKnown(known, TEXTS.slice(40));
  // 12 words each, one of them twice, of which the lantern and the number of the day are new.
  assert.ok(Math.abs(other.words.byOccurrence - 10 / 12) < 1e-9);
  assert.is(other.words.types, 9 + 2 * 40);
  assert.ok(other.unknown.every((word) => /\d/.test(word)));
  // By hand over all n-grams of 3 to 8 bytes.
  const grams = (text: string) =>
    [3, 4, 5, 6, 7, 8].flatMap((size) => Array.from({ length: text.length - size + 1 }, (_, at) => text.slice(at, at + size)));
  const before = new Set(TEXTS.slice(0, 40).flatMap(grams));
  const all = TEXTS.slice(40).flatMap(grams);
  const exact = all.filter((gram) => before.has(gram)).length / all.length;
  assert.ok(Math.abs(other.grams.byOccurrence - exact) < 0.12, `${other.grams.byOccurrence} beside ${exact}`);
});

test('the golden file of version 1 says what it was made of', async () => {
  const path = fileURLToPath(new URL('../../golden/labels/v1-known-text.bin', import.meta.url));
  const read = parseKnownText(await readFile(path), path);
  const made = knownTextOf(GOLDEN_TEXTS, [3, 4]);
  assert.equal(
    [sorted(read.words), sorted(read.grams), read.sizes, read.bytes],
    [sorted(made.words), sorted(made.grams), [3, 4], 54],
  );
  // FNV-1a of `keeper`, then MurmurHash3's finaliser, worked out by another program.
  assert.ok(read.words.has(KEEPER));
});

test('damage is found', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'known-text.bin');
    await writeKnownText(path, knownTextOf(TEXTS));
    const whole = await readFile(path);
    const refused = (bytes: Buffer) => {
      try {
        parseKnownText(bytes, path);
      } catch (error) {
        return isCemError(error) && error.code === 'KNOWN_TEXT_MALFORMED';
      }
      return false;
    };
    for (let place = 0; place < whole.length; place += 7) {
      const damaged = Buffer.from(whole);
      damaged[place]! ^= 1;
      assert.ok(refused(damaged), String(place));
    }
    for (const length of [0, 8, 20, whole.length - 1]) assert.ok(refused(whole.subarray(0, length)), String(length));
  }));

test.run();

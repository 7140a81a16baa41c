import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CachedTokenEncoder } from '../../../encoders/index.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { wordEncoder } from '../../fixtures/token-encoder.ts';

const test = suite('token vectors kept on disk');

const TEXTS = ['one two three', 'four', 'one two three', 'five six'];

for (const precision of ['float16', 'int8'] as const) {
  test(`${precision}: no text is encoded twice, and what is read is what was given at first`, () =>
    withTemporaryFolder(async (folder) => {
      const encoder = wordEncoder();
      const first = await CachedTokenEncoder.open(encoder, { folder, precision });
      const given = await first.encodeDocumentTokens(TEXTS);
      assert.is(encoder.asked.length, 3);
      assert.equal(await first.encodeDocumentTokens(['four']), [given[1]]);
      // A query is another text: models put a prompt before it.
      await first.encodeQueryTokens(['four']);
      assert.is(encoder.asked.length, 4);
      await first.dispose();

      const again = wordEncoder();
      const second = await CachedTokenEncoder.open(again, { folder, precision });
      assert.is(second.size, 4);
      assert.equal(await second.encodeDocumentTokens(TEXTS), given);
      assert.equal(again.asked, []);
      await second.dispose();

      const [exact] = await wordEncoder().encodeDocumentTokens(['one two three']);
      assert.equal(given[0]!.tokens, exact!.tokens);
      assert.equal(given[0]!.sentence, exact!.sentence);
      // A token's numbers are rounded to half of 1/127 of the largest, or to 11 bits.
      for (let token = 0; token < 3; token++) {
        const row = exact!.vectors.subarray(8 * token, 8 * token + 8);
        const largest = Math.max(...row.map(Math.abs));
        row.forEach((value, i) => {
          const bound = precision === 'int8' ? largest / 254 + 1e-6 : Math.abs(value) / 2048 + 1e-7;
          assert.ok(Math.abs(value - given[0]!.vectors[8 * token + i]!) <= bound);
        });
      }
    }));
}

test('what is torn or damaged is encoded again', () =>
  withTemporaryFolder(async (folder) => {
    const cache = await CachedTokenEncoder.open(wordEncoder(), { folder });
    const given = await cache.encodeDocumentTokens(TEXTS);
    await cache.dispose();
    const names = await readdir(cache.folder);
    const [tokens, places] = ['.tokens', '.places'].map((end) => join(cache.folder, names.find((name) => name.endsWith(end))!));
    await appendFile(places!, Buffer.alloc(20, 7));
    const bytes = await readFile(tokens!);
    bytes[20] = bytes[20]! ^ 1;
    await writeFile(tokens!, bytes);
    const encoder = wordEncoder();
    const reopened = await CachedTokenEncoder.open(encoder, { folder });
    assert.equal(await reopened.encodeDocumentTokens(TEXTS), given);
    assert.is(encoder.asked.length, 1);
    await reopened.dispose();
  }));

test('beyond its limit nothing is kept, and everything is given', () =>
  withTemporaryFolder(async (folder) => {
    const encoder = wordEncoder();
    const cache = await CachedTokenEncoder.open(encoder, { folder, limit: 10 });
    for (const times of [1, 2]) {
      assert.is((await cache.encodeDocumentTokens(['four']))[0]!.tokens.length, 1);
      assert.is(encoder.asked.length, times);
    }
    await cache.dispose();
  }));

test.run();

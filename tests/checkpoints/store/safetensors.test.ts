import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeSafetensors } from '../../../checkpoints/store/safetensors.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('safetensors');

const ARRAYS = [
  ['matrix', [2, 3], [1, 2, 3, 4, 5, 6]],
  ['vector', [2], [-1, 0.5]],
  ['scalar', [], [7]],
  ['nothing', [0, 4], []],
] as const;

test('arrays that are fetched give the same file, and are fetched one after another while it is written', () =>
  withTemporaryFolder(async (folder) => {
    const [held, fetched] = [join(folder, 'held'), join(folder, 'fetched')];
    await writeSafetensors(held, new Map(ARRAYS.map(([name, shape, data]) => [name, { shape, data: Float32Array.from(data) }])));
    const sizes: number[] = [];
    const fetch = (data: readonly number[]) => async () => {
      sizes.push((await readFile(fetched)).length);
      return Float32Array.from(data);
    };
    await writeSafetensors(fetched, new Map(ARRAYS.map(([name, shape, data]) => [name, { shape, fetch: fetch(data) }])));
    const file = await readFile(held);
    assert.ok(file.equals(await readFile(fetched)));
    // Before each of them the file holds all those before it: 6, 2, 1 and 0 numbers of 4 bytes, the last nine of which are the file's end.
    assert.equal(
      sizes,
      [0, 6, 8, 9].map((numbers) => file.length - 4 * (9 - numbers)),
    );
  }));

test('an array that is not of its shape is a mistake of the program', () =>
  withTemporaryFolder(async (folder) => {
    for (const wrong of [{ data: new Float32Array(3) }, { fetch: async () => new Float32Array(3) }]) {
      const arrays = new Map([['matrix', { shape: [2, 2], ...wrong }]]);
      let message = '';
      await writeSafetensors(join(folder, Object.keys(wrong)[0]!), arrays).catch((error: Error) => {
        message = error.message;
      });
      assert.match(message, /the array matrix has 12 bytes, its shape 16/);
    }
  }));

test.run();

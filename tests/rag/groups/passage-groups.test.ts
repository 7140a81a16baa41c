import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exists } from '../../../base/index.ts';
import { type EncodedGroup, type TextGroupEncoder, vectorGroup } from '../../../encoders/index.ts';
import {
  assertSameGroupEncoder,
  readGroupSettings,
  StoredGroups,
  writeGroupSettings,
} from '../../../rag/groups/stored-groups.ts';
import { PassageGroups, type StoredGroupSettings, textGroupMaker } from '../../../rag/index.ts';
import { GROUP_CODECS } from '../../../search/rerank/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('groups of passages, from text to store');

const DIMENSION = 8;

/** A letter is an axis, by its place in the alphabet; "z" is no number. */
function encoderOf(revision: string): TextGroupEncoder {
  const groupOf = (text: string): EncodedGroup => {
    const letters = [...text];
    const rows = new Float32Array(letters.length * DIMENSION);
    letters.forEach((letter, row) => {
      rows[row * DIMENSION + (letter.charCodeAt(0) % DIMENSION)] = letter === 'z' ? Number.NaN : 1;
    });
    return { group: vectorGroup(rows, DIMENSION, letters), sentence: rows.slice(0, DIMENSION) };
  };
  return {
    description: {
      encoder: { id: 'letters', revision, dimension: DIMENSION, settings: {} },
      vectorizer: { strategy: 'all_tokens' },
      dimension: DIMENSION,
    },
    encodeQueryGroups: async (queries) => queries.map(({ text }) => groupOf(text)),
    encodeTextGroups: async (texts) => texts.map(groupOf),
    dispose: async () => {},
  };
}

const config: StoredGroupSettings['config'] = {
  encoder: { model: 'letters', revision: 'main', remote: true, dtype: 'fp32', batchSize: 32 },
  vectorizer: { strategy: 'all_tokens' },
};

/** What a store is asked for. */
function fakeStore() {
  const properties = new Map<string, string>();
  return {
    property: async (name: string) => properties.get(name),
    setProperty: async (name: string, value: string) => void properties.set(name, value),
  };
}

for (const codec of GROUP_CODECS) {
  test(`${codec}: passages come back as they were, with their words; later ones are stored alike`, () =>
    withTemporaryFolder(async (folder) => {
      const [path, store] = [join(folder, 'groups'), fakeStore()];
      const write = async (revision: string, chunks: readonly (readonly string[])[]) => {
        const known = await readGroupSettings(store);
        await using groups = await PassageGroups.create(path, textGroupMaker(encoderOf(revision)), { config, codec, known });
        for (const [chunk, texts] of chunks.entries()) await groups.add(chunk, texts);
        await groups.finish();
        if (known === undefined) await writeGroupSettings(store, groups.settings!);
        const stored = await Promise.all([...chunks.keys()].map((chunk) => groups.groupsOf(chunk)));
        assert.is(await groups.groupsOf(99), undefined);
        return stored.flatMap((some) => some!);
      };
      const first = await write('1', [['ab', 'cd'], ['efgh']]);
      assert.not.ok(await exists(path), 'the file goes with what made it');
      assert.equal(
        first.map(({ words }) => words?.join('')),
        ['ab', 'cd', 'efgh'],
      );
      const settings = await readGroupSettings(store);
      assert.equal(
        [settings!.codec, settings!.dimension, settings!.codebook !== undefined],
        [codec, DIMENSION, codec === 'residual2'],
      );
      // Another run, with the codebook of the first.
      const [later] = await write('1', [['ab']]);
      assert.equal([...later!.bytes], [...first[0]!.bytes]);
      const groups = new StoredGroups({ groupsAt: async () => [...first, undefined] }, settings!);
      const read = await groups.groupsOf([]);
      assert.is(read[3], undefined);
      const [expected] = await encoderOf('1').encodeTextGroups(['ab']);
      expected!.group.data.forEach((value, place) => void assert.ok(Math.abs(read[0]!.data[place]! - value) < 0.01));
      assert.is((await errorOf(() => write('2', [['ab']]))).code, 'GROUPS_OTHER_ENCODER');
      assert.is(
        (await errorOf(async () => assertSameGroupEncoder(settings!, encoderOf('2').description))).code,
        'GROUPS_OTHER_ENCODER',
      );
      assert.is((await errorOf(() => write('1', [['az']]))).code, 'GROUP_VALUE');
    }));
}

test.run();

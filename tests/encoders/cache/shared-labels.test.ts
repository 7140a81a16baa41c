import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LabelFileReader, LabelFileWriter } from '../../../encoders/cache/label-file.ts';
import { exportLabels, importLabels } from '../../../encoders/cache/shared-labels.ts';
import { TeacherCache } from '../../../encoders/cache/teacher-cache.ts';
import { collect, errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { GOLDEN_KEYS, GOLDEN_LABEL_TEACHER, GOLDEN_VECTORS } from '../../golden/labels-content.ts';

const test = suite('shared labels');

const DIMENSION = 3;
const TEACHER = { id: 'transformers:one', revision: 'abc', dimension: DIMENSION, settings: { pooling: 'mean' } };
const OTHER = { ...TEACHER, id: 'transformers:other' };
const TEXTS = Array.from({ length: 3000 }, (_, number) => `text ${number}`);

/** A unit vector that depends on the text. */
function vectorOf(text: string): number[] {
  const angle = Number(text.slice(5)) / 500;
  return [Math.cos(angle), Math.sin(angle), 0];
}
const embed = async (texts: readonly string[]) => ({
  rows: texts.length,
  dimension: DIMENSION,
  data: Float32Array.from(texts.flatMap(vectorOf)),
});
const unreachable = async (): Promise<never> => assert.unreachable('the teacher was asked') as never;

async function fill(folder: string, teacher = TEACHER): Promise<void> {
  const cache = await TeacherCache.open(folder, teacher);
  await cache.getOrCompute(TEXTS, 'document', embed);
  await cache.close();
}

test('what one machine has computed another finds, rounded to float16; a second import adds nothing', () =>
  withTemporaryFolder(async (folder) => {
    const [here, there, path] = [join(folder, 'here'), join(folder, 'there'), join(folder, 'labels')];
    await fill(here);
    const exported = await exportLabels(here, path);
    assert.equal(exported, { path, teacher: TEACHER, vectors: 3000 });
    assert.is((await importLabels(there, path, { expected: { name: 'one', recorded: TEACHER } })).added, 3000);
    assert.is((await importLabels(there, path)).added, 0);
    const cache = await TeacherCache.open(there, TEACHER);
    const { data } = await cache.getOrCompute(TEXTS, 'document', unreachable);
    assert.not.ok(cache.has(TEXTS[0]!, 'query'));
    await cache.close();
    // float16 has 11 bits: half a unit in the last place of numbers below 1 is 2^-12, and normalising again moves them by as much.
    TEXTS.flatMap(vectorOf).forEach((value, at) => {
      assert.ok(Math.abs(value - data[at]!) <= 2 ** -11);
    });
  }));

test('labels of another teacher are refused by name, and by revision where a checkpoint says it', () =>
  withTemporaryFolder(async (folder) => {
    const [here, path] = [join(folder, 'here'), join(folder, 'labels')];
    await fill(here);
    await exportLabels(here, path);
    for (const expected of [{ name: 'other' }, { recorded: { id: TEACHER.id, revision: 'abd' } }]) {
      const error = await errorOf(() => importLabels(here, path, { expected }));
      assert.is(error.code, 'LABELS_OTHER_TEACHER');
      assert.match(error.message, 'transformers:one (revision abc)');
    }
  }));

test('whose labels are exported must be clear', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'labels');
    assert.is((await errorOf(() => exportLabels(join(folder, 'none'), path))).code, 'LABELS_WHICH');
    await fill(folder);
    await fill(folder, OTHER);
    assert.match((await errorOf(() => exportLabels(folder, path))).message, 'has 2 caches');
    assert.is((await exportLabels(folder, path, 'other')).teacher.id, OTHER.id);
  }));

test('damage anywhere is found, and no half of a block is taken', () =>
  withTemporaryFolder(async (folder) => {
    const [here, path] = [join(folder, 'here'), join(folder, 'labels')];
    await fill(here);
    await exportLabels(here, path);
    const whole = await readFile(path);
    for (const place of [3, 9, 30, 5000, whole.length - 100, whole.length - 3]) {
      const damaged = Buffer.from(whole);
      damaged[place]! ^= 0x20;
      await writeFile(path, damaged);
      assert.is((await errorOf(() => importLabels(join(folder, `at-${place}`), path))).code, 'LABELS_MALFORMED', String(place));
    }
    for (const length of [0, 11, 100, whole.length - 16, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, length));
      assert.is(
        (await errorOf(() => importLabels(join(folder, `cut-${length}`), path))).code,
        'LABELS_MALFORMED',
        String(length),
      );
    }
    await writeFile(path, Buffer.concat([whole, Buffer.from('x')]));
    assert.is((await errorOf(() => importLabels(join(folder, 'longer'), path))).code, 'LABELS_MALFORMED');
  }));

test('the golden file of version 1 is read, and written byte for byte', () =>
  withTemporaryFolder(async (folder) => {
    const golden = fileURLToPath(new URL('../../golden/labels/v1.labels', import.meta.url));
    const file = await LabelFileReader.open(golden);
    assert.equal(file.teacher, GOLDEN_LABEL_TEACHER);
    const blocks = await collect(file.blocks());
    await file.close();
    assert.equal(blocks, [{ keys: GOLDEN_KEYS, vectors: Float32Array.from(GOLDEN_VECTORS.flat()) }]);
    const path = join(folder, 'again');
    const writer = await LabelFileWriter.create(path, GOLDEN_LABEL_TEACHER);
    await writer.append(blocks[0]!);
    await writer.finish();
    assert.ok((await readFile(path)).equals(await readFile(golden)));
  }));

test.run();

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCorpus } from '../../../data/index.ts';
import { collect, errorOf, withTemporaryFolder, writeJsonl } from '../../fixtures/temporary-folder.ts';

const test = suite('metadata of a line');

/** Metadata of the documents of these lines. */
async function metadataOf(...lines: readonly Record<string, unknown>[]): Promise<unknown[]> {
  return withTemporaryFolder(async (folder) => {
    const rows = lines.map((line, number) => ({ _id: `d${number}`, text: 'text', ...line }));
    const documents = await collect(readCorpus(await writeJsonl(join(folder, 'corpus.jsonl'), rows)));
    return documents.map(({ metadata }) => metadata);
  });
}

test('known keys are taken as they are, others are fields; nothing is no metadata', async () => {
  const whole = {
    title: 'Shown',
    source: 'a/b.md',
    pages: { first: 1, last: 2 },
    headings: ['A', 'B'],
    span: { start: 0, end: 4 },
    language: 'en',
    labels: ['staff'],
    fields: { deep: [{ x: null }] },
  };
  assert.equal(
    await metadataOf(
      { title: 'Of the text' },
      { metadata: {} },
      { metadata: null },
      { metadata: { title: null, source: '', fields: {} } },
      { metadata: whole },
      { metadata: { ...whole, year: 1999, fields: { deep: 1 } } },
    ),
    [undefined, undefined, undefined, undefined, whole, { ...whole, fields: { year: 1999, deep: 1 } }],
  );
});

test('url is the source where no other is given; beside metadata every other key is a field, and labels are no labels of access', async () => {
  assert.equal(
    await metadataOf(
      { metadata: { url: 'https://a' } },
      { metadata: { url: 'https://a', source: 'b' } },
      { url: 'https://a' },
      { source: 'a', url: 'https://b' },
      { source: { name: 'x' }, labels: ['positive'], language: 'Klingon tongue', year: 1999 },
      { url: 'https://a', metadata: { source: 'https://a' } },
      JSON.parse('{"metadata": {"__proto__": {"x": 1}}}'),
    ),
    [
      { source: 'https://a' },
      { source: 'b', fields: { url: 'https://a' } },
      { source: 'https://a' },
      { source: 'a', fields: { url: 'https://b' } },
      { fields: { source: { name: 'x' }, labels: ['positive'], language: 'Klingon tongue', year: 1999 } },
      { source: 'https://a' },
      { fields: JSON.parse('{"__proto__": {"x": 1}}') },
    ],
  );
});

test('a value of the wrong type is refused with its line', async () => {
  for (const [metadata, field] of [
    ['text', 'metadata'],
    [[1], 'metadata'],
    [{ title: 1 }, 'title'],
    [{ source: ['a'] }, 'source'],
    [{ labels: 'staff' }, 'labels'],
    [{ labels: ['a', 1] }, 'labels'],
    [{ headings: {} }, 'headings'],
    [{ language: 'English, please' }, 'language'],
    [{ pages: 7 }, 'pages'],
    [{ pages: { first: 2, last: 1 } }, 'pages'],
    [{ pages: { first: 1.5, last: 2 } }, 'pages'],
    [{ span: { start: -1, end: 2 } }, 'span'],
    [{ span: { start: 1, end: 2, unit: 'bytes' } }, 'span'],
    [{ fields: [] }, 'fields'],
    [{ year: 1, fields: { year: 2 } }, 'year'],
    [{ deep: Array.from({ length: 70 }).reduce((inner) => [inner], 1) }, 'fields'],
  ] as const) {
    const error = await errorOf(() => metadataOf({}, { metadata }));
    assert.is(error.code, 'DATA_FIELD', JSON.stringify(metadata));
    assert.match(error.message, new RegExp(`corpus\\.jsonl:2 has metadata of which "${field}" `));
  }
});

test.run();

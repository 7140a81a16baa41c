import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cachedTeacher, TeacherCache, TextCorpusEncoder, type TextEmbedder, type Vectors } from '../../encoders/index.ts';
import { withTemporaryFolder } from '../fixtures/temporary-folder.ts';

const test = suite('text corpus encoder');

/** Embeds a text as its length, documents negated. */
const embedder: TextEmbedder = {
  description: { id: 'length', revision: '1', dimension: 1, settings: {} },
  embedDocuments: async (texts): Promise<Vectors> => ({
    rows: texts.length,
    dimension: 1,
    data: Float32Array.from(texts, (text) => -text.length),
  }),
  embedQueries: async (texts): Promise<Vectors> => ({
    rows: texts.length,
    dimension: 1,
    data: Float32Array.from(texts, (text) => text.length),
  }),
  dispose: async () => {},
};

test('documents by id in the asked order, queries as queries', async () => {
  const encoder = new TextCorpusEncoder(
    embedder,
    new Map([
      ['a', 'x'],
      ['b', 'xx'],
      ['c', ''],
    ]),
  );
  const corpus = await encoder.encodeCorpus(['b', 'c', 'a']);
  assert.equal([...corpus.data], [-2, -0, -1]);
  assert.equal([...corpus.owners], [0, 1, 2]);
  assert.equal([...(await encoder.encodeQueries(['xyz'])).data], [3]);
  assert.is(encoder.description, embedder.description);
});

test('a row for each text of a document’s passages, which says whose it is; a cached teacher embeds each text once', async () => {
  const asked: string[] = [];
  const counted: TextEmbedder = {
    ...embedder,
    embedDocuments: (texts) => {
      asked.push(...texts);
      return embedder.embedDocuments(texts);
    },
  };
  await withTemporaryFolder(async (folder) => {
    const cache = await TeacherCache.open(folder, embedder.description);
    const passages: Readonly<Record<string, readonly string[]>> = { a: ['x', 'yyy'], b: ['zz', 'x', 'zz'], c: [''] };
    const documents = new Map(Object.entries(passages).map(([id, texts]) => [id, texts.join('')]));
    const encoder = new TextCorpusEncoder(cachedTeacher(counted, cache), documents, { passagesOf: async (id) => passages[id]! });
    const progress: number[] = [];
    const corpus = await encoder.encodeCorpus(['b', 'c', 'a'], (done) => progress.push(done));
    assert.equal([...corpus.data], [-2, -1, -2, -0, -1, -3]);
    assert.equal([...corpus.owners], [0, 0, 0, 1, 2, 2]);
    assert.is(progress.at(-1), 6);
    assert.equal(asked.sort(), ['', 'x', 'yyy', 'zz']);
    await cache.close();
  });
});

test('more passages than are embedded in one call', async () => {
  const passages = Array.from({ length: 10_000 }, (_, index) => 'x'.repeat(index % 7));
  const encoder = new TextCorpusEncoder(embedder, new Map([['a', passages.join('')]]), { passagesOf: async () => passages });
  const corpus = await encoder.encodeCorpus(['a']);
  assert.is(corpus.rows, 10_000);
  assert.ok(passages.every((text, row) => corpus.data[row] === -text.length));
});

test('an unknown id is refused by name', async () => {
  let error: unknown;
  try {
    await new TextCorpusEncoder(embedder, new Map()).encodeCorpus(['zz']);
  } catch (caught) {
    error = caught;
  }
  assert.is((error as { code?: unknown }).code, 'ENCODER_UNKNOWN_ID');
  assert.match((error as Error).message, '"zz"');
});

test.run();

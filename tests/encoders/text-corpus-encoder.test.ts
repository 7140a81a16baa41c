import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TextCorpusEncoder, type TextEmbedder, type Vectors } from '../../encoders/index.ts';

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

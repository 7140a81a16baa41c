import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { figureFields, figureId } from '../../../data/index.ts';
import { fuseVectors, type ImageEncoder, type Vectors } from '../../../encoders/index.ts';
import { encodePictures, readPictureChoice } from '../../../rag/pictures/index.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';

const test = suite('pictures of a collection');

const bytesOf = (name: string) => Buffer.from(`picture ${name}`);
const idOf = (name: string) => figureId(bytesOf(name));

/** Counts what it is given; a vector depends on the sum of the bytes and their number. */
function countingEncoder(revision = '1'): ImageEncoder & { readonly seen: string[] } {
  const seen: string[] = [];
  const rows = (items: readonly Uint8Array[]): Vectors => {
    const data = items.flatMap((item) => {
      const sum = item.reduce((total, byte) => total + byte, 0);
      const vector = [Math.sin(sum), Math.cos(1.3 * sum), Math.sin(0.7 * sum + item.length)];
      return vector.map((value) => value / Math.hypot(...vector));
    });
    return { rows: items.length, dimension: 3, data: Float32Array.from(data) };
  };
  const encodeImages = async (images: readonly Uint8Array[]) => {
    seen.push(...images.map((image) => Buffer.from(image).toString()));
    return rows(images);
  };
  const encodeTexts = async (texts: readonly string[]) => rows(texts.map((text) => Buffer.from(text)));
  return {
    seen,
    description: { id: 'images:counting', revision, dimension: 3, settings: {} },
    encodeImages,
    encodeTexts,
    encodeFused: async (pictures) =>
      fuseVectors(
        await encodeImages(pictures.map(({ image }) => image)),
        await encodeTexts(pictures.map(({ text }) => text)),
        0.5,
      ),
    dispose: async () => {},
  };
}

const figures = {
  read: async (id: string) => {
    const name = ['a', 'b', 'c', 'd'].find((one) => idOf(one) === id);
    return name === undefined ? undefined : ({ mediaType: 'image/png', bytes: bytesOf(name) } as const);
  },
};

const row = (name: string, chunk: number, caption: string | undefined, stored = true) => ({
  document: `doc-${chunk}`,
  chunk,
  passage: 0,
  fingerprint: caption ?? '',
  vector: Float32Array.of(1, 0),
  metadata: {
    source: `files/${name}.png`,
    fields: { ...figureFields({ id: idOf(name), stored, ...(caption !== undefined && { caption }) }) },
  },
});

test('only what changed is encoded; captions matter to fusion alone; what is there counts at once', async () => {
  const store = await PgvectorStore.open(await openPglite(), { dimension: 2, name: 'encode_pictures' });
  try {
    await store.upsert([row('a', 0, 'Figure 1: a'), row('b', 1, undefined), row('c', 2, 'Figure 2: c', false)]);
    assert.is(await readPictureChoice(store), undefined);
    const choice = { encoder: 'counting', strategies: ['fusion', 'dual'] as const };
    const first = countingEncoder();
    const made = await encodePictures(store, { figures, encoder: first, choice });
    // c is not stored; of b the file's name is what is said.
    assert.is(made.figures, 2);
    assert.equal(first.seen.sort(), ['picture a', 'picture a', 'picture b', 'picture b']);
    assert.equal(
      [made.vectors.fusion!.encoded, made.vectors.visual!.encoded, made.vectors.fusion!.vectors, made.vectors.visual!.vectors],
      [2, 2, 2, 2],
    );
    // S4-13: a fused figure has one vector of pictures, a dual one has that and its description's.
    assert.is(made.vectors.fusion!.bytes, made.vectors.visual!.bytes);
    assert.equal(await readPictureChoice(store), choice);

    // The caption of a changes, b moves to another row, d comes.
    await store.deleteDocuments(['doc-1']);
    await store.upsert([row('a', 0, 'Figure 1: other'), row('b', 5, undefined), row('d', 6, 'Figure 3: d')]);
    const second = countingEncoder();
    const changed = await encodePictures(store, { figures, encoder: second, choice });
    assert.equal(second.seen.sort(), ['picture a', 'picture d', 'picture d']);
    assert.equal([changed.vectors.fusion!.kept, changed.vectors.visual!.kept, changed.vectors.visual!.vectors], [1, 2, 3]);
    const hits = await store.pictures.search('visual', (await second.encodeImages([bytesOf('b')])).data, second.description, {
      k: 1,
    });
    assert.equal([hits[0]!.document, hits[0]!.score.toFixed(4)], ['doc-5', '1.0000']);

    // Another revision makes all of them again.
    const third = countingEncoder('2');
    await encodePictures(store, { figures, encoder: third, choice: { encoder: 'counting', strategies: ['dual'] } });
    assert.equal(third.seen.sort(), ['picture a', 'picture b', 'picture d']);
    assert.is((await store.pictures.encoder('visual'))!.revision, '2');

    // A picture that is gone leaves its figure without a vector.
    await store.upsert([row('lost', 9, 'Figure 4')]);
    const lost = await encodePictures(store, { figures, encoder: third, choice: { encoder: 'counting', strategies: ['dual'] } });
    assert.equal([lost.vectors.visual!.leftOut, lost.vectors.visual!.vectors], [1, 3]);
  } finally {
    await store.close();
  }
});

test.run();

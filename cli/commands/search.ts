import { type QueryEncoderChoice, searchWithNote } from '../../rag/index.ts';
import { openSearcher } from '../../recipes/index.ts';
import { type SearchAnswer, searchAnswer } from '../../server/schemas/index.ts';
import { defineCommand } from '../command.ts';
import { filterOption, parseFilterOption } from '../options/filter-option.ts';
import { databaseOption, indexOption, modelsOption, queriesOption } from '../options/index-options.ts';
import { parseScoringOptions, type ScoringOptions, scoringOptions } from '../options/scoring-options.ts';
import { formatResults } from '../text/results-text.ts';

interface SearchOptions extends ScoringOptions {
  readonly query: string;
  readonly index: string;
  readonly k: number;
  readonly filter: string | undefined;
  readonly units: boolean;
  readonly database: string | undefined;
  readonly models: string | undefined;
  readonly queries: QueryEncoderChoice | undefined;
}

const DEFAULT_RESULTS = 5;

/** Answers one query from an index. */
export const searchCommand = defineCommand<SearchOptions, SearchAnswer>({
  command: 'search <query>',
  describe: 'search an index: the best documents for a query, decompressed only now',
  examples: [
    ['search --index corpus.index "how do I rotate the log files" --k 3', 'the three best documents'],
    ['search --index corpus.index -- "--force: what does it do"', 'what follows -- is no option'],
    [
      `search --index corpus.index --filter '{"field": "language", "in": ["zh", "zh-CN"]}' "合同 解除"`,
      'only where the metadata says so',
    ],
    [
      'search --index corpus.index --scoring mean --best 3 --units "rotate log files"',
      'documents by the mean of their best three passages; whole chunks are shown',
    ],
    ['search --index corpus.index --queries student "rotate log files"', 'without the teacher: by the query student'],
  ],
  options: (parser) =>
    parser
      .positional('query', { type: 'string', demandOption: true, describe: 'what to look for, in words' })
      .option('index', indexOption)
      .option('k', { type: 'number', default: DEFAULT_RESULTS, describe: 'number of results, 1 to 100' })
      .option('filter', filterOption)
      .options(scoringOptions)
      .option('units', {
        type: 'boolean',
        default: false,
        describe: 'give the whole chunk that each passage lies in: as `unit` with --json, in place of the passage otherwise',
      })
      .option('database', databaseOption)
      .option('models', modelsOption)
      .option('queries', queriesOption),
  async run({ query, index, k, filter: filterText, scoring: kind, best, units, ...options }, listener) {
    const filter = parseFilterOption(filterText);
    const scoring = parseScoringOptions({ scoring: kind, best });
    // Codes are read for one query as fast as they are searched in the database.
    await using searcher = await openSearcher(index, { ...options, codesMemory: 0, listener });
    const start = performance.now();
    const { results, note } = await searchWithNote(searcher, query, { k, filter, scoring, units });
    return searchAnswer(results, performance.now() - start, note);
  },
  text: ({ results, note }) => formatResults(results, note),
  texts: ['text'],
  // Whoever writes documents names its fields.
  dataKeys: ['results.*.metadata'],
});

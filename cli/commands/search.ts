import { type QueryEncoderChoice, Searcher, searchWithNote } from '../../rag/index.ts';
import { type SearchAnswer, searchAnswer, type WireResult } from '../../server/schemas/index.ts';
import { defineCommand } from '../command.ts';
import { databaseOption, indexOption, modelsOption, queriesOption, searcherOptions } from '../options/index-options.ts';

interface SearchOptions {
  readonly query: string;
  readonly index: string;
  readonly k: number;
  readonly database: string | undefined;
  readonly models: string | undefined;
  readonly queries: QueryEncoderChoice | undefined;
}

const DEFAULT_RESULTS = 5;
/** Characters of a result's text that are shown to people; `--json` has all of it. */
const SNIPPET_LENGTH = 400;

function snippet(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= SNIPPET_LENGTH ? line : `${line.slice(0, SNIPPET_LENGTH)}…`;
}

function resultText({ id, score, chunk, text }: WireResult, rank: number): string {
  return `${rank + 1}. ${id}  (score ${score.toFixed(4)}, chunk ${chunk})\n   ${snippet(text)}`;
}

/** Results as people read them. @param note why there are none */
export function formatResults(results: readonly WireResult[], note = 'nothing was found'): string {
  return results.length === 0 ? `no results: ${note}` : results.map(resultText).join('\n');
}

/** Answers one query from an index. */
export const searchCommand = defineCommand<SearchOptions, SearchAnswer>({
  command: 'search <query>',
  describe: 'search an index: the best documents for a query, decompressed only now',
  examples: [
    ['search --index corpus.index "how do I rotate the log files" --k 3', 'the three best documents'],
    ['search --index corpus.index -- "--force: what does it do"', 'what follows -- is no option'],
    ['search --index corpus.index --queries student "rotate log files"', 'without the teacher: by the query student'],
  ],
  options: (parser) =>
    parser
      .positional('query', { type: 'string', demandOption: true, describe: 'what to look for, in words' })
      .option('index', indexOption)
      .option('k', { type: 'number', default: DEFAULT_RESULTS, describe: 'number of results, 1 to 100' })
      .option('database', databaseOption)
      .option('models', modelsOption)
      .option('queries', queriesOption),
  async run({ query, index, k, ...options }, reporter) {
    const searcher = await Searcher.open(index, searcherOptions(options, reporter));
    try {
      const start = performance.now();
      const { results, note } = await searchWithNote(searcher, query, { k });
      return searchAnswer(results, performance.now() - start, note);
    } finally {
      await searcher.close();
    }
  },
  text: ({ results, note }) => formatResults(results, note),
  texts: ['text'],
  // Whoever writes documents names its fields.
  dataKeys: ['results.*.metadata'],
});

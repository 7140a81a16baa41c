import { type QueryEncoderChoice, Searcher, type SearchResult } from '../../rag/index.ts';
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

/** A result as `--json` and `POST /v1/search` have it. */
export type WireResult = Pick<SearchResult, 'score' | 'chunk' | 'text' | 'metadata'> & { readonly id: string };

/** What `cem search` found; printed by `--json` in the shape of `POST /v1/search`. */
interface SearchReport {
  readonly results: readonly WireResult[];
  readonly took_ms: number;
  /** Why there are no results, where there are none. */
  readonly note?: string;
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

export function wireResult({ document, score, chunk, text, metadata }: SearchResult): WireResult {
  return { id: document, score, chunk, text, ...(metadata !== undefined && { metadata }) };
}

/** Results as people read them. @param note why there are none */
export function formatResults(results: readonly WireResult[], note = 'nothing was found'): string {
  return results.length === 0 ? `no results: ${note}` : results.map(resultText).join('\n');
}

/** Answers one query from an index. */
export const searchCommand = defineCommand<SearchOptions, SearchReport>({
  command: 'search <query>',
  describe: 'search an index: the best documents for a query, decompressed only now',
  examples: [
    ['search --index corpus.index "how do I rotate the log files" --k 3', 'the three best documents'],
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
      let note = searcher.description.chunks === 0 ? 'the index is empty' : 'the index has nothing that can be ranked';
      const onUnsearchable = (_: number, reason: string) => {
        note = reason;
      };
      const results = (await searcher.search(query, { k, onUnsearchable })).map(wireResult);
      const took = Math.round((performance.now() - start) * 10) / 10;
      return { results, took_ms: took, ...(results.length === 0 && { note }) };
    } finally {
      await searcher.close();
    }
  },
  text: ({ results, note }) => formatResults(results, note),
});

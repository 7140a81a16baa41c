import { CemError, UsageError } from '../../base/index.ts';
import { type FusionInput, FusionRetriever } from '../../search/fusion/index.ts';
import type { Hit, Retriever, SearchOptions } from '../../search/index.ts';
import type { ChatModel } from '../chat/index.ts';
import { askEach } from './ask-each.ts';
import { rewriteMessages } from './prompts.ts';

/** Other ways to put a query, unless asked otherwise. */
const REWRITES = 3;
const MOST_REWRITES = 10;
/** Longest rewrite in UTF-16 units: what is longer is no query. */
const LONGEST = 1000;
/** Tokens of an answer for each rewrite. */
const TOKENS_PER_REWRITE = 96;

export interface MultiQueryOptions {
  /** Other ways to put each query, 1 to 10; 3 unless given. */
  readonly rewrites?: number | undefined;
  /** How the rankings of `query`, `rewrite-1`, `rewrite-2`, … become one; reciprocal rank fusion unless given. */
  readonly fusion?: FusionInput | undefined;
  /** Takes a line for each query that could not be rewritten and was searched as it is. */
  readonly note: (line: string) => void;
  /** The inner retriever's unless given. */
  readonly name?: string | undefined;
}

/** Searches for a query and for other ways to put it, which a chat model writes, and fuses the rankings. The query itself is always among them. */
export class MultiQueryRetriever implements Retriever {
  readonly name: string;
  readonly #inner: Retriever;
  readonly #chat: ChatModel;
  readonly #options: MultiQueryOptions;
  readonly #rewrites: number;

  /** @throws UsageError `MULTI_QUERY` */
  constructor(inner: Retriever, chat: ChatModel, options: MultiQueryOptions) {
    const { rewrites = REWRITES } = options;
    if (!Number.isInteger(rewrites) || rewrites < 1 || rewrites > MOST_REWRITES)
      throw new UsageError('MULTI_QUERY', `a query is put in 1 to ${MOST_REWRITES} other ways, not ${rewrites}`, {
        details: { rewrites },
      });
    this.name = options.name ?? inner.name;
    this.#inner = inner;
    this.#chat = chat;
    this.#options = options;
    this.#rewrites = rewrites;
  }

  async search(queries: readonly string[], options: SearchOptions): Promise<Hit[][]> {
    const { note, fusion = { method: 'rrf' } } = this.#options;
    const { signal } = options;
    const asked = await askEach(queries, (query) => this.#rewritesOf(query, signal), { signal, note, what: 'the rewriting' });
    const variants = queries.map((query, place) => [query, ...(asked[place] ?? [])]);
    const parts = Array.from({ length: this.#rewrites + 1 }, (_, number) => ({
      retriever: this.#variantSearch(variants, number),
    }));
    return new FusionRetriever(parts, fusion, this.name).search(queries, options);
  }

  /** Searches for one variant of each query; a query that has fewer of them finds nothing there. */
  #variantSearch(variants: readonly (readonly string[])[], number: number): Retriever {
    return {
      name: number === 0 ? 'query' : `rewrite-${number}`,
      search: async (queries, options) => {
        const places = queries.map((_, place) => place).filter((place) => variants[place]![number] !== undefined);
        const results: Hit[][] = queries.map(() => []);
        const { onUnsearchable } = options;
        queries.forEach((_, place) => {
          if (!places.includes(place)) onUnsearchable?.(place, 'there is no such rewrite');
        });
        if (places.length === 0) return results;
        const found = await this.#inner.search(
          places.map((place) => variants[place]![number]!),
          { ...options, onUnsearchable: (index, reason) => onUnsearchable?.(places[index]!, reason) },
        );
        places.forEach((place, index) => {
          results[place] = found[index]!;
        });
        return results;
      },
    };
  }

  async #rewritesOf(query: string, signal: AbortSignal | undefined): Promise<string[]> {
    const answer = await this.#chat.complete(rewriteMessages(query, this.#rewrites), {
      json: true,
      maxTokens: this.#rewrites * TOKENS_PER_REWRITE,
      signal,
    });
    const found = readRewrites(answer)
      .map((text) => text.trim())
      .filter((text) => text !== '' && text.length <= LONGEST && text !== query.trim());
    const rewrites = [...new Set(found)].slice(0, this.#rewrites);
    if (rewrites.length > 0) return rewrites;
    throw new CemError('CHAT_MODEL', `the answer has no rewrites in it: ${answer.slice(0, 100)}`);
  }
}

/** Rewrites from `{"queries": […]}`, from a bare list, or from lines with or without numbers and bullets, as models that know no JSON mode write them. */
export function readRewrites(answer: string): string[] {
  const text = answer.replace(/^\s*```(?:json)?\s*|\s*```\s*$/g, '');
  try {
    const json: unknown = JSON.parse(text);
    const list = Array.isArray(json) ? json : Reflect.get(Object(json), 'queries');
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
  } catch {
    return text
      .split('\n')
      .map((line) => line.replace(/^\s*(?:[-*•]|[(（]?\d{1,2}[.):、）])\s*/, '').replace(/^["“”]|["“”]$/g, ''))
      .filter((line) => line.trim() !== '');
  }
}
